package io.nbd4j.codec.verify;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** How much heap some work on this thread allocates, garbage included. */
public final class HeapAllocation {
    /** What any work may allocate. */
    private static final long SLACK = 1 << 20;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private HeapAllocation() {}

    /**
     * Requires that a length that the other side names, or a count, does not make this side allocate: it is not more than
     * what the bytes that really come account for.
     *
     * @param bytes how many bytes come
     * @param perByte how much heap one of them may cost
     * @param work runs once, and once more if that was too much: the first time, classes may be loaded in it
     */
    public static void requireAtMost(long bytes, long perByte, Runnable work) {
        long limit = SLACK + bytes * perByte;
        if (allocatedBy(work) >= limit) {
            assertThat(allocatedBy(work))
                    .as("bytes of heap, for %d from the wire", bytes)
                    .isLessThan(limit);
        }
    }

    private static long allocatedBy(Runnable work) {
        long before = ofThisThread();
        work.run();
        return ofThisThread() - before;
    }

    /** Returns how much this thread has allocated so far, in bytes. */
    public static long ofThisThread() {
        return THREADS.getCurrentThreadAllocatedBytes();
    }
}
