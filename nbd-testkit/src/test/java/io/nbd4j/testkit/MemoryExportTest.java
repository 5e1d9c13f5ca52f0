package io.nbd4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.nbd4j.codec.NbdError;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MemoryExportTest {
    private static final int PAGE = 32 * 1024;
    private static final long TEBIBYTE = 1L << 40;

    @Test
    void aTebibyteThatNobodyWroteToOccupiesNothing() throws ExportException {
        // Given
        MemoryExport export = MemoryExport.ofSize(TEBIBYTE);

        // When
        byte[] read = read(export, TEBIBYTE - 100_000, 100_000);
        export.zero(0, TEBIBYTE, true);
        export.trim(0, TEBIBYTE);

        // Then
        assertThat(read).containsOnly(0);
        assertThat(export.allocatedBytes()).isZero();
    }

    /** What the thread allocates, garbage included, is at least what the export keeps. */
    @Test
    void aTebibyteThatNobodyWroteToNeedsLessThanAMebibyte() {
        // Given
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        ByteBuf dst = Unpooled.buffer(1 << 20);
        long before = threads.getCurrentThreadAllocatedBytes();

        // When
        MemoryExport export = MemoryExport.ofSize(TEBIBYTE);
        for (long offset = 0; offset < TEBIBYTE; offset += TEBIBYTE / 64) {
            export.read(offset, dst.clear(), 1 << 20);
        }
        long data = export.nextData(0, TEBIBYTE);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;

        // Then
        assertThat(data).isEqualTo(TEBIBYTE);
        assertThat(allocated).isBetween(1L, 1L << 20);
    }

    @Test
    void readsBackWhatWasWrittenAcrossPages() throws ExportException {
        // Given
        MemoryExport export = MemoryExport.ofSize(1 << 20);
        byte[] content = random(3 * PAGE);

        // When
        write(export, 1000, content);

        // Then
        assertThat(read(export, 1000, content.length)).isEqualTo(content);
        assertThat(read(export, 0, 1000)).containsOnly(0);
        assertThat(export.allocatedBytes()).isEqualTo(4 * PAGE);
    }

    @Test
    void theLastByteOfTheLargestDiskIsThere() throws ExportException {
        // Given
        MemoryExport export = MemoryExport.ofSize(Long.MAX_VALUE);
        byte[] content = {1, 2, 3};

        // When
        write(export, Long.MAX_VALUE - 3, content);

        // Then
        assertThat(read(export, Long.MAX_VALUE - 4, 4)).containsExactly(0, 1, 2, 3);
        assertThat(export.nextData(0, Long.MAX_VALUE)).isEqualTo(Long.MAX_VALUE / PAGE * PAGE);

        // When
        export.zero(0, Long.MAX_VALUE, true);

        // Then
        assertThat(export.allocatedBytes()).isZero();
    }

    @Test
    void zeroingFreesWholePagesAndKeepsWhatIsBeside() throws ExportException {
        // Given
        MemoryExport export = MemoryExport.ofSize(1 << 20);
        byte[] content = random(4 * PAGE);
        write(export, 0, content);

        // When
        export.zero(PAGE - 1, 2 * PAGE + 2, true);

        // Then
        byte[] read = read(export, 0, content.length);
        assertThat(export.allocatedBytes()).isEqualTo(2 * PAGE);
        assertThat(read).startsWith(Arrays.copyOf(content, PAGE - 1));
        assertThat(Arrays.copyOfRange(read, PAGE - 1, 3 * PAGE + 1)).containsOnly(0);
        assertThat(Arrays.copyOfRange(read, 3 * PAGE + 1, 4 * PAGE))
                .isEqualTo(Arrays.copyOfRange(content, 3 * PAGE + 1, 4 * PAGE));
    }

    @Test
    void zeroingWithoutAHoleAllocates() throws ExportException {
        // Given
        MemoryExport export = MemoryExport.ofSize(1 << 20);

        // When
        export.zero(100, 2 * PAGE, false);

        // Then
        assertThat(export.allocatedBytes()).isEqualTo(3 * PAGE);
        assertThat(read(export, 0, 3 * PAGE)).containsOnly(0);
    }

    @Test
    void trimmingFreesOnlyPagesThatAreGivenUpWhole() throws ExportException {
        // Given
        MemoryExport export = MemoryExport.ofSize(3 * PAGE + 5);
        byte[] content = random(3 * PAGE + 5);
        write(export, 0, content);

        // When
        export.trim(1, 3 * PAGE + 4);

        // Then the short page at the end is gone, the first is not
        assertThat(export.allocatedBytes()).isEqualTo(PAGE);
        assertThat(read(export, 0, PAGE)).isEqualTo(Arrays.copyOf(content, PAGE));

        // When
        export.trim(0, PAGE - 1);

        // Then
        assertThat(export.allocatedBytes()).isEqualTo(PAGE);
    }

    @Test
    void aWriteBeyondTheMemoryLimitFindsNoSpace() throws ExportException {
        // Given
        MemoryExport export = MemoryExport.ofSize(TEBIBYTE, 2 * PAGE);
        write(export, 0, random(2 * PAGE));

        // When // Then
        assertThatThrownBy(() -> write(export, 10 * PAGE, new byte[1]))
                .isInstanceOfSatisfying(
                        ExportException.class, e -> assertThat(e.error()).isEqualTo(NbdError.ENOSPC));
        write(export, 0, random(2 * PAGE));

        // When
        export.zero(0, PAGE, true);

        // Then
        write(export, 10 * PAGE, new byte[] {7});
        assertThat(read(export, 10 * PAGE, 1)).containsExactly(7);
    }

    @Test
    void findsHolesAndData() throws ExportException {
        // Given
        MemoryExport export = MemoryExport.ofSize(TEBIBYTE);
        long data = TEBIBYTE / 2;
        write(export, data + 10, new byte[] {1});

        // When // Then
        assertThat(export.nextData(0, TEBIBYTE)).isEqualTo(data);
        assertThat(export.nextData(data + 5, TEBIBYTE)).isEqualTo(data + 5);
        assertThat(export.nextData(data + PAGE, TEBIBYTE)).isEqualTo(TEBIBYTE);
        assertThat(export.nextHole(0, TEBIBYTE)).isZero();
        assertThat(export.nextHole(data, TEBIBYTE)).isEqualTo(data + PAGE);
        assertThat(export.nextHole(data, data + 100)).isEqualTo(data + 100);
    }

    @Test
    void writersOfDisjointRangesOfOnePageDoNotDisturbEachOther() throws Exception {
        // Given
        MemoryExport export = MemoryExport.ofSize(64L << 20);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            int lane = i;
            threads.add(new Thread(() -> {
                ByteBuf content = Unpooled.buffer().writeZero(512);
                for (int at = 0; at < 512; at++) {
                    content.setByte(at, lane + 1);
                }
                for (long at = lane * 512L; at < export.size(); at += 2048) {
                    try {
                        export.write(at, content.duplicate(), 512);
                    } catch (ExportException e) {
                        throw new IllegalStateException(e);
                    }
                }
            }));
        }

        // When
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }

        // Then
        assertThat(export.allocatedBytes()).isEqualTo(export.size());
        for (long at = 0; at < export.size(); at += 1 << 20) {
            byte[] read = read(export, at, 1 << 20);
            for (int i = 0; i < read.length; i++) {
                if (read[i] != i / 512 % 4 + 1) {
                    assertThat(read[i]).as("byte %d", at + i).isEqualTo((byte) (i / 512 % 4 + 1));
                }
            }
        }
    }

    static byte[] read(Export export, long offset, int length) throws ExportException {
        ByteBuf out = Unpooled.buffer(length);
        export.read(offset, out, length);
        return ByteBufUtil.getBytes(out);
    }

    private static void write(Export export, long offset, byte[] content) throws ExportException {
        export.write(offset, Unpooled.wrappedBuffer(content), content.length);
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}
