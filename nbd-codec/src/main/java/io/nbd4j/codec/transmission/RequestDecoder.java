package io.nbd4j.codec.transmission;

import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.Magic;
import io.nbd4j.codec.ProtocolViolationException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * Decodes the compact requests of the transmission phase as they stream in: the server's side.
 *
 * <p>It gathers headers only. A write's payload is handed on as it arrives, in the buffer it arrived in. Not
 * thread-safe.
 */
public final class RequestDecoder {
    private final RequestListener listener;
    /** Holds the start of a header that came in pieces. */
    private final ByteBuf gathered = Unpooled.buffer(RequestEncoder.HEADER_LENGTH, RequestEncoder.HEADER_LENGTH);

    private long payloadLeft;
    private boolean paused;
    private boolean discarding;

    /** Creates a decoder for one connection. */
    public RequestDecoder(RequestListener listener) {
        this.listener = listener;
    }

    /** Returns how many bytes are still to come of the write whose payload is being received, 0 between requests. */
    public long payloadLeft() {
        return payloadLeft;
    }

    /** Returns whether the bytes so far end exactly between two requests. */
    public boolean isBetweenRequests() {
        return payloadLeft == 0 && !gathered.isReadable();
    }

    /**
     * Makes {@link #decode} return once the request that the listener is hearing, with its payload, is complete. For a
     * listener that has more work than it wants: a few bytes of requests can ask for gigabytes of replies.
     */
    public void pause() {
        paused = true;
    }

    /** Discards all bytes from now on, those behind the current request in the same buffer included. */
    public void discard() {
        discarding = true;
    }

    /**
     * Decodes the readable bytes of {@code in}, all of them unless the listener calls {@link #pause}. The buffer stays
     * the caller's, who hands in what was left, if anything, before what comes next.
     *
     * @throws ProtocolViolationException if the client broke the protocol. From then on, all bytes are discarded
     */
    public void decode(ByteBuf in) {
        paused = false;
        boolean complete = false;
        try {
            while (!discarding && in.isReadable()) {
                if (payloadLeft > 0) {
                    payload(in);
                } else if (paused) {
                    break;
                } else {
                    header(in);
                }
            }
            complete = true;
        } finally {
            discarding |= !complete;
            if (discarding) {
                in.skipBytes(in.readableBytes());
            }
        }
    }

    private void header(ByteBuf in) {
        if (!gathered.isReadable() && in.readableBytes() >= RequestEncoder.HEADER_LENGTH) {
            request(in);
            return;
        }
        in.readBytes(gathered, Math.min(in.readableBytes(), gathered.writableBytes()));
        if (!gathered.isWritable()) {
            request(gathered);
            gathered.clear();
        }
    }

    private void request(ByteBuf header) {
        int magic = header.readInt();
        if (magic != Magic.REQUEST) {
            throw new ProtocolViolationException("a request starts with 0x%08x, which is no magic".formatted(magic));
        }
        int flags = header.readUnsignedShort();
        int rawType = header.readUnsignedShort();
        CommandType type = CommandType.fromWire(rawType);
        long cookie = header.readLong();
        long offset = header.readLong();
        long length = header.readUnsignedInt();
        payloadLeft = type == CommandType.WRITE ? length : 0;
        listener.request(flags, type, rawType, cookie, offset, length);
    }

    private void payload(ByteBuf in) {
        int length = (int) Math.min(payloadLeft, in.readableBytes());
        int readerIndex = in.readerIndex();
        payloadLeft -= length;
        listener.payload(in, length, payloadLeft == 0);
        in.readerIndex(readerIndex + length);
    }
}
