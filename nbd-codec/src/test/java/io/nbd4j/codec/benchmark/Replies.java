package io.nbd4j.codec.benchmark;

import io.nbd4j.codec.transmission.ExtendedReplyEncoder;
import io.nbd4j.codec.transmission.ReplyEncoder;
import io.nbd4j.codec.transmission.TransmissionMode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/** Makes the bytes of the replies to reads. */
final class Replies {
    /** The size of a small read, in bytes. */
    static final int BLOCK = 4096;

    private Replies() {}

    /** Returns the replies to {@code count} reads of {@code length} bytes, one behind the other. */
    static ByteBuf to(int count, int length, TransmissionMode mode) {
        ByteBuf out = Unpooled.directBuffer(count * (ExtendedReplyEncoder.OFFSET_DATA_LENGTH + length));
        for (int cookie = 0; cookie < count; cookie++) {
            long offset = (long) cookie * length;
            switch (mode) {
                case SIMPLE -> ReplyEncoder.simpleReply(out, 0, cookie);
                case STRUCTURED -> ReplyEncoder.offsetData(out, true, cookie, offset, length);
                case EXTENDED -> ExtendedReplyEncoder.offsetData(out, true, cookie, offset, offset, length);
            }
            out.writeZero(length);
        }
        return out;
    }
}
