package io.nbd4j.client.parity;

import io.nbd4j.client.NbdClient;
import io.nbd4j.client.server.Content;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.BitSet;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes at random within one region through one client, never where something is in flight, and knows what should
 * be there. An answer leads to the next request. All of it happens on the client's event loop, so it needs no lock.
 */
final class RandomLane {
    private static final int BLOCK = 512;
    private static final int BLOCKS = 4096;
    private static final int LONGEST = 16;
    /** How many bytes of the disk belong to a lane. */
    static final int REGION = BLOCKS * BLOCK;

    private final NbdClient nbd;
    private final int lane;
    private final int inFlight;
    private final int operations;
    private final Random random;
    private final byte[] content = new byte[REGION];
    private final BitSet busy = new BitSet(BLOCKS);
    private final CompletableFuture<Void> end = new CompletableFuture<>();
    private int begun;
    private int ended;
    private int most;

    RandomLane(NbdClient nbd, int lane, int inFlight, int operations) {
        this.nbd = nbd;
        this.lane = lane;
        this.inFlight = inFlight;
        this.operations = operations;
        this.random = new Random(lane);
    }

    /** Returns where the region begins. */
    long offset() {
        return (long) lane * REGION;
    }

    /** Returns what should be in the region once the lane has ended. */
    byte[] content() {
        return content.clone();
    }

    /** Returns how many requests were in flight at once. */
    int mostInFlight() {
        return most;
    }

    /** Returns what completes when all operations have ended, or the first of them has failed. */
    CompletableFuture<Void> end() {
        return end;
    }

    /** Begins with as many requests as are to be in flight. On the client's event loop. */
    void start() {
        for (int i = 0; i < inFlight; i++) {
            next();
        }
    }

    private void next() {
        if (begun == operations || end.isCompletedExceptionally()) {
            return;
        }
        begun++;
        most = Math.max(most, begun - ended);
        int blocks = 1 + random.nextInt(LONGEST);
        int first = freeRun(blocks);
        busy.set(first, first + blocks);
        if (random.nextBoolean()) {
            write(first, blocks);
        } else {
            read(first, blocks);
        }
    }

    /** At most a quarter of the region is busy, so there is a place. */
    private int freeRun(int blocks) {
        while (true) {
            int first = random.nextInt(BLOCKS - blocks + 1);
            int taken = busy.nextSetBit(first);
            if (taken < 0 || taken >= first + blocks) {
                return first;
            }
        }
    }

    private void write(int first, int blocks) {
        byte[] bytes = Content.random(blocks * BLOCK, random.nextLong());
        System.arraycopy(bytes, 0, content, first * BLOCK, bytes.length);
        nbd.pwrite(Unpooled.wrappedBuffer(bytes), offset() + (long) first * BLOCK)
                .whenComplete((written, failure) -> done(first, blocks, failure));
    }

    private void read(int first, int blocks) {
        int length = blocks * BLOCK;
        nbd.pread(length, offset() + (long) first * BLOCK).whenComplete((buffer, failure) -> {
            Throwable problem = failure;
            if (buffer != null) {
                ByteBuf expected = Unpooled.wrappedBuffer(content, first * BLOCK, length);
                if (!buffer.equals(expected)) {
                    problem = new AssertionError("wrong bytes in block " + first + " of lane " + lane);
                }
                buffer.release();
            }
            done(first, blocks, problem);
        });
    }

    private void done(int first, int blocks, @Nullable Throwable problem) {
        busy.clear(first, first + blocks);
        ended++;
        if (problem != null) {
            end.completeExceptionally(problem);
        } else if (ended == operations) {
            end.complete(null);
        } else {
            next();
        }
    }
}
