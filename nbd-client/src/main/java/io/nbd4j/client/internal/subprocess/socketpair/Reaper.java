package io.nbd4j.client.internal.subprocess.socketpair;

import io.nbd4j.client.ExitStatus;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Signals one child and reaps it, from any threads. Once a child was reaped its process id may belong to a stranger, so
 * the two exclude each other.
 *
 * <p>This is the one thing about a child that is not left to its event loop. The exit of the JVM must end children also
 * when the loop can't run: {@code System.exit} may have been called on it. The exclusion is a compare-and-set around one
 * system call that does not block; whoever comes second spins for as long as that takes.
 */
final class Reaper {
    private static final int SIGKILL = 9;
    private static final int P_PID = 1;
    private static final int WNOHANG = 1;
    private static final int WEXITED = 4;
    private static final int CLD_EXITED = 1;
    private static final int EINTR = 4;

    // siginfo_t of a child's end, on 64-bit Linux.
    private static final int INFO_SIZE = 128;
    private static final int CODE_OFFSET = 8;
    private static final int PID_OFFSET = 16;
    private static final int STATUS_OFFSET = 24;

    private enum State {
        ALIVE,
        BUSY,
        REAPED
    }

    private final Libc libc;
    private final int pid;
    private final AtomicReference<State> state = new AtomicReference<>(State.ALIVE);

    Reaper(Libc libc, int pid) {
        this.libc = libc;
        this.pid = pid;
    }

    int pid() {
        return pid;
    }

    /** Sends a signal, unless the child was reaped. One that has ended and was not reaped yet does not mind. */
    void signal(int signal) {
        if (enter()) {
            try {
                libc.kill(pid, signal);
            } finally {
                state.set(State.ALIVE);
            }
        }
    }

    /** Reaps the child if it has ended. Returns how it ended, to the first who asks; null before and afterwards. */
    @Nullable
    ExitStatus reap() {
        if (!enter()) {
            return null;
        }
        ExitStatus status = null;
        try {
            status = ask(WEXITED | WNOHANG);
            return status;
        } finally {
            state.set(status == null ? State.ALIVE : State.REAPED);
        }
    }

    /** Ends a child that nobody got to see, and waits until it is gone. */
    void endNow() {
        if (enter()) {
            try {
                libc.kill(pid, SIGKILL);
                ask(WEXITED);
            } finally {
                state.set(State.REAPED);
            }
        }
    }

    private boolean enter() {
        while (!state.compareAndSet(State.ALIVE, State.BUSY)) {
            if (state.get() == State.REAPED) {
                return false;
            }
            Thread.onSpinWait();
        }
        return true;
    }

    private @Nullable ExitStatus ask(int options) {
        try (NativeBlock block = new NativeBlock(NativeBlock.sizeOf(INFO_SIZE))) {
            long info = block.take(INFO_SIZE);
            int result;
            do {
                result = libc.waitid(P_PID, pid, info, options);
            } while (result == -EINTR);
            if (result < 0) {
                // ECHILD: the application reaps every child of this process, or has SIGCHLD ignored.
                return ExitStatus.unknown();
            }
            if (block.getInt(info + PID_OFFSET) == 0) {
                return null;
            }
            int status = block.getInt(info + STATUS_OFFSET);
            return block.getInt(info + CODE_OFFSET) == CLD_EXITED
                    ? ExitStatus.exited(status)
                    : ExitStatus.signalled(status);
        }
    }
}
