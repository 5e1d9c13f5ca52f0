package io.nbd4j.testkit.internal;

import io.nbd4j.testkit.Export;
import io.nbd4j.testkit.ExportException;
import io.nbd4j.testkit.MetaContext;

/** {@code base:allocation}: where the holes of an export are, in whole minimum blocks. Half a block of data is data. */
final class AllocationContext implements MetaContext {
    private static final long HOLE = 1;
    private static final long ZERO = 1 << 1;

    private final Export export;
    private final long minimumBlock;

    AllocationContext(Export export, long minimumBlock) {
        this.export = export;
        this.minimumBlock = minimumBlock;
    }

    @Override
    public String name() {
        return ALLOCATION;
    }

    @Override
    public Extent extentAt(long offset, long end) throws ExportException {
        long data = export.nextData(offset, end);
        long wholeHole = data >= end ? end : data - data % minimumBlock;
        if (wholeHole > offset) {
            return new Extent(wholeHole - offset, HOLE | ZERO);
        }
        long hole = export.nextHole(data, end);
        long inBlock = hole % minimumBlock;
        long missing = inBlock == 0 ? 0 : minimumBlock - inBlock;
        return new Extent((end - hole <= missing ? end : hole + missing) - offset, 0);
    }
}
