package io.nbd4j.testkit.internal;

import static io.nbd4j.testkit.internal.HandlerWire.COOKIE;
import static io.nbd4j.testkit.internal.HandlerWire.answer;
import static io.nbd4j.testkit.internal.HandlerWire.extended;
import static io.nbd4j.testkit.internal.HandlerWire.hex;
import static io.nbd4j.testkit.internal.HandlerWire.request;
import static io.nbd4j.testkit.internal.HandlerWire.served;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.golden.WireBytes;
import io.nbd4j.codec.transmission.TransmissionMode;
import io.nbd4j.codec.verify.DecoderVerifier;
import io.nbd4j.testkit.Export;
import io.nbd4j.testkit.ExportException;
import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.PatternExport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Requests and replies are typed from the layouts in the branch of the specification that defines extended headers. */
class ExtendedHeadersTest {
    private static final String HEAD = COOKIE + "0000000000000010";
    private static final String OK = "6e8a278c 0001 0000" + HEAD + "0000000000000000";
    private static final String OK_AT_0 = "6e8a278c 0001 0000" + COOKIE + "0000000000000000 0000000000000000";

    private final MemoryExport disk = MemoryExport.ofSize(1 << 20);

    @Test
    void answersReadsWithChunksThatRepeatTheOffset() throws ExportException {
        // Given
        disk.write(32768, Unpooled.wrappedBuffer(new byte[] {1, 2}), 2);
        ServedExport sparse = served(disk, ExportSettings.DEFAULT.withHoles(true));

        // When // Then
        assertThat(answer(channel(served(PatternExport.ofSize(4096))), extended("0000 0000", 16, 8)))
                .isEqualTo(hex("6e8a278c 0001 0001" + HEAD + "0000000000000010 0000000000000010 0000000000000010"));
        assertThat(answer(channel(sparse), extended("0000 0000", 16, 32754)))
                .isEqualTo(hex("6e8a278c 0000 0002" + HEAD + "000000000000000c 0000000000000010 00007ff0"
                        + "6e8a278c 0001 0001" + HEAD + "000000000000000a 0000000000008000 0102"));
        assertThat(answer(channel(sparse), extended("0004 0000", 16, 2)))
                .isEqualTo(hex("6e8a278c 0001 0001" + HEAD + "000000000000000a 0000000000000010 0000"));
    }

    @Test
    void everythingElseIsAnsweredWithAChunk() {
        // Given
        String wire = extended("0021 0001", 16, 5) + "'hello'"
                + extended("0000 0000", 16, 0)
                + extended("0000 0004", 16, 512)
                + extended("0001 0006", 16, 512)
                + extended("0000 0005", 16, 512)
                + extended("0000 0003", 0, 0)
                + "21e41c71 0000 0002 0000000000000000 0000000000000000 0000000000000000";

        for (int step = 1; step <= WireBytes.parse(wire).length; step++) {
            // When
            EmbeddedChannel channel = channel(served(disk));
            for (ByteBuf piece : DecoderVerifier.pieces(WireBytes.parse(wire), step)) {
                channel.writeInbound(piece);
            }

            // Then
            assertThat(HandlerWire.sent(channel)).isEqualTo(hex(OK.repeat(5) + OK_AT_0));
            assertThat(channel.isOpen()).isFalse();
        }
    }

    @Test
    void errorsRepeatTheOffsetToo() {
        assertThat(answer(channel(served(PatternExport.ofSize(4096))), extended("0000 0006", 16, 1)))
                .isEqualTo(
                        hex("6e8a278c 0001 8001" + HEAD + "000000000000001d 00000001 0017 'the export is read-only'"));
    }

    /** The specification wants it; qemu 10.0 sends none, but its payload all the same. */
    @Test
    void aWriteNeedsNoFlagForItsPayload() {
        assertThat(answer(
                        channel(served(disk)), extended("0001 0001", 16, 5) + "'hello'" + extended("0000 0000", 16, 5)))
                .isEqualTo(hex(OK + "6e8a278c 0001 0001" + HEAD + "000000000000000d 0000000000000010 'hello'"));
    }

    @ParameterizedTest
    @CsvSource({"0020 0000", "0020 0003", "0020 0004", "0020 0006", "0020 0063"})
    void consumesPayloadThatACommandDoesNotHave(String flagsAndType) {
        assertRefused("00000016", extended(flagsAndType, 16, 3) + "'abc'");
    }

    @Test
    void consumesAWriteThatIsLongerThanTheMaximumAndHangsUpOnOneThatIsFarLonger() {
        // Given
        ServedExport small = served(disk, ExportSettings.DEFAULT.withSizes(new SizeConstraints(1, 512, 512)));

        // When
        EmbeddedChannel channel = channel(small);
        String answer = answer(channel, extended("0020 0001", 16, 513) + " 61*513 " + extended("0000 0003", 0, 0));
        EmbeddedChannel flooded = channel(small);
        String none = answer(flooded, extended("0020 0001", 16, (32 << 20) + 1) + " 61*513");

        // Then
        assertThat(answer).startsWith(hex("6e8a278c 0001 8001" + HEAD)).endsWith(hex(OK_AT_0));
        assertThat(disk.allocatedBytes()).isZero();
        assertThat(none).isEmpty();
        assertThat(flooded.isOpen()).isFalse();
    }

    @Test
    void rangesMayBeLongerThan32Bits() {
        // Given
        Export largest = MemoryExport.ofSize(Long.MAX_VALUE);

        // When // Then
        for (String flagsAndType : new String[] {"0000 0004", "0000 0006", "0000 0005"}) {
            assertThat(answer(channel(served(largest)), extended(flagsAndType, 16, Long.MAX_VALUE - 16)))
                    .isEqualTo(hex(OK));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0000 0004, 1048577, 00000016", // beyond the end
        "0000 0004, 9223372036854775807, 00000016",
        "0000 0004, -9223372036854775808, 00000016", // 2^63
        "0000 0004, -1, 00000016", // 2^64-1
        "0000 0006, -1, 0000001c",
        "0000 0000, -1, 00000016",
        "0000 0007, 0, 00000016"
    })
    void lengthsAreUnsigned(String flagsAndType, long length, String error) {
        assertRefused(error, extended(flagsAndType, 16, length));
    }

    @Test
    void aReadBeyondTheMaximumOverflows() {
        // Given
        ServedExport largest = served(MemoryExport.ofSize(Long.MAX_VALUE));

        // When // Then
        assertThat(answer(channel(largest), extended("0000 0000", 16, 1L << 40)))
                .startsWith(hex("6e8a278c 0001 8001" + HEAD))
                .contains(hex("0000004b"));
    }

    @Test
    void hangsUpOnACompactRequest() {
        // Given
        EmbeddedChannel channel = channel(served(disk));

        // When
        String answer = answer(channel, request("0000 0003", 0, 0) + "00000000");

        // Then
        assertThat(answer).isEmpty();
        assertThat(channel.isOpen()).isFalse();
    }

    private void assertRefused(String error, String request) {
        EmbeddedChannel channel = channel(served(disk));
        String answer = answer(channel, request + extended("0000 0003", 0, 0));
        assertThat(answer).startsWith(hex("6e8a278c 0001 8001" + HEAD)).endsWith(hex(OK_AT_0));
        assertThat(answer.substring(2 * 32)).startsWith(error);
        assertThat(channel.isOpen()).isTrue();
    }

    private static EmbeddedChannel channel(ServedExport served) {
        return HandlerWire.channel(served, TransmissionMode.EXTENDED);
    }
}
