package io.nbd4j.client.internal.connection;

import io.nbd4j.client.NbdException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A command that is sent in pieces, since its range is longer than the server takes at once. Pieces are made one at a
 * time, when there is room for them in flight. The whole ends when all pieces that were sent have ended; once one
 * failed, no further piece is made.
 */
final class Split {
    private final Command<?> whole;
    private final long pieceLength;
    private final List<Command<?>> outstanding = new ArrayList<>();

    private long cursor;
    private @Nullable Command<?> next;
    private boolean prepared;
    private boolean stopped;
    private boolean anySent;
    private @Nullable NbdException failure;

    Split(Command<?> whole, long pieceLength) {
        this.whole = whole;
        this.pieceLength = pieceLength;
    }

    boolean isPrepared() {
        return prepared;
    }

    /** Gets the whole ready, whose buffers the pieces share. Returns what prevents that, or null. */
    @Nullable
    NbdException prepare() {
        prepared = true;
        return whole.prepare();
    }

    /** Returns the next piece to send, null if there is no more. */
    @Nullable
    Command<?> peek() {
        if (next == null && !stopped && cursor < whole.length) {
            long length = Math.min(pieceLength, whole.length - cursor);
            next = Piece.of(whole, this, cursor, length);
            cursor += length;
        }
        return next;
    }

    /** The piece that {@link #peek} gave was sent. */
    void advance() {
        Command<?> piece = next;
        if (piece != null) {
            outstanding.add(piece);
            next = null;
            anySent = true;
            whole.sent();
        }
    }

    boolean anySent() {
        return anySent;
    }

    /** A piece has ended, {@code failure} says how; null for success. */
    void pieceEnded(Command<?> piece, @Nullable NbdException cause) {
        outstanding.remove(piece);
        if (cause != null && failure == null) {
            failure = cause;
            stop();
        }
        if (!outstanding.isEmpty() || whole.isEnded()) {
            return;
        }
        if (failure != null) {
            whole.end(failure);
        } else if (cursor == whole.length && next == null) {
            whole.end();
        }
    }

    /** Sends no further piece; the whole fails once those that were sent have ended, maybe at once. */
    void fail(NbdException cause) {
        if (failure == null) {
            failure = firstRefusal(cause);
        }
        stop();
        if (outstanding.isEmpty()) {
            whole.end(failure);
        }
    }

    /** Returns what the server has said about a piece whose answer is being taken, which came before {@code cause}. */
    private NbdException firstRefusal(NbdException cause) {
        for (Command<?> piece : outstanding) {
            NbdException refusal = piece.refusal;
            if (refusal != null) {
                return refusal;
            }
        }
        return cause;
    }

    /** Returns whether the memory of a piece that was sent is still read from. */
    boolean isPayloadLeaving() {
        for (Command<?> piece : outstanding) {
            if (piece.isPayloadLeaving()) {
                return true;
            }
        }
        return false;
    }

    /** Makes no further piece. */
    void stop() {
        stopped = true;
        if (next != null) {
            next.releaseBuffers();
            next = null;
        }
    }

    /** The caller gave the whole up: nothing more is sent, and {@code ending} runs once no piece uses its buffers. */
    void detach(Runnable ending) {
        stop();
        int[] attached = {outstanding.size() + 1};
        Runnable one = () -> {
            if (--attached[0] == 0) {
                ending.run();
            }
        };
        for (Command<?> piece : List.copyOf(outstanding)) {
            piece.detach(one);
        }
        one.run();
    }
}
