package io.nbd4j.client.internal.connection;

import static io.nbd4j.client.internal.connection.Rig.bytesOf;
import static io.nbd4j.client.internal.connection.Wire.pattern;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.NbdFuture;
import io.nbd4j.codec.CommandType;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Commands that come from other threads. */
class InboxTest {
    private static final int THREADS = 4;
    private static final int EACH = 5000;

    @Test
    void keepsTheOrderOfEachThread() throws InterruptedException {
        try (Rig rig = Rig.structured()) {
            // Given
            Inbox inbox = new Inbox();
            AtomicInteger fetchesDue = new AtomicInteger();
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < THREADS; t++) {
                long id = t;
                threads.add(new Thread(() -> {
                    for (int i = 0; i < EACH; i++) {
                        if (inbox.add(new PlainCommand(rig.connection, CommandType.TRIM, 0, id, i))) {
                            fetchesDue.incrementAndGet();
                        }
                    }
                }));
            }

            // When
            threads.forEach(Thread::start);
            long[] next = new long[THREADS];
            int fetched = 0;
            int fetches = 0;
            while (fetched < THREADS * EACH) {
                Command<?> command = inbox.fetch();
                fetches += command == null ? 0 : 1;
                for (; command != null; command = following(command)) {
                    assertThat(command.length).isEqualTo(next[(int) command.offset]++);
                    fetched++;
                }
            }
            for (Thread thread : threads) {
                thread.join();
            }

            // Then
            assertThat(inbox.fetch()).isNull();
            assertThat(fetchesDue).as("a fetch is due once for each batch").hasValue(fetches);
        }
    }

    private static @Nullable Command<?> following(Command<?> command) {
        return command.nextInInbox;
    }

    @Test
    void commandsFromOutsideAreFetchedInOneTask() {
        // Given
        ManualLoop loop = new ManualLoop();
        try (Rig rig = Rig.with().loop(loop).open()) {
            // When
            NbdFuture<ByteBuf> first = rig.commands.read(512, 0);
            NbdFuture<ByteBuf> second = rig.commands.read(512, 512);

            // Then
            assertThat(loop.tasks).hasSize(1);
            loop.runAll();
            List<Request> requests = rig.requests();
            assertThat(requests).extracting(Request::offset).containsExactly(0L, 512L);
            requests.forEach(rig::answerRead);
            assertThat(bytesOf(first)).isEqualTo(pattern(0, 512));
            assertThat(bytesOf(second)).isEqualTo(pattern(512, 512));
        }
    }

    @Test
    void aCommandThatIsGivenUpBeforeItIsFetchedIsNotSent() {
        // Given a fetch that comes late, since the thread that has to ask for it was held up
        ManualLoop loop = new ManualLoop();
        try (Rig rig = Rig.with().loop(loop).open()) {
            ByteBuf data = rig.payload(0, 512);
            NbdFuture<?> write = rig.commands.write(data, 0, 0);
            NbdFuture<ByteBuf> read = rig.commands.read(4096, 0);
            NbdFuture<ByteBuf> behind = rig.commands.read(512, 512);
            write.cancel(false);
            read.cancel(false);

            // When
            loop.run(1);
            loop.run(1);
            assertThat(write).isCancelled();
            assertThat(read).isCancelled();
            loop.runAll();

            // Then
            assertThat(data.refCnt()).isZero();
            Request request = rig.request();
            assertThat(request.offset()).isEqualTo(512);
            rig.answerRead(request);
            assertThat(bytesOf(behind)).isEqualTo(pattern(512, 512));
        }
    }

    @Test
    void aFetchThatSendsNothingStillDrains() {
        // Given
        ManualLoop loop = new ManualLoop();
        try (Rig rig = Rig.with().loop(loop).open()) {
            AtomicInteger drained = new AtomicInteger();
            NbdFuture<?> flush = rig.commands.flush();
            flush.cancel(false);
            rig.connection.whenDrained(drained::incrementAndGet);

            // When the fetch is the last of the three
            loop.run(1);
            loop.run(1);
            assertThat(drained).hasValue(0);
            loop.run(0);

            // Then
            assertThat(drained).hasValue(1);
        }
    }
}
