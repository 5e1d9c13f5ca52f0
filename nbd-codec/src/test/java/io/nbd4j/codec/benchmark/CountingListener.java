package io.nbd4j.codec.benchmark;

import io.nbd4j.codec.transmission.ReplyListener;
import io.netty.buffer.ByteBuf;

/** Looks at each number that it hears, so that none is optimized away, and keeps nothing. */
final class CountingListener implements ReplyListener {
    /** How long the reads are that simple replies answer. */
    int readLength;

    long seen;

    @Override
    public int simpleReply(long cookie, int error) {
        seen += cookie + error;
        return readLength;
    }

    @Override
    public void extendedChunk(long cookie, long requestOffset) {
        seen += cookie + requestOffset;
    }

    @Override
    public void data(long cookie, long offset, long length) {
        seen += cookie + offset + length;
    }

    @Override
    public void payload(ByteBuf in, int length) {
        seen += in.readerIndex() + length;
    }

    @Override
    public void payloadEnd() {
        seen++;
    }

    @Override
    public void hole(long cookie, long offset, long length) {
        seen += cookie + offset + length;
    }

    @Override
    public void blockStatus(long cookie, int contextId) {
        seen += cookie + contextId;
    }

    @Override
    public void extent(long length, long statusFlags) {
        seen += length + statusFlags;
    }

    @Override
    public void error(long cookie, int error, long errorOffset, String message) {
        throw new IllegalStateException("a benchmark without errors has one: " + error);
    }

    @Override
    public void done(long cookie) {
        seen += cookie;
    }
}
