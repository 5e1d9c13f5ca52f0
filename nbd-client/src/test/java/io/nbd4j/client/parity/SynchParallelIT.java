package io.nbd4j.client.parity;

import static io.nbd4j.client.contract.Outcomes.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.NbdClient;
import io.nbd4j.client.server.Content;
import io.nbd4j.testkit.RealServer;
import io.nbd4j.testkit.junit.RequiresServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * libnbd's {@code synch-parallel}: eight threads, each with a handle of its own, read and write in a region of their own and wait
 * for each answer. The time limit only ends what hangs.
 */
@RequiresServer("nbdkit")
@Timeout(120)
class SynchParallelIT {
    private static final int THREADS = 8;
    private static final int REGION = 1024 * 1024;
    private static final int OPERATIONS = 500;
    private static final int LONGEST = 16 * 1024;

    @Test
    void whatEachThreadReadsIsWhatItHasWritten() {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try (RealServer server = RealServer.nbdkit("memory", String.valueOf(THREADS * REGION))) {
            // When
            List<CompletableFuture<byte[]>> lanes = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                int lane = i;
                lanes.add(CompletableFuture.supplyAsync(() -> readAndWrite(server, lane), threads));
            }

            // Then a reader who has done none of it finds all of it
            try (NbdClient nbd = connected(server)) {
                for (int i = 0; i < THREADS; i++) {
                    Content.assertRead(nbd, await(lanes.get(i)), (long) i * REGION);
                }
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** Returns what the region should contain at the end. */
    private static byte[] readAndWrite(RealServer server, int lane) {
        Random random = new Random(lane);
        long start = (long) lane * REGION;
        byte[] content = new byte[REGION];
        try (NbdClient nbd = connected(server)) {
            for (int i = 0; i < OPERATIONS; i++) {
                int length = 1 + random.nextInt(LONGEST);
                int at = random.nextInt(REGION - length + 1);
                if (random.nextBoolean()) {
                    byte[] bytes = Content.random(length, random.nextLong());
                    System.arraycopy(bytes, 0, content, at, length);
                    await(nbd.pwrite(Unpooled.wrappedBuffer(bytes), start + at));
                } else {
                    ByteBuf read = await(nbd.pread(length, start + at));
                    byte[] bytes = ByteBufUtil.getBytes(read);
                    read.release();
                    assertThat(bytes).isEqualTo(Arrays.copyOfRange(content, at, at + length));
                }
            }
            assertThat(nbd.statistics().requestsSent()).isEqualTo(OPERATIONS);
            assertThat(nbd.statistics().repliesReceived()).isEqualTo(OPERATIONS);
        }
        return content;
    }

    private static NbdClient connected(RealServer server) {
        NbdClient nbd = NbdClient.builder().build();
        await(nbd.connectUnix(server.unixSocket()));
        return nbd;
    }
}
