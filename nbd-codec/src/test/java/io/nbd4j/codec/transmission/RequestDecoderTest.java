package io.nbd4j.codec.transmission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.ProtocolViolationException;
import io.nbd4j.codec.golden.WireBytes;
import io.nbd4j.codec.verify.DecoderVerifier;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestDecoderTest {
    private static final String READ = "25609513 0000 0000 00000000000000a1 0000000000001000 00000200";
    private static final String WRITE_FUA = "25609513 0001 0001 00000000000000a2 0000000000002000 00000005 'hello'";
    private static final String DISC = "25609513 0000 0002 0000000000000000 0000000000000000 00000000";
    private static final String FLUSH = "25609513 0000 0003 00000000000000a3 0000000000000000 00000000";
    private static final String UNKNOWN = "25609513 ffff 00ff ffffffffffffffff ffffffffffffffff ffffffff";
    private static final String EMPTY_WRITE = "25609513 0000 0001 00000000000000a4 0000000000000000 00000000";

    @Test
    void decodesEveryFieldHoweverTheBytesAreSplit() {
        // Given
        byte[] wire = WireBytes.parse(READ + WRITE_FUA + EMPTY_WRITE + UNKNOWN + FLUSH + DISC);

        // When // Then
        DecoderVerifier.<String>verify(
                wire,
                sink -> decoder(TransmissionMode.SIMPLE, sink),
                List.of(
                        "0 READ 0 a1 1000 512",
                        "1 WRITE 1 a2 2000 5",
                        "hello",
                        "0 WRITE 1 a4 0 0",
                        "65535 UNKNOWN 255 ffffffffffffffff ffffffffffffffff 4294967295",
                        "0 FLUSH 3 a3 0 0",
                        "0 DISC 2 0 0 0"));
    }

    @Test
    void decodesEveryFieldOfExtendedHeadersHoweverTheBytesAreSplit() {
        // Given
        byte[] wire = WireBytes.parse("21e41c71 0000 0000 00000000000000a1 0000000000001000 0000000000000200"
                // A write, with FUA and PAYLOAD_LEN.
                + "21e41c71 0021 0001 00000000000000a2 0000000000002000 0000000000000005 'hello'"
                // qemu 10.0 writes without PAYLOAD_LEN.
                + "21e41c71 0001 0001 00000000000000a3 0000000000100000 0000000000000004 07070707"
                // PAYLOAD_LEN says that there is payload whatever the command.
                + "21e41c71 0020 0007 00000000000000a4 0000000000000000 0000000000000003 'abc'"
                + "21e41c71 0020 00ff 00000000000000a5 0000000000000000 0000000000000001 'x'"
                + "21e41c71 0020 0001 00000000000000a6 0000000000000000 0000000000000000"
                + "21e41c71 0000 0004 ffffffffffffffff ffffffffffffffff ffffffffffffffff"
                + "21e41c71 0000 0002 0000000000000000 0000000000000000 0000000000000000");

        // When // Then
        DecoderVerifier.<String>verify(
                wire,
                sink -> decoder(TransmissionMode.EXTENDED, sink),
                List.of(
                        "0 READ 0 a1 1000 512",
                        "33 WRITE 1 a2 2000 5",
                        "hello",
                        "1 WRITE 1 a3 100000 4",
                        "\7\7\7\7",
                        "32 BLOCK_STATUS 7 a4 0 3",
                        "abc",
                        "32 UNKNOWN 255 a5 0 1",
                        "x",
                        "32 WRITE 1 a6 0 0",
                        "0 TRIM 4 ffffffffffffffff ffffffffffffffff -1",
                        "0 DISC 2 0 0 0"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0000000100000000", "8000000000000000", "ffffffffffffffff"})
    void refusesAPayloadThatIsLongerThanACompactRequestCouldSay(String length) {
        // Given
        Recorder recorder = new Recorder(TransmissionMode.EXTENDED);
        ByteBuf in = buffer("21e41c71 0020 0001 00000000000000a2 0000000000000000" + length + "'abc'");

        // When // Then
        assertThatThrownBy(() -> recorder.decoder.decode(in))
                .isInstanceOf(ProtocolViolationException.class)
                .hasMessageContaining(new BigInteger(length, 16).toString());
        assertThat(in.isReadable()).isFalse();
        assertThat(recorder.events).isEmpty();
    }

    @Test
    void framesTheLongestPayloadBehindAnExtendedHeader() {
        // Given
        Recorder recorder = new Recorder(TransmissionMode.EXTENDED);

        // When
        recorder.decoder.decode(buffer("21e41c71 0020 0001 00000000000000a2 0000000000000000 00000000ffffffff 'abc'"));

        // Then
        assertThat(recorder.decoder.payloadLeft()).isEqualTo(0xffff_ffffL - 3);
        assertThat(recorder.payloadAtRequest).isEqualTo(0xffff_ffffL);
    }

    @Test
    void refusesTheHeadersThatWereNotAgreed() {
        for (TransmissionMode mode : TransmissionMode.values()) {
            // Given
            Recorder recorder = new Recorder(mode);
            ByteBuf other = buffer(
                    mode == TransmissionMode.EXTENDED
                            ? FLUSH + "00000000"
                            : "21e41c71 0000 0003 00000000000000a3 0000000000000000 0000000000000000");

            // When // Then
            assertThatThrownBy(() -> recorder.decoder.decode(other)).isInstanceOf(ProtocolViolationException.class);
            assertThat(recorder.events).isEmpty();
        }
    }

    @Test
    void framesAWriteLongerThanAnIntegerCanSay() {
        // Given
        Recorder recorder = new Recorder();
        ByteBuf in = buffer("25609513 0000 0001 00000000000000a2 0000000000000000 fffffff0 'abc'");

        // When
        recorder.decoder.decode(in);

        // Then
        assertThat(recorder.decoder.payloadLeft()).isEqualTo(0xffff_fff0L - 3);
        assertThat(recorder.decoder.isBetweenRequests()).isFalse();
        assertThat(recorder.events).containsExactly("0 WRITE 1 a2 0 4294967280");
    }

    @Test
    void discardsEverythingBehindABadMagic() {
        // Given
        Recorder recorder = new Recorder();
        ByteBuf bad = buffer(FLUSH + "25609514 0000 0000 00000000000000a1 0000000000001000 00000200" + FLUSH);
        ByteBuf more = buffer(FLUSH);

        // When // Then
        assertThatThrownBy(() -> recorder.decoder.decode(bad))
                .isInstanceOf(ProtocolViolationException.class)
                .hasMessageContaining("0x25609514");
        recorder.decoder.decode(more);
        assertThat(bad.isReadable()).isFalse();
        assertThat(more.isReadable()).isFalse();
        assertThat(recorder.events).containsExactly("0 FLUSH 3 a3 0 0");
    }

    @Test
    void pausesBehindTheRequestWithItsPayload() {
        // Given
        Recorder recorder = new Recorder();
        recorder.pauseAt = CommandType.WRITE;
        ByteBuf in = buffer(WRITE_FUA + FLUSH);

        // When
        recorder.decoder.decode(in);

        // Then
        assertThat(recorder.events).containsExactly("1 WRITE 1 a2 2000 5", "hello");
        assertThat(in.readableBytes()).isEqualTo(28);

        // When
        recorder.decoder.decode(in);

        // Then
        assertThat(recorder.events).hasSize(3).endsWith("0 FLUSH 3 a3 0 0");
        assertThat(in.isReadable()).isFalse();
    }

    @Test
    void discardsBehindTheRequestThatTheListenerWantsToBeTheLast() {
        // Given
        Recorder recorder = new Recorder();
        recorder.discardAt = CommandType.DISC;
        ByteBuf in = buffer(FLUSH + DISC + "deadbeef" + FLUSH);

        // When
        recorder.decoder.decode(in);

        // Then
        assertThat(recorder.events).containsExactly("0 FLUSH 3 a3 0 0", "0 DISC 2 0 0 0");
        assertThat(in.isReadable()).isFalse();
    }

    @Test
    void knowsWhetherTheBytesEndBetweenRequests() {
        // Given
        Recorder recorder = new Recorder();
        ByteBuf wire = buffer(FLUSH);

        // When // Then
        assertThat(recorder.decoder.isBetweenRequests()).isTrue();
        recorder.decoder.decode(wire.readSlice(5));
        assertThat(recorder.decoder.isBetweenRequests()).isFalse();
        recorder.decoder.decode(wire);
        assertThat(recorder.decoder.isBetweenRequests()).isTrue();
    }

    private static Consumer<ByteBuf> decoder(TransmissionMode mode, Consumer<? super String> sink) {
        Recorder recorder = new Recorder(mode);
        return in -> {
            recorder.decoder.decode(in);
            recorder.events.forEach(sink);
            recorder.events.clear();
            in.release();
        };
    }

    private static ByteBuf buffer(String wire) {
        return Unpooled.wrappedBuffer(WireBytes.parse(wire));
    }

    /** Writes down what it hears; payload as one text, once it is complete. */
    private static final class Recorder implements RequestListener {
        final List<String> events = new ArrayList<>();
        final RequestDecoder decoder;

        long payloadAtRequest;

        @Nullable
        CommandType pauseAt;

        @Nullable
        CommandType discardAt;

        private final StringBuilder payload = new StringBuilder();

        Recorder() {
            this(TransmissionMode.SIMPLE);
        }

        Recorder(TransmissionMode mode) {
            decoder = new RequestDecoder(mode, this);
        }

        @Override
        public void request(int flags, CommandType type, int rawType, long cookie, long offset, long length) {
            events.add(flags + " " + type + " " + rawType + " " + Long.toHexString(cookie) + " "
                    + Long.toHexString(offset) + " " + length);
            payloadAtRequest = decoder.payloadLeft();
            if (type == pauseAt) {
                decoder.pause();
            }
            if (type == discardAt) {
                decoder.discard();
            }
        }

        @Override
        public void payload(ByteBuf in, int length, boolean last) {
            payload.append(new String(ByteBufUtil.getBytes(in, in.readerIndex(), length), StandardCharsets.US_ASCII));
            if (last) {
                events.add(payload.toString());
                payload.setLength(0);
            }
        }
    }
}
