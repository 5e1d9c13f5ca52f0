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
class ReplyEncoderTest {
    private static final long COOKIE = 0x0102_0304_0506_0708L;

    @Test
    void writesSimpleReplies() {
        assertWritten("67446698 00000000 0102030405060708", out -> ReplyEncoder.simpleReply(out, 0, COOKIE));
        assertWritten(
                "67446698 0000001c 0102030405060708",
                out -> ReplyEncoder.simpleReply(out, NbdError.ENOSPC.wire(), COOKIE));
    }

    @Test
    void writesTheEndOfAReply() {
        assertWritten("668e33ef 0001 0000 0102030405060708 00000000", out -> ReplyEncoder.none(out, COOKIE));
    }

    @Test
    void writesTheHeaderOfData() {
        assertWritten(
                "668e33ef 0001 0001 0102030405060708 00000208 0000000000001000",
                out -> ReplyEncoder.offsetData(out, true, COOKIE, 4096, 512));
        assertWritten(
                "668e33ef 0000 0001 0102030405060708 00000009 ffffffffffffffff",
                out -> ReplyEncoder.offsetData(out, false, COOKIE, -1, 1));
    }

    @Test
    void writesAHole() {
        assertWritten(
                "668e33ef 0000 0002 0102030405060708 0000000c 0000000000001000 80000000",
                out -> ReplyEncoder.offsetHole(out, false, COOKIE, 4096, 0x8000_0000));
    }

    @Test
    void writesBlockStatus() {
        assertWritten(
                "668e33ef 0001 0005 0102030405060708 00000014 0000002a 00001000 00000003 00010000 00000000", out -> {
                    ReplyEncoder.blockStatus(out, true, COOKIE, 42, 2);
                    ReplyEncoder.extent(out, 4096, 3);
                    ReplyEncoder.extent(out, 65536, 0);
                });
    }

    @Test
    void writesErrors() {
        assertWritten(
                "668e33ef 0001 8001 0102030405060708 00000006 00000005 0000",
                out -> ReplyEncoder.error(out, true, COOKIE, NbdError.EIO.wire(), ""));
        assertWritten(
                "668e33ef 0000 8001 0102030405060708 0000000b 00000016 0005 6ec3a96520",
                out -> ReplyEncoder.error(out, false, COOKIE, NbdError.EINVAL.wire(), "née "));
    }

    @Test
    void putsTheOffsetOfAnErrorBehindItsMessage() {
        assertWritten(
                "668e33ef 0001 8002 0102030405060708 00000011 00000005 0003 'bad' 0000000000000200",
                out -> ReplyEncoder.errorOffset(out, true, COOKIE, NbdError.EIO.wire(), 512, "bad"));
    }

    @Test
    void refusesAMessageThatIsTooLongAndWritesNothing() {
        // Given
        ByteBuf out = Unpooled.buffer();

        // When // Then
        assertThatThrownBy(() -> ReplyEncoder.error(out, true, COOKIE, 5, "é".repeat(2049)))
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
