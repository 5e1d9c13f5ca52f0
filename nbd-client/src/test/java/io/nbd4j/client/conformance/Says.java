package io.nbd4j.client.conformance;

import io.nbd4j.codec.golden.WireBytes;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionReplyEncoder;
import io.nbd4j.codec.transmission.ReplyEncoder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.function.Consumer;

/** What a server says, put together by the encoders of the codec where that reads better than hex. */
final class Says {
    private Says() {}

    /** Returns bytes that tell where in the export they belong, so that a byte in the wrong place is seen. */
    static byte[] pattern(long offset, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            long position = offset + i;
            bytes[i] = (byte) (position * 31 + (position >>> 8) * 17 + 1);
        }
        return bytes;
    }

    static byte[] optionReply(OptionReply reply) {
        return bytes(out -> OptionReplyEncoder.encode(reply, out));
    }

    static byte[] simple(Request request, int error) {
        return bytes(out -> ReplyEncoder.simpleReply(out, error, request.cookie()));
    }

    /** Returns a simple reply with all the data that the request asks for. */
    static byte[] simpleData(Request request) {
        return WireBytes.concat(simple(request, 0), pattern(request.offset(), (int) request.length()));
    }

    static byte[] data(Request request, long offset, int length) {
        return data(request, offset, length, false);
    }

    static byte[] lastData(Request request, long offset, int length) {
        return data(request, offset, length, true);
    }

    /** Returns a chunk with all the data that the request asks for, which ends the reply. */
    static byte[] allData(Request request) {
        return lastData(request, request.offset(), (int) request.length());
    }

    private static byte[] data(Request request, long offset, int length, boolean done) {
        return WireBytes.concat(
                bytes(out -> ReplyEncoder.offsetData(out, done, request.cookie(), offset, length)),
                pattern(offset, length));
    }

    static byte[] hole(Request request, long offset, int length) {
        return bytes(out -> ReplyEncoder.offsetHole(out, false, request.cookie(), offset, length));
    }

    static byte[] lastHole(Request request, long offset, int length) {
        return bytes(out -> ReplyEncoder.offsetHole(out, true, request.cookie(), offset, length));
    }

    static byte[] none(Request request) {
        return bytes(out -> ReplyEncoder.none(out, request.cookie()));
    }

    static byte[] error(Request request, int error, String message) {
        return bytes(out -> ReplyEncoder.error(out, false, request.cookie(), error, message));
    }

    static byte[] lastError(Request request, int error, String message) {
        return bytes(out -> ReplyEncoder.error(out, true, request.cookie(), error, message));
    }

    static byte[] errorOffset(Request request, int error, long offset, String message) {
        return bytes(out -> ReplyEncoder.errorOffset(out, false, request.cookie(), error, offset, message));
    }

    static byte[] lastErrorOffset(Request request, int error, long offset, String message) {
        return bytes(out -> ReplyEncoder.errorOffset(out, true, request.cookie(), error, offset, message));
    }

    private static byte[] bytes(Consumer<ByteBuf> encoder) {
        ByteBuf out = Unpooled.buffer();
        try {
            encoder.accept(out);
            return ByteBufUtil.getBytes(out);
        } finally {
            out.release();
        }
    }
}
