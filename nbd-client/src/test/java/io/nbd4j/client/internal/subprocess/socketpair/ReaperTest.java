package io.nbd4j.client.internal.subprocess.socketpair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nbd4j.client.ExitStatus;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.Buffer;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReaperTest {
    private static final int PID = 4711;
    private static final int EINTR = 4;
    private static final int ECHILD = 10;
    private static final int CLD_EXITED = 1;
    private static final int CLD_KILLED = 2;
    private static final int CLD_DUMPED = 3;

    private final Deque<Answer> answers = new ArrayDeque<>();
    private final List<Integer> signals = new ArrayList<>();
    private final Libc libc = LibcProxy.of((function, arguments) -> switch (function.getName()) {
        case "kill" -> {
            assertThat(arguments[0]).isEqualTo(PID);
            signals.add((Integer) arguments[1]);
            yield 0;
        }
        case "waitid" -> answers.remove().writeTo((Long) arguments[2]);
        default -> throw new AssertionError(function);
    });
    private final Reaper reaper = new Reaper(libc, PID);

    @BeforeEach
    void requireNativeMemory() {
        assumeTrue(Epoll.isAvailable(), "Netty's native code is not available");
    }

    @Test
    void saysHowAChildEndedOnce() {
        // Given
        answers.add(new Answer(0, CLD_EXITED, PID, 3));

        // When // Then
        assertThat(reaper.reap()).isEqualTo(ExitStatus.exited(3));
        assertThat(reaper.reap()).isNull();
    }

    @Test
    void readsBothWaysToDieByASignal() {
        for (int code : new int[] {CLD_KILLED, CLD_DUMPED}) {
            // Given
            answers.add(new Answer(0, code, PID, 11));

            // When
            ExitStatus status = new Reaper(libc, PID).reap();

            // Then
            assertThat(status).isEqualTo(ExitStatus.signalled(11));
        }
    }

    @Test
    void asksAgainWhenItWasInterrupted() {
        // Given
        answers.add(new Answer(-EINTR, 0, 0, 0));
        answers.add(new Answer(-EINTR, 0, 0, 0));
        answers.add(new Answer(0, CLD_EXITED, PID, 0));

        // When
        ExitStatus status = reaper.reap();

        // Then
        assertThat(status).isEqualTo(ExitStatus.exited(0));
    }

    @Test
    void admitsThatSomebodyElseReapedTheChild() {
        // Given
        answers.add(new Answer(-ECHILD, 0, 0, 0));

        // When
        ExitStatus status = reaper.reap();

        // Then
        assertThat(status).isEqualTo(ExitStatus.unknown()).hasToString("unknown exit status");
        reaper.signal(15);
        assertThat(signals).isEmpty();
    }

    @Test
    void signalsOnlyUntilTheChildIsReaped() {
        // Given
        answers.add(new Answer(0, 0, 0, 0));
        answers.add(new Answer(0, CLD_KILLED, PID, 15));

        // When
        reaper.signal(15);
        assertThat(reaper.reap()).isNull();
        reaper.signal(9);
        assertThat(reaper.reap()).isEqualTo(ExitStatus.signalled(15));
        reaper.signal(9);

        // Then
        assertThat(signals).containsExactly(15, 9);
    }

    /** What waitid returns and puts into a siginfo_t; a pid of 0 says that the child has not ended. */
    private record Answer(int result, int code, int pid, int status) {
        int writeTo(long info) {
            ByteBuffer memory = Buffer.wrapMemoryAddressWithNativeOrder(info, 28);
            memory.putInt(8, code);
            memory.putInt(16, pid);
            memory.putInt(24, status);
            return result;
        }
    }
}
