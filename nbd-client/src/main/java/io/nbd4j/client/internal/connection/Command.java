package io.nbd4j.client.internal.connection;

import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdRange;
import io.nbd4j.client.NbdTimeoutException;
import io.nbd4j.client.RequestFate;
import io.nbd4j.codec.CommandType;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A command: the future that the caller holds and, at the same time, its entry in the in-flight table.
 *
 * <p>Confined to the event loop once it was submitted. It goes from WAITING to SENT to ENDED, or straight to ENDED. A
 * command that its caller gave up after it was sent stays in the table until its answer came, so that its cookie is not
 * used again and the answer can be skipped.
 *
 * @param <T> what the caller gets
 */
public abstract class Command<T extends @Nullable Object> extends NbdFuture<T> {
    private enum Phase {
        WAITING,
        SENT,
        ENDED
    }

    final Connection connection;
    final CommandType type;
    final long offset;
    final long length;
    /** The command flags on the wire. */
    int flags;

    /** The next command in the {@link Inbox}. */
    @Nullable
    Command<?> nextInInbox;
    /** When the {@link Deadlines} give it up, by the clock of the event loop. */
    long deadline;
    /** Its neighbours in the {@link Deadlines}. */
    @Nullable
    Command<?> dueBefore;

    @Nullable
    Command<?> dueAfter;
    /** Names this command on the wire while it is in flight. */
    long cookie;
    /** The first error that the server reported for this command while its answer is not complete. */
    @Nullable
    NbdException refusal;

    private Phase phase = Phase.WAITING;
    private @Nullable Split split;

    Command(Connection connection, CommandType type, int flags, long offset, long length) {
        this.connection = connection;
        this.type = type;
        this.flags = flags;
        this.offset = offset;
        this.length = length;
    }

    /** Returns how many bytes of payload it puts in flight, in either direction. */
    abstract long payloadLength();

    /** Gets ready to be sent, such as by allocating its buffer. Returns what prevents that, or null. */
    @Nullable
    NbdException prepare() {
        return null;
    }

    /** Returns what the caller has done to its buffer that makes it useless, or null. */
    @Nullable
    NbdException bufferProblem() {
        return null;
    }

    /** Lets go of the caller's buffers, in every case of an end. */
    abstract void releaseBuffers();

    /**
     * Lets go of the caller's buffers, then hands the caller its value. Buffers that are part of the value belong to the
     * caller from then on. User code runs in here.
     */
    abstract void deliver();

    /**
     * Makes sure that nobody reads from or writes into the caller's buffers any more, then runs {@code ending}. The
     * command was sent, at least in part.
     */
    abstract void detach(Runnable ending);

    /** Returns whether the caller's memory is still read from, so that not even an answer may end this command. */
    boolean isPayloadLeaving() {
        return false;
    }

    /** Returns the pieces that it is sent in; null if it goes as a whole. */
    final @Nullable Split split() {
        return split;
    }

    final void splitInto(Split pieces) {
        split = pieces;
    }

    final boolean isWaiting() {
        return phase == Phase.WAITING;
    }

    final boolean isEnded() {
        return phase == Phase.ENDED;
    }

    final void sent() {
        if (phase == Phase.WAITING) {
            phase = Phase.SENT;
        }
    }

    /** Returns the range that it is about, or the part of it that is under way; null for a command without one. */
    @Nullable
    NbdRange range() {
        return length == 0 ? null : NbdRange.of(offset, length);
    }

    /** Ends with success. Does nothing if the caller gave it up before. */
    void end() {
        if (phase != Phase.ENDED) {
            ended();
            Executor executor = connection.completionExecutor();
            if (executor == null) {
                deliverOrFail();
            } else {
                Completions.run(executor, this::deliverOnce);
            }
        }
    }

    /** An executor may run it, and then throw, so that it runs again. */
    private void deliverOnce() {
        if (!isDone()) {
            deliverOrFail();
        }
    }

    private void deliverOrFail() {
        try {
            deliver();
        } catch (RuntimeException e) {
            // The caller has changed the bounds of a buffer that it lent, which is nobody else's affair.
            releaseBuffers();
            fail(e);
        }
    }

    /** Ends with a failure. Does nothing if the caller gave it up before. */
    void end(NbdException failure) {
        if (phase != Phase.ENDED) {
            ended();
            releaseBuffers();
            Completions.run(connection.completionExecutor(), () -> fail(failure));
        }
    }

    private void ended() {
        phase = Phase.ENDED;
        connection.deadlines().remove(this);
    }

    /** Ends with a failure, since it took {@code limitNanos}. On the event loop. */
    final void expire(long limitNanos) {
        boolean unsent = phase == Phase.WAITING;
        String limit = " within " + TimeUnit.NANOSECONDS.toMillis(limitNanos) + " ms";
        NbdTimeoutException failure = new NbdTimeoutException(
                unsent ? "there was no room in flight to send it" + limit : "no answer" + limit,
                unsent ? RequestFate.NOT_SENT : RequestFate.UNKNOWN,
                type,
                range());
        timeOutOnLoop(() -> fail(failure));
    }

    @Override
    protected final void giveUp(Runnable ending) {
        onLoop(() -> giveUpOnLoop(ending));
    }

    @Override
    protected final void timeOut(Runnable ending) {
        onLoop(() -> timeOutOnLoop(ending));
    }

    private void onLoop(Runnable action) {
        try {
            connection.eventLoop().execute(action);
        } catch (RejectedExecutionException e) {
            // The event loop is gone, and nobody else touches the command any more.
            action.run();
        }
    }

    private void timeOutOnLoop(Runnable ending) {
        boolean wedged = phase == Phase.SENT && (split == null ? isPayloadLeaving() : split.isPayloadLeaving());
        giveUpOnLoop(ending);
        if (wedged) {
            // The payload can't be called back, and there is no telling when it leaves.
            connection.wedged(this);
        }
    }

    private void giveUpOnLoop(Runnable ending) {
        switch (phase) {
            case WAITING -> {
                ended();
                if (split != null) {
                    split.stop();
                }
                releaseBuffers();
                Completions.run(connection.completionExecutor(), ending);
                connection.waitingChanged();
            }
            case SENT -> {
                ended();
                Runnable completion = () -> {
                    releaseBuffers();
                    Completions.run(connection.completionExecutor(), ending);
                };
                if (split != null) {
                    split.detach(completion);
                    // What waits behind it need not wait for its next piece any more.
                    connection.waitingChanged();
                } else {
                    detach(completion);
                }
            }
            case ENDED -> {
                // Its own outcome stands.
            }
        }
    }

    @Override
    protected final boolean isOnCompletingThread() {
        return connection.eventLoop().inEventLoop();
    }
}
