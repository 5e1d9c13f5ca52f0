package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdDefaults;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.testkit.PatternExport;
import io.nbd4j.testkit.TestServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.IoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Very many requests at once on one connection. The time limit only ends what hangs. */
@Timeout(300)
class QueuedRequestsIT {
    private static final int REQUESTS = 100_000;
    private static final int LENGTH = 512;
    private static final int BLOCKS = 1000;
    /** Two chunks of Netty's pool: a fraction of what all replies have, and of what all requests would take in the channel. */
    private static final long BOUND = 8 << 20;

    private final PooledByteBufAllocator allocator = new PooledByteBufAllocator(true);
    private final IoEventLoopGroup group =
            NbdClientBuilder.newEventLoopGroup(1, new DefaultThreadFactory("queued", true));

    // All of this is written on the event loop, and read when all has ended.
    private final List<Integer> order = new ArrayList<>();
    private int wrong;
    private int mostInFlight;
    private long mostDirect;

    @AfterEach
    void endEventLoop() {
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    @Test
    void allEndInTheirOrderAndTheMemoryOfTheChannelIsBounded() {
        // Given: an event loop that gets to nothing until all are queued
        ByteBuf memory = Unpooled.directBuffer(LENGTH, LENGTH);
        try (TestServer server = TestServer.builder()
                        .unixSocket()
                        .export("", PatternExport.ofSize(BLOCKS * LENGTH))
                        .start();
                NbdClient nbd = NbdClient.builder()
                        .eventLoopGroup(group)
                        .allocator(allocator)
                        .build()) {
            await(nbd.connect(NbdTarget.unix(server.socketPath().toString())));
            CountDownLatch queued = new CountDownLatch(1);
            group.next().execute(() -> awaitUninterruptibly(queued));

            // When
            List<CompletableFuture<?>> ends = new ArrayList<>();
            try {
                for (int i = 0; i < REQUESTS; i++) {
                    ends.add(read(nbd, memory.duplicate(), i));
                }
            } finally {
                queued.countDown();
            }
            CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new)).join();

            // Then
            assertThat(order).isEqualTo(IntStream.range(0, REQUESTS).boxed().toList());
            assertThat(wrong).isZero();
            assertThat(mostInFlight).isBetween(2, NbdDefaults.MAX_REQUESTS_IN_FLIGHT);
            assertThat(mostDirect).isBetween(1L, BOUND);
        } finally {
            assertThat(memory.refCnt()).isOne();
            memory.release();
        }
    }

    private CompletableFuture<?> read(NbdClient nbd, ByteBuf destination, int number) {
        long offset = (long) (number % BLOCKS) * LENGTH;
        return nbd.pread(destination, offset).thenAccept(ignored -> {
            order.add(number);
            // The pattern: each eight bytes hold their own offset. The next reply overwrites them.
            if (destination.readableBytes() != LENGTH
                    || destination.getLong(0) != offset
                    || destination.getLong(LENGTH - Long.BYTES) != offset + LENGTH - Long.BYTES) {
                wrong++;
            }
            mostInFlight = Math.max(mostInFlight, nbd.statistics().requestsInFlight());
            mostDirect = Math.max(mostDirect, allocator.metric().usedDirectMemory());
        });
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        boolean interrupted = false;
        while (true) {
            try {
                latch.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
