package io.nbd4j.testkit.internal;

import io.nbd4j.codec.NbdError;
import io.nbd4j.testkit.ExportException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Finds the page of memory that holds a piece of a sparse disk: a tree of arrays, as in a processor's page table, whose
 * branches are made when they are needed. Any thread may use it; it has no locks.
 *
 * <p>A page is freed only by somebody who gives up all of it. So a page that is freed while another thread writes to it
 * loses nothing that the two did not both claim.
 */
public final class PageTable {
    private static final int PAGE_BITS = 15;
    private static final int NODE_BITS = 10;
    private static final int NODE_SIZE = 1 << NODE_BITS;

    /** The size of a page in bytes. */
    public static final int PAGE_SIZE = 1 << PAGE_BITS;

    /** Above this a page's start would not fit a {@code long}. */
    private static final long NO_PAGE = Long.MAX_VALUE >>> PAGE_BITS;

    private final AtomicLong allocatedPages = new AtomicLong();
    private final long maxAllocatedPages;
    /** The height of the root; nodes of height 0 hold pages, others hold nodes. */
    private final int height;

    private final AtomicReferenceArray<@Nullable Object> root = new AtomicReferenceArray<>(NODE_SIZE);

    /** Creates a table for a disk of {@code size} bytes, without any page. */
    public PageTable(long size, long maxAllocatedBytes) {
        this.maxAllocatedPages = maxAllocatedBytes >>> PAGE_BITS;
        long lastPage = pageOf(Math.max(0, size - 1));
        int neededHeight = 0;
        while (lastPage >>> (NODE_BITS * (neededHeight + 1)) != 0) {
            neededHeight++;
        }
        this.height = neededHeight;
    }

    /** Returns the number of the page that holds the byte at {@code offset}. */
    public static long pageOf(long offset) {
        return offset >>> PAGE_BITS;
    }

    /** Returns where page {@code number} starts; the largest offset if it starts beyond. */
    public static long startOf(long number) {
        return number > NO_PAGE ? Long.MAX_VALUE : number << PAGE_BITS;
    }

    /** Returns where in its page the byte at {@code offset} is. */
    public static int inPage(long offset) {
        return (int) offset & (PAGE_SIZE - 1);
    }

    /** Returns where the page that holds {@code offset} ends, {@code end} if that is before. */
    public static long pageEnd(long offset, long end) {
        int left = PAGE_SIZE - inPage(offset);
        return end - offset < left ? end : offset + left;
    }

    /** Returns how much memory the pages occupy. */
    public long allocatedBytes() {
        return allocatedPages.get() << PAGE_BITS;
    }

    /** Returns a page, {@code null} if there is none. */
    public byte @Nullable [] find(long page) {
        AtomicReferenceArray<@Nullable Object> node = root;
        for (int level = height; level > 0; level--) {
            Object child = node.get(slot(page, level));
            if (child == null) {
                return null;
            }
            node = node(child);
        }
        return (byte[]) node.get(slot(page, 0));
    }

    /**
     * Returns a page, a new one of zeroes if there was none.
     *
     * @throws ExportException with ENOSPC if a new page would exceed the limit
     */
    public byte[] findOrAllocate(long page) throws ExportException {
        AtomicReferenceArray<@Nullable Object> node = root;
        for (int level = height; level > 0; level--) {
            int slot = slot(page, level);
            Object child = node.get(slot);
            if (child == null) {
                AtomicReferenceArray<@Nullable Object> fresh = new AtomicReferenceArray<>(NODE_SIZE);
                Object winner = node.compareAndExchange(slot, null, fresh);
                child = winner == null ? fresh : winner;
            }
            node = node(child);
        }
        int slot = slot(page, 0);
        Object found = node.get(slot);
        return found == null ? allocate(node, slot) : (byte[]) found;
    }

    private byte[] allocate(AtomicReferenceArray<@Nullable Object> leaf, int slot) throws ExportException {
        if (allocatedPages.incrementAndGet() > maxAllocatedPages) {
            allocatedPages.decrementAndGet();
            throw new ExportException(NbdError.ENOSPC, "the memory for this export is used up");
        }
        byte[] fresh = new byte[PAGE_SIZE];
        Object winner = leaf.compareAndExchange(slot, null, fresh);
        if (winner == null) {
            return fresh;
        }
        allocatedPages.decrementAndGet();
        return (byte[]) winner;
    }

    /** Frees the pages from {@code first} to before {@code end}. */
    public void free(long first, long end) {
        free(root, height, 0, first, end);
    }

    private void free(AtomicReferenceArray<@Nullable Object> node, int level, long nodeStart, long first, long end) {
        long from = Math.max(first, nodeStart);
        long last = Math.min(end - 1, nodeStart + (((long) NODE_SIZE << (NODE_BITS * level)) - 1));
        for (int slot = slot(from, level); slot <= slot(last, level); slot++) {
            if (level == 0) {
                if (node.getAndSet(slot, null) != null) {
                    allocatedPages.decrementAndGet();
                }
                continue;
            }
            Object child = node.get(slot);
            if (child != null) {
                free(node(child), level - 1, nodeStart + ((long) slot << (NODE_BITS * level)), first, end);
            }
        }
    }

    /** Returns the first page from {@code first} on that exists, {@code end} if there is none before. */
    public long nextPresent(long first, long end) {
        long page = first;
        while (page < end) {
            int level = absentLevel(page);
            if (level < 0) {
                return page;
            }
            // All that the empty slot would span is absent.
            page = ((page >>> (NODE_BITS * level)) + 1) << (NODE_BITS * level);
        }
        return end;
    }

    /** Returns the level at which the way to {@code page} ends; -1 if the page exists. */
    private int absentLevel(long page) {
        AtomicReferenceArray<@Nullable Object> node = root;
        for (int level = height; level >= 0; level--) {
            Object child = node.get(slot(page, level));
            if (child == null) {
                return level;
            }
            if (level > 0) {
                node = node(child);
            }
        }
        return -1;
    }

    private static int slot(long page, int level) {
        return (int) (page >>> (NODE_BITS * level)) & (NODE_SIZE - 1);
    }

    @SuppressWarnings("unchecked") // A slot above the leaves holds nothing but nodes.
    private static AtomicReferenceArray<@Nullable Object> node(Object child) {
        return (AtomicReferenceArray<@Nullable Object>) child;
    }
}
