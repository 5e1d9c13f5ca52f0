package io.nbd4j.testkit.fault;

import java.util.EnumSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Holds answers until the test releases them: the handle is the fault.
 *
 * <pre>{@code
 * Hold hold = Fault.hold();
 * TestServer server = TestServer.builder()
 *         .export("", MemoryExport.ofSize(1 << 20))
 *         .faults(FaultPlan.of(when(command(WRITE)).nth(1).then(hold)))
 *         .start();
 * ...
 * hold.held(1).join();   // the write has been performed, and its answer waits
 * hold.release();
 * }</pre>
 *
 * <p>Answers to later commands overtake one that is held; later options wait, as does all that follows DISC. An answer
 * that is still held when its connection ends is lost. Any thread may use it.
 */
public final class Hold implements Fault {
    private final Queue<CompletableFuture<Void>> waiting = new ConcurrentLinkedQueue<>();
    private final List<Announcement> announcements = new CopyOnWriteArrayList<>();
    private final AtomicInteger count = new AtomicInteger();
    private volatile boolean released;

    Hold() {}

    /**
     * Returns a future that completes when this many answers have been held since the beginning, those included that have
     * been released meanwhile.
     *
     * @param answers at least 1
     */
    public CompletableFuture<Void> held(int answers) {
        if (answers < 1) {
            throw new IllegalArgumentException("waiting for " + answers + " answers");
        }
        Announcement announcement = new Announcement(answers, new CompletableFuture<>());
        announcements.add(announcement);
        announcement.completeIfReached(count.get());
        return announcement.future;
    }

    /** Releases the answer that has been held the longest. Returns false if none is. */
    public boolean releaseOne() {
        for (CompletableFuture<Void> first = waiting.poll(); first != null; first = waiting.poll()) {
            if (first.complete(null)) { // Not that of a connection that is gone.
                return true;
            }
        }
        return false;
    }

    /** Releases all answers that are held. None is held from now on. */
    public void release() {
        released = true;
        releaseWaiting();
    }

    private void releaseWaiting() {
        for (CompletableFuture<Void> next = waiting.poll(); next != null; next = waiting.poll()) {
            next.complete(null);
        }
    }

    /**
     * Called by the server, which has an answer to hold. It may leave when the future completes, on whatever thread. A
     * server that does not need it any more cancels it.
     */
    public CompletableFuture<Void> await() {
        CompletableFuture<Void> leave = new CompletableFuture<>();
        waiting.add(leave);
        if (released) {
            releaseWaiting();
        }
        int now = count.incrementAndGet();
        announcements.forEach(announcement -> announcement.completeIfReached(now));
        return leave;
    }

    @Override
    public Kind kind() {
        return Kind.HOLD;
    }

    @Override
    public Set<Stage> stages() {
        return EnumSet.allOf(Stage.class);
    }

    @Override
    public String toString() {
        return "hold";
    }

    private record Announcement(int answers, CompletableFuture<Void> future) {
        void completeIfReached(int count) {
            if (count >= answers) {
                future.complete(null);
            }
        }
    }
}
