package io.nbd4j.client.benchmark;

import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.TransmissionFlags;
import io.nbd4j.codec.handshake.GreetingEncoder;
import io.nbd4j.codec.handshake.HandshakeFlags;
import io.nbd4j.codec.handshake.InfoItem;
import io.nbd4j.codec.handshake.NewstyleGreeting;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionReplyEncoder;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.handshake.OptionType;
import io.nbd4j.codec.transmission.ExtendedReplyEncoder;
import io.nbd4j.codec.transmission.ReplyEncoder;
import io.nbd4j.codec.transmission.RequestDecoder;
import io.nbd4j.codec.transmission.RequestListener;
import io.nbd4j.codec.transmission.TransmissionMode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;

/**
 * A server that has no disk and allocates nothing for a request: it answers whatever it is asked, a read with the bytes that
 * its only buffer happens to have. The handshake that it knows is the one of this client.
 *
 * <p>Confined to the event loop of its channel.
 */
final class InVmServer implements RequestListener {
    /** The size of the export, in bytes. */
    static final long EXPORT_SIZE = 1 << 30;

    private static final int CLIENT_FLAGS = 4;
    private static final int ANSWER_CAPACITY = 1 << 20;

    private final TransmissionMode mode;
    private final RequestDecoder decoder;
    /** The answers to a batch of requests. A leak detector would allocate. */
    private final ByteBuf answers = new UnpooledByteBufAllocator(true, true).directBuffer(ANSWER_CAPACITY);

    private ByteBuf unsent = Unpooled.EMPTY_BUFFER;
    private boolean flagsSeen;
    private boolean transmitting;

    /** Creates a server that agrees on {@code mode} and on nothing beyond it, and greets. */
    InVmServer(TransmissionMode mode) {
        this.mode = mode;
        this.decoder = new RequestDecoder(mode, this);
        ByteBuf greeting = Unpooled.buffer();
        GreetingEncoder.encode(
                new NewstyleGreeting(new HandshakeFlags(HandshakeFlags.FIXED_NEWSTYLE | HandshakeFlags.NO_ZEROES)),
                greeting);
        unsent = greeting;
    }

    /** Leaves out the handshake. */
    void skipHandshake() {
        transmitting = true;
        takeUnsent().release();
    }

    /** Returns whether there is something to send. */
    boolean hasUnsent() {
        return unsent.isReadable();
    }

    /** Returns what there is to send; the caller releases it before more comes for the server. */
    ByteBuf takeUnsent() {
        ByteBuf taken = unsent;
        unsent = Unpooled.EMPTY_BUFFER;
        return taken;
    }

    /** Hears what the client says, which stays the caller's. Requests may come in pieces, options may not. */
    void receive(ByteBuf in) {
        if (transmitting) {
            if (!hasUnsent()) {
                if (answers.refCnt() != 1) {
                    throw new IllegalStateException("the client has not let go of the answers before");
                }
                unsent = answers.clear().retain();
            }
            decoder.decode(in);
            return;
        }
        if (!flagsSeen) {
            in.skipBytes(CLIENT_FLAGS);
            flagsSeen = true;
        }
        // The client has the last one before its eyes.
        ByteBuf replies = Unpooled.buffer();
        while (in.isReadable()) {
            in.skipBytes(Long.BYTES);
            int option = in.readInt();
            in.skipBytes(in.readInt());
            answer(option, replies);
        }
        unsent = replies;
    }

    private void answer(int option, ByteBuf out) {
        boolean agreed = switch (OptionType.fromWire(option)) {
            case GO -> {
                InfoItem export =
                        new InfoItem.ExportItem(EXPORT_SIZE, new TransmissionFlags(TransmissionFlags.SEND_FLUSH));
                OptionReplyEncoder.encode(new OptionReply.Info(option, export), out);
                transmitting = true;
                yield true;
            }
            case STRUCTURED_REPLY -> mode != TransmissionMode.SIMPLE;
            case EXTENDED_HEADERS -> mode == TransmissionMode.EXTENDED;
            default -> false;
        };
        OptionReplyEncoder.encode(
                agreed
                        ? new OptionReply.Ack(option)
                        : new OptionReply.Refusal(option, OptionReplyType.ERR_UNSUP.wire(), ""),
                out);
    }

    @Override
    public void request(int flags, CommandType type, int rawType, long cookie, long offset, long length) {
        if (type == CommandType.READ) {
            data(cookie, offset, (int) length);
        } else if (type != CommandType.DISC) {
            success(cookie, offset);
        }
    }

    private void data(long cookie, long offset, int length) {
        switch (mode) {
            case SIMPLE -> ReplyEncoder.simpleReply(answers, 0, cookie);
            case STRUCTURED -> ReplyEncoder.offsetData(answers, true, cookie, offset, length);
            case EXTENDED -> ExtendedReplyEncoder.offsetData(answers, true, cookie, offset, offset, length);
        }
        answers.ensureWritable(length).writerIndex(answers.writerIndex() + length);
    }

    private void success(long cookie, long offset) {
        if (mode == TransmissionMode.EXTENDED) {
            ExtendedReplyEncoder.none(answers, cookie, offset);
        } else {
            ReplyEncoder.simpleReply(answers, 0, cookie);
        }
    }

    @Override
    public void payload(ByteBuf in, int length, boolean last) {
        // Nobody reads what was written.
    }

    /** Frees what it has. */
    void free() {
        takeUnsent().release();
        answers.release();
    }
}
