package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;

import io.nbd4j.client.NbdClient;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/** Threads with a handle each, on one server. */
final class SideBySide {
    private static final int ROUNDS = 20;

    private SideBySide() {}

    /** Lets each thread write and read back in a region of its own, again and again, waiting for each answer. */
    static void readAndWrite(int threads, int region, Supplier<NbdClient> connected) {
        List<NbdClient> handles = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            handles.add(connected.get());
        }
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try {
            List<CompletableFuture<Void>> all = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                NbdClient nbd = handles.get(i);
                long start = (long) i * region;
                all.add(CompletableFuture.runAsync(() -> readAndWrite(nbd, start, region), executor));
            }
            all.forEach(thread -> await(thread));
        } finally {
            executor.shutdownNow();
        }
    }

    private static void readAndWrite(NbdClient nbd, long start, int region) {
        for (int round = 1; round <= ROUNDS; round++) {
            byte[] bytes = Content.random(region / ROUNDS / 512 * 512 * round, start + round);
            Content.writeAndReadBack(nbd, bytes, start + region - bytes.length);
        }
    }
}
