package io.nbd4j.testkit.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.codec.NbdError;
import io.nbd4j.testkit.Export;
import io.nbd4j.testkit.ExportException;
import io.nbd4j.testkit.MetaContext.Extent;
import io.netty.buffer.ByteBuf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AllocationContextTest {
    @ParameterizedTest(name = "block {0}, data {1} to {2}: at {3} {4} bytes of status {5}")
    @CsvSource({
        "1, 100, 200, 0, 100, 3",
        "1, 100, 200, 100, 100, 0",
        "1, 100, 200, 150, 50, 0",
        "1, 100, 200, 200, 9800, 3",
        "64, 100, 200, 0, 64, 3", // half a block of data is data
        "64, 100, 200, 64, 192, 0",
        "64, 100, 200, 256, 9744, 3",
        "64, 128, 192, 64, 64, 3",
        "64, 128, 192, 128, 64, 0",
        "64, 100, 101, 64, 64, 0",
        "4096, 9000, 9500, 8192, 1808, 0", // the last block is not a whole one
        "64, 0, 10000, 0, 10000, 0"
    })
    void namesHolesInWholeBlocks(long block, long dataStart, long dataEnd, long offset, long length, long status)
            throws ExportException {
        AllocationContext context = new AllocationContext(new OnePiece(10000, dataStart, dataEnd), block);
        assertThat(context.extentAt(offset, 10000)).isEqualTo(new Extent(length, status));
    }

    @ParameterizedTest
    @CsvSource({"1", "65536"})
    void countsUpToTheEndOfTheLargestExport(long block) throws ExportException {
        long size = Long.MAX_VALUE;
        AllocationContext context = new AllocationContext(new OnePiece(size, size - 2, size - 1), block);
        long lastBlock = size - size % block;
        long dataStart = block == 1 ? size - 2 : lastBlock;
        assertThat(context.extentAt(0, size)).isEqualTo(new Extent(dataStart, 3));
        assertThat(context.extentAt(dataStart, size)).isEqualTo(new Extent(block == 1 ? 1 : size - lastBlock, 0));
    }

    /** Has one piece of data, and holes around it. */
    private record OnePiece(long size, long dataStart, long dataEnd) implements Export {
        @Override
        public long nextData(long offset, long end) {
            if (offset < dataStart) {
                return Math.min(dataStart, end);
            }
            return offset < dataEnd ? offset : end;
        }

        @Override
        public long nextHole(long offset, long end) {
            return offset >= dataStart && offset < dataEnd ? Math.min(dataEnd, end) : offset;
        }

        @Override
        public void read(long offset, ByteBuf dst, int length) {
            dst.writeZero(length);
        }

        @Override
        public void write(long offset, ByteBuf src, int length) throws ExportException {
            throw new ExportException(NbdError.EPERM, "");
        }

        @Override
        public void zero(long offset, long length, boolean mayPunchHole) throws ExportException {
            throw new ExportException(NbdError.EPERM, "");
        }
    }
}
