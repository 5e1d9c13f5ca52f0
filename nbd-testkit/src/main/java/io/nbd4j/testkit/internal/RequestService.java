package io.nbd4j.testkit.internal;

import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.ProtocolViolationException;
import io.nbd4j.codec.transmission.RequestDecoder;
import io.nbd4j.codec.transmission.RequestListener;
import io.nbd4j.testkit.Export;
import io.nbd4j.testkit.ExportException;
import io.nbd4j.testkit.internal.RequestRules.Refusal;
import io.netty.buffer.ByteBuf;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Carries out the requests of one connection, each when it has been read, one after the other, and answers them. Confined
 * to the connection's event loop.
 */
final class RequestService implements RequestListener {
    /** What the service has to know of, and can do to, its connection. */
    interface Link {
        /** Returns whether the client takes replies fast enough for more to be made. */
        boolean isWritable();

        /** The client has said that it goes. Everything before is answered. */
        void disconnect();

        /** The connection cannot go on. */
        void fail(Throwable cause);
    }

    private final Link link;
    private final Export export;
    private final List<ServedContext> contexts;
    private final RequestRules rules;
    private final RequestDecoder decoder;
    private final ReplyWriter writer;
    private final ReadReply read;
    private final StatusReply status;
    private final StatusFilter filter;

    /** The reply that is being made; it is over where there is none. */
    private LongReply reply;

    // The request that was heard last.
    private int flags;
    private CommandType type = CommandType.UNKNOWN;
    private long offset;
    private @Nullable Refusal refusal;

    // The write whose payload is being received.
    private long writeOffset;
    private @Nullable ExportException writeFailure;

    RequestService(Agreement agreement, ReplySink sink, Link link) {
        this.link = link;
        this.export = agreement.export().export();
        this.contexts = agreement.contexts();
        this.rules = new RequestRules(agreement);
        this.decoder = new RequestDecoder(agreement.mode(), this);
        this.writer = new ReplyWriter(agreement.mode(), sink);
        this.read = new ReadReply(agreement.export(), writer);
        this.status = new StatusReply(writer, agreement.export().sizes().maximumPayload());
        this.filter = new StatusFilter(contexts);
        this.reply = read;
    }

    /**
     * Serves the requests in {@code in}, which stays the caller's: all of them, unless the client does not take its
     * replies. Then some bytes are left, to be handed in again.
     *
     * @throws ProtocolViolationException if the client broke the protocol; all further bytes are discarded
     */
    void serve(ByteBuf in) {
        decoder.decode(in);
    }

    /** Returns whether a reply is only half made. No further request must be served before it is whole. */
    boolean isReplying() {
        return !reply.isOver();
    }

    /** Makes as much of the current reply as the client takes. */
    void continueReply() {
        while (!reply.isOver() && link.isWritable()) {
            try {
                reply.next();
            } catch (ExportException e) {
                if (reply.isCommitted()) {
                    // The client would take the error for content, and all that follows.
                    decoder.discard();
                    link.fail(e);
                } else {
                    fail(e);
                }
            }
        }
    }

    /** Serves nothing more. */
    void stop() {
        decoder.discard();
    }

    @Override
    public void request(int flags, CommandType type, int rawType, long cookie, long offset, long length) {
        if (type == CommandType.DISC) {
            link.disconnect();
            return;
        }
        long payload = decoder.payloadLeft();
        if (rules.isExcessive(payload)) {
            throw new ProtocolViolationException("a request with a payload of " + payload + " bytes");
        }
        this.flags = flags;
        this.type = type;
        this.offset = offset;
        refusal = rules.check(flags, type, offset, length);
        writer.begin(flags, type, cookie, offset, length);
        writeOffset = offset;
        writeFailure = null;
        if (payload > 0) {
            if (refusal == null && type == CommandType.BLOCK_STATUS) {
                filter.start();
            }
        } else {
            answer(length);
        }
    }

    @Override
    public void payload(ByteBuf in, int length, boolean last) {
        if (refusal == null) {
            if (type == CommandType.WRITE) {
                write(in, length);
            } else {
                filter.add(in, length);
            }
        }
        if (last) {
            answerPayload();
        }
    }

    private void write(ByteBuf in, int length) {
        if (writeFailure != null) {
            return;
        }
        try {
            export.write(writeOffset, in, length);
            writeOffset += length;
        } catch (ExportException e) {
            writeFailure = e;
        }
    }

    /** Answers a request whose payload is complete. */
    private void answerPayload() {
        if (refusal != null || type == CommandType.WRITE) {
            answer(0);
            return;
        }
        StatusFilter.Selection selection = filter.end();
        refusal = selection == null ? Refusal.FILTER : rules.checkRange(flags, type, offset, selection.length());
        if (selection == null || refusal != null) {
            answer(0);
        } else {
            status.start(selection.contexts(), has(CommandFlag.REQ_ONE), offset, selection.length());
            startReply(status);
            pauseIfBehind();
        }
    }

    /** Carries out a request, as far as its payload has not done that, and answers it. */
    private void answer(long length) {
        if (refusal != null) {
            writer.failure(refusal.error(), refusal.message());
        } else {
            try {
                perform(length);
            } catch (ExportException e) {
                fail(e);
            }
        }
        pauseIfBehind();
    }

    private void perform(long length) throws ExportException {
        switch (type) {
            case READ -> {
                if (length == 0) {
                    writer.emptyData();
                } else {
                    read.start(!has(CommandFlag.DF), offset, length);
                    startReply(read);
                }
            }
            case BLOCK_STATUS -> {
                if (has(CommandFlag.PAYLOAD_LEN)) { // An empty filter.
                    writer.failure(Refusal.FILTER.error(), Refusal.FILTER.message());
                } else {
                    status.start(contexts, has(CommandFlag.REQ_ONE), offset, length);
                    startReply(status);
                }
            }
            default -> {
                change(length);
                if (type == CommandType.FLUSH || has(CommandFlag.FUA)) {
                    export.flush();
                }
                writer.success();
            }
        }
    }

    private void change(long length) throws ExportException {
        if (type == CommandType.WRITE) {
            if (writeFailure != null) {
                throw writeFailure;
            }
        } else if (length > 0) {
            boolean mayPunchHole = !has(CommandFlag.NO_HOLE);
            switch (type) {
                case TRIM -> export.trim(offset, length);
                case CACHE -> export.cache(offset, length);
                case WRITE_ZEROES -> {
                    if (has(CommandFlag.FAST_ZERO)) {
                        export.zeroFast(offset, length, mayPunchHole);
                    } else {
                        export.zero(offset, length, mayPunchHole);
                    }
                }
                default -> throw new IllegalStateException(type + " is no change");
            }
        }
    }

    private void startReply(LongReply next) {
        reply = next;
        continueReply();
    }

    private void fail(ExportException e) {
        // ENOTSUP is the answer to FAST_ZERO only.
        boolean misplaced = e.error() == NbdError.ENOTSUP && !has(CommandFlag.FAST_ZERO);
        writer.failure(misplaced ? NbdError.EIO : e.error(), String.valueOf(e.getMessage()));
    }

    private void pauseIfBehind() {
        if (isReplying() || !link.isWritable()) {
            decoder.pause();
        }
    }

    private boolean has(CommandFlag flag) {
        return (flags & flag.bit()) != 0;
    }
}
