package io.nbd4j.testkit;

import io.nbd4j.testkit.internal.PageTable;
import io.netty.buffer.ByteBuf;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A sparse disk in memory, all zeroes at first.
 *
 * <p>Only pages that were written occupy memory, so the size may be terabytes. Zeroing and trimming frees whole pages.
 * What is written beyond the limit on the memory in use is refused with ENOSPC.
 */
public final class MemoryExport implements Export {
    private static final byte[] ZEROES = new byte[PageTable.PAGE_SIZE];

    private final long size;
    private final PageTable pages;

    private MemoryExport(long size, long maxAllocatedBytes) {
        this.size = size;
        this.pages = new PageTable(size, maxAllocatedBytes);
    }

    /** Creates a disk of {@code size} bytes that may occupy three quarters of the heap. */
    public static MemoryExport ofSize(long size) {
        return ofSize(size, Runtime.getRuntime().maxMemory() / 4 * 3);
    }

    /** Creates a disk of {@code size} bytes that may occupy {@code maxAllocatedBytes}. */
    public static MemoryExport ofSize(long size, long maxAllocatedBytes) {
        if (size < 0) {
            throw new IllegalArgumentException("size " + size + " is negative");
        }
        return new MemoryExport(size, maxAllocatedBytes);
    }

    @Override
    public long size() {
        return size;
    }

    /** Returns how many bytes of memory hold content at the moment. */
    public long allocatedBytes() {
        return pages.allocatedBytes();
    }

    @Override
    public boolean isZeroFast() {
        return true;
    }

    @Override
    public void read(long offset, ByteBuf dst, int length) {
        VarHandle.acquireFence(); // Pairs with the one in write: what another connection had answered is seen.
        long end = offset + length;
        for (long at = offset; at < end; at = PageTable.pageEnd(at, end)) {
            byte @Nullable [] page = pages.find(PageTable.pageOf(at));
            dst.writeBytes(page == null ? ZEROES : page, PageTable.inPage(at), length(at, end));
        }
    }

    @Override
    public void write(long offset, ByteBuf src, int length) throws ExportException {
        long end = offset + length;
        for (long at = offset; at < end; at = PageTable.pageEnd(at, end)) {
            src.readBytes(pages.findOrAllocate(PageTable.pageOf(at)), PageTable.inPage(at), length(at, end));
        }
        VarHandle.releaseFence();
    }

    @Override
    public void zero(long offset, long length, boolean mayPunchHole) throws ExportException {
        long end = offset + length;
        long at = offset;
        while (at < end) {
            if (mayPunchHole && PageTable.inPage(at) == 0 && wholePagesEnd(end) > at) {
                at = free(at, end);
            } else {
                fill(at, end, mayPunchHole);
                at = PageTable.pageEnd(at, end);
            }
        }
        VarHandle.releaseFence();
    }

    @Override
    public void trim(long offset, long length) {
        long end = offset + length;
        long firstPage = PageTable.inPage(offset) == 0 ? offset : PageTable.pageEnd(offset, end);
        if (wholePagesEnd(end) > firstPage) {
            free(firstPage, end);
        }
    }

    /** Frees the whole pages between the start of a page and {@code end}. Returns where they end. */
    private long free(long at, long end) {
        long wholeEnd = wholePagesEnd(end);
        pages.free(PageTable.pageOf(at), PageTable.pageOf(wholeEnd - 1) + 1);
        return wholeEnd;
    }

    /** Returns the end of the last page that ends at {@code end} or before. The last page of all may be a short one. */
    private long wholePagesEnd(long end) {
        return end == size ? end : end - PageTable.inPage(end);
    }

    private void fill(long at, long end, boolean mayPunchHole) throws ExportException {
        long number = PageTable.pageOf(at);
        byte @Nullable [] page = mayPunchHole ? pages.find(number) : pages.findOrAllocate(number);
        if (page != null) {
            Arrays.fill(page, PageTable.inPage(at), PageTable.inPage(at) + length(at, end), (byte) 0);
        }
    }

    @Override
    public long nextData(long offset, long end) {
        long page = pages.nextPresent(PageTable.pageOf(offset), PageTable.pageOf(end - 1) + 1);
        return Math.min(end, Math.max(offset, PageTable.startOf(page)));
    }

    @Override
    public long nextHole(long offset, long end) {
        long page = PageTable.pageOf(offset);
        long last = PageTable.pageOf(end - 1);
        while (page <= last && pages.find(page) != null) {
            page++;
        }
        return Math.min(end, Math.max(offset, PageTable.startOf(page)));
    }

    private static int length(long at, long end) {
        return (int) (PageTable.pageEnd(at, end) - at);
    }
}
