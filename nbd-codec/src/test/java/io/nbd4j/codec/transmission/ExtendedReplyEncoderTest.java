package io.nbd4j.codec.transmission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.golden.WireBytes;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The bytes are typed from the layouts in the specification. */
class ExtendedReplyEncoderTest {
    private static final long COOKIE = 0x0102_0304_0506_0708L;

    @Test
    void writesTheEndOfAReply() {
        assertWritten(
                "6e8a278c 0001 0000 0102030405060708 0000000000001000 0000000000000000",
                out -> ExtendedReplyEncoder.none(out, COOKIE, 4096));
    }

    @Test
    void writesTheHeaderOfData() {
        assertWritten(
                "6e8a278c 0001 0001 0102030405060708 0000000000001000 0000000000000208 0000000000001200",
                out -> ExtendedReplyEncoder.offsetData(out, true, COOKIE, 4096, 4608, 512));
        assertWritten(
                "6e8a278c 0000 0001 0102030405060708 ffffffffffffffff 0000000100000008 fffffffffffffffe",
                out -> ExtendedReplyEncoder.offsetData(out, false, COOKIE, -1, -2, 1L << 32));
    }

    @Test
    void writesAHole() {
        assertWritten(
                "6e8a278c 0000 0002 0102030405060708 0000000000001000 000000000000000c 0000000000001200 80000000",
                out -> ExtendedReplyEncoder.offsetHole(out, false, COOKIE, 4096, 4608, 0x8000_0000));
    }

    @Test
    void writesBlockStatus() {
        assertWritten("""
                6e8a278c 0001 0006 0102030405060708 0000000000001000 0000000000000028
                0000002a 00000002
                0000010000000000 0000000000000003
                0000000000010000 8000000000000000
                """, out -> {
            ExtendedReplyEncoder.blockStatus(out, true, COOKIE, 4096, 42, 2);
            ExtendedReplyEncoder.extent(out, 1L << 40, 3);
            ExtendedReplyEncoder.extent(out, 65536, Long.MIN_VALUE);
        });
    }

    @Test
    void writesErrors() {
        assertWritten(
                "6e8a278c 0001 8001 0102030405060708 0000000000001000 0000000000000006 00000005 0000",
                out -> ExtendedReplyEncoder.error(out, true, COOKIE, 4096, NbdError.EIO.wire(), ""));
        assertWritten(
                "6e8a278c 0000 8002 0102030405060708 0000000000001000 0000000000000011"
                        + "00000005 0003 'bad' 0000000000001200",
                out -> ExtendedReplyEncoder.errorOffset(out, false, COOKIE, 4096, NbdError.EIO.wire(), 4608, "bad"));
    }

    @Test
    void refusesAMessageThatIsTooLongAndWritesNothing() {
        // Given
        ByteBuf out = Unpooled.buffer();

        // When // Then
        assertThatThrownBy(() -> ExtendedReplyEncoder.error(out, true, COOKIE, 0, 5, "é".repeat(2049)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("4098");
        assertThat(out.isReadable()).isFalse();
    }

    private static void assertWritten(String expected, Consumer<ByteBuf> encode) {
        // Given a buffer that has to grow, with something in it already
        ByteBuf out = Unpooled.buffer(1).writeByte(0x55);

        // When
        encode.accept(out);

        // Then
        assertThat(ByteBufUtil.hexDump(out)).isEqualTo("55" + ByteBufUtil.hexDump(WireBytes.parse(expected)));
    }
}
