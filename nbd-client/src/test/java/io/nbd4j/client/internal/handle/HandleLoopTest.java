package io.nbd4j.client.internal.handle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of actions while a handle moves to another event loop. The time limit only ends what hangs. */
@Timeout(60)
class HandleLoopTest {
    private final List<Runnable> opened = new ArrayList<>();
    private final List<String> ran = new ArrayList<>();

    @AfterEach
    void shutDown() {
        opened.forEach(Runnable::run);
    }

    private <T extends EventLoop> T open(T loop) {
        opened.add(() -> loop.shutdownGracefully(0, 10, TimeUnit.SECONDS).syncUninterruptibly());
        return loop;
    }

    private static void notExpected(RejectedExecutionException rejected) {
        throw new AssertionError(rejected);
    }

    /** An event loop that lets another thread go first when it is given its first task. */
    private static final class Courteous extends DefaultEventLoop {
        private final Runnable other;
        private boolean asked;

        Courteous(Runnable other) {
            this.other = other;
        }

        @Override
        public void execute(Runnable task) {
            if (!asked) {
                asked = true;
                Thread thread = new Thread(other, "test-other");
                thread.start();
                // Either it has done what it wanted, or it has to wait until this thread is done.
                await().until(() -> thread.getState() == Thread.State.BLOCKED
                        || thread.getState() == Thread.State.WAITING
                        || thread.getState() == Thread.State.TERMINATED);
            }
            super.execute(task);
        }
    }

    @Test
    void nothingComesBeforeTheFirstActionOnTheNewLoop() {
        // Given
        EventLoop old = open(new DefaultEventLoop());
        HandleLoop loop = new HandleLoop(old);
        EventLoop adopted = open(new Courteous(
                () -> loop.execute(() -> ran.add("of another thread, meanwhile"), HandleLoopTest::notExpected)));

        // When
        old.submit(() -> loop.moveTo(adopted, () -> ran.add("the first"), HandleLoopTest::notExpected))
                .syncUninterruptibly();

        // Then
        await().until(() -> adopted.submit(() -> ran.size()).get() == 2);
        assertThat(adopted.submit(() -> List.copyOf(ran)).syncUninterruptibly().getNow())
                .containsExactly("the first", "of another thread, meanwhile");
    }

    @Test
    void whatWaitedOnTheOldLoopRunsOnTheNewOne() {
        // Given
        EventLoop old = open(new DefaultEventLoop());
        EventLoop adopted = open(new DefaultEventLoop());
        HandleLoop loop = new HandleLoop(old);

        // When
        old.submit(() -> {
                    loop.execute(
                            () -> ran.add(adopted.inEventLoop() ? "on the new one" : "on the old one"),
                            HandleLoopTest::notExpected);
                    loop.moveTo(adopted, () -> ran.add("the first"), HandleLoopTest::notExpected);
                })
                .syncUninterruptibly();

        // Then
        await().until(() -> adopted.submit(() -> ran.size()).get() == 2);
        assertThat(adopted.submit(() -> List.copyOf(ran)).syncUninterruptibly().getNow())
                .containsExactly("the first", "on the new one");
    }

    @Test
    void aLoopThatIsGoneIsReportedOnTheCallingThread() {
        // Given
        EventLoop old = open(new DefaultEventLoop());
        EventLoop gone = new DefaultEventLoop();
        gone.shutdownGracefully(0, 10, TimeUnit.SECONDS).syncUninterruptibly();
        HandleLoop loop = new HandleLoop(old);

        // When
        old.submit(() -> loop.moveTo(gone, () -> ran.add("moved"), rejected -> ran.add("no move")))
                .syncUninterruptibly();
        loop.execute(() -> ran.add("ran"), rejected -> ran.add("rejected"));

        // Then
        assertThat(ran).containsExactly("no move", "rejected");
    }
}
