package io.nbd4j.codec.handshake;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.TransmissionFlags;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class WireCodesTest {
    /** Around every place where a value changes its meaning, negative numbers included. */
    private static IntStream rawCodes() {
        return IntStream.of(0, 0x100, 0x8000, 0x10000, 0x4000_0000, Integer.MIN_VALUE, -1)
                .flatMap(centre -> IntStream.range(-300, 300).map(i -> centre + i));
    }

    @Test
    void anyRawOptionHasAType() {
        assertThat(rawCodes().mapToObj(OptionType::fromWire)).doesNotContainNull();
        rawCodes()
                .filter(raw -> raw < 1 || raw > 11)
                .forEach(raw -> assertThat(OptionType.fromWire(raw))
                        .as("option %d", raw)
                        .isEqualTo(OptionType.UNKNOWN));
    }

    @Test
    void anyRawReplyTypeIsAnErrorExactlyIfBit31IsSet() {
        rawCodes().forEach(raw -> {
            OptionReplyType type = OptionReplyType.fromWire(raw);
            assertThat(type.isError()).as("reply type %d", raw).isEqualTo(raw < 0);
            assertThat(OptionReplyType.isError(raw)).as("reply type %d", raw).isEqualTo(raw < 0);
            if (type != OptionReplyType.UNKNOWN && type != OptionReplyType.UNKNOWN_ERROR) {
                assertThat(type.wire()).isEqualTo(raw);
            }
        });
    }

    @Test
    void anyRawInformationTypeHasAType() {
        rawCodes()
                .filter(raw -> raw < 0 || raw > 3)
                .forEach(raw -> assertThat(InfoType.fromWire(raw))
                        .as("information type %d", raw)
                        .isEqualTo(InfoType.UNKNOWN));
    }

    @Test
    void anyRawCommandAndErrorHasAMeaning() {
        assertThat(rawCodes().mapToObj(CommandType::fromWire)).doesNotContainNull();
        assertThat(rawCodes().mapToObj(NbdError::fromWire)).doesNotContainNull();
    }

    @ParameterizedTest
    @EnumSource(names = "UNKNOWN", mode = EnumSource.Mode.EXCLUDE)
    void optionSurvivesTheWire(OptionType type) {
        assertThat(OptionType.fromWire(type.wire())).isEqualTo(type);
    }

    @ParameterizedTest
    @EnumSource(
            names = {"UNKNOWN", "UNKNOWN_ERROR"},
            mode = EnumSource.Mode.EXCLUDE)
    void replyTypeSurvivesTheWire(OptionReplyType type) {
        assertThat(OptionReplyType.fromWire(type.wire())).isEqualTo(type);
    }

    @ParameterizedTest
    @EnumSource(names = "UNKNOWN", mode = EnumSource.Mode.EXCLUDE)
    void informationTypeSurvivesTheWire(InfoType type) {
        assertThat(InfoType.fromWire(type.wire())).isEqualTo(type);
    }

    @Test
    void flagsKeepUnknownBits() {
        assertThat(new HandshakeFlags(0x1_fffc).bits()).isEqualTo(0xfffc);
        assertThat(new ClientFlags(0x8000_0003).unknownBits()).isEqualTo(0x8000_0000);
        assertThat(new ClientFlags(0x8000_0003).has(ClientFlags.NO_ZEROES)).isTrue();
        assertThat(new TransmissionFlags(0xe001).bits()).isEqualTo(0xe001);
        assertThat(new HandshakeFlags(2).has(HandshakeFlags.FIXED_NEWSTYLE)).isFalse();
    }
}
