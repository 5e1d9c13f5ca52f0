package io.nbd4j.testkit.junit;

import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakTracker;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * Knows each resource that Netty tracks from its allocation to its release, and where it was allocated.
 *
 * <p>Netty's {@code LeakPresenceDetector} has one count for the whole JVM: a leak shows in every class that follows, and
 * where it began shows only in a second run. Hence the numbered set. Any thread may use it.
 */
final class BufferPresence {
    private static final long POLL_NANOS = Duration.ofMillis(1).toNanos();
    private static final int MAX_SHOWN = 8;

    private final AtomicLong allocations = new AtomicLong();
    private final Set<Presence<?>> present = ConcurrentHashMap.newKeySet();

    <T> ResourceLeakDetector<T> detector(Class<T> resource) {
        return new Detector<>(resource);
    }

    /** Returns a point in time: what is allocated from now on comes after it. */
    long mark() {
        return allocations.get();
    }

    /**
     * Waits until all that was allocated after {@code mark} is released.
     *
     * @throws AssertionError if that does not happen within {@code grace}; what leaked is then forgotten
     */
    void requireAllReleasedSince(long mark, Duration grace, String where) {
        long deadline = System.nanoTime() + grace.toNanos();
        while (since(mark).findAny().isPresent() && System.nanoTime() - deadline < 0) {
            LockSupport.parkNanos(POLL_NANOS);
        }
        List<Presence<?>> leaked = since(mark).toList();
        if (leaked.isEmpty()) {
            return;
        }
        present.removeAll(leaked);
        AssertionError failure = new AssertionError(
                leaked.size() + " Netty buffer(s) not released by " + where + "; allocated as shown (suppressed)");
        leaked.stream().limit(MAX_SHOWN).forEach(presence -> failure.addSuppressed(presence.allocation));
        throw failure;
    }

    private Stream<Presence<?>> since(long mark) {
        return present.stream().filter(presence -> presence.number > mark && !presence.isStatic());
    }

    private final class Detector<T> extends ResourceLeakDetector<T> {
        Detector(Class<T> resource) {
            super(resource, 1);
        }

        @Override
        public ResourceLeakTracker<T> track(T resource) {
            return trackForcibly(resource);
        }

        @Override
        public ResourceLeakTracker<T> trackForcibly(T resource) {
            Presence<T> presence = new Presence<>(present, allocations.incrementAndGet());
            present.add(presence);
            return presence;
        }

        @Override
        public boolean isRecordEnabled() {
            return false; // Presence is all that counts; recording each access would cost a stack trace each.
        }
    }

    private static final class Presence<T> implements ResourceLeakTracker<T> {
        final Set<Presence<?>> present;
        final long number;
        final Allocation allocation = new Allocation();
        final AtomicBoolean closed = new AtomicBoolean();

        Presence(Set<Presence<?>> present, long number) {
            this.present = present;
            this.number = number;
        }

        boolean isStatic() {
            return Stream.of(allocation.getStackTrace())
                    .anyMatch(frame -> frame.getMethodName().equals("<clinit>"));
        }

        @Override
        public void record() {}

        @Override
        public void record(Object hint) {}

        @Override
        public boolean close(T trackedResource) {
            present.remove(this); // Or it was reported, and forgotten, before.
            return closed.compareAndSet(false, true);
        }
    }

    /** Not a failure of its own: it carries the place of an allocation. */
    private static final class Allocation extends Throwable {
        private static final long serialVersionUID = 1L;

        Allocation() {
            super("allocated by " + Thread.currentThread().getName());
        }
    }
}
