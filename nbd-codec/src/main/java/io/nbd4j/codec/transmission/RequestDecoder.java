package io.nbd4j.codec.transmission;

import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.Magic;
import io.nbd4j.codec.ProtocolViolationException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * Decodes the requests of the transmission phase, compact or extended, as they stream in: the server's side.
 *
 * <p>It gathers headers only. Payload is handed on as it arrives, in the buffer it arrived in. Not thread-safe.
 */
public final class RequestDecoder {
    /** The longest payload that can be framed: as long as a compact request could say. */
    private static final long MAX_PAYLOAD = 0xffff_ffffL;

    private final RequestListener listener;
    private final boolean extended;
    private final int magic;
    private final int headerLength;
    /** Holds the start of a header that came in pieces. */
    private final ByteBuf gathered;

    private long payloadLeft;
    private boolean paused;
    private boolean discarding;

    /** Creates a decoder for one connection, which expects the headers that {@code mode} stands for. */
    public RequestDecoder(TransmissionMode mode, RequestListener listener) {
        this.listener = listener;
        this.extended = mode == TransmissionMode.EXTENDED;
        this.magic = extended ? Magic.EXTENDED_REQUEST : Magic.REQUEST;
        this.headerLength = extended ? RequestEncoder.EXTENDED_HEADER_LENGTH : RequestEncoder.HEADER_LENGTH;
        this.gathered = Unpooled.buffer(headerLength, headerLength);
    }

    /**
     * Returns how many bytes are still to come of the payload of the request that was heard last, 0 between requests.
     * The listener may ask when it hears the request.
     */
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
        if (!gathered.isReadable() && in.readableBytes() >= headerLength) {
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
        int start = header.readInt();
        if (start != magic) {
            throw new ProtocolViolationException(
                    "a request starts with 0x%08x instead of 0x%08x".formatted(start, magic));
        }
        int flags = header.readUnsignedShort();
        int rawType = header.readUnsignedShort();
        CommandType type = CommandType.fromWire(rawType);
        long cookie = header.readLong();
        long offset = header.readLong();
        long length;
        if (extended) {
            length = header.readLong();
            // By the letter a write has the flag. qemu 10.0 leaves it out, and its payload follows all the same.
            boolean payload = type == CommandType.WRITE || (flags & CommandFlag.PAYLOAD_LEN.bit()) != 0;
            payloadLeft = payload ? requirePayload(length) : 0;
        } else {
            length = header.readUnsignedInt();
            payloadLeft = type == CommandType.WRITE ? length : 0;
        }
        listener.request(flags, type, rawType, cookie, offset, length);
    }

    private static long requirePayload(long length) {
        if (length < 0 || length > MAX_PAYLOAD) {
            throw new ProtocolViolationException(
                    "a request with a payload of " + Long.toUnsignedString(length) + " bytes");
        }
        return length;
    }

    private void payload(ByteBuf in) {
        int length = (int) Math.min(payloadLeft, in.readableBytes());
        int readerIndex = in.readerIndex();
        payloadLeft -= length;
        listener.payload(in, length, payloadLeft == 0);
        in.readerIndex(readerIndex + length);
    }
}
