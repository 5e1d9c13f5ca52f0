package io.nbd4j.tools.load;

import io.nbd4j.client.ExportInfo;
import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.tools.ToolException;
import org.jspecify.annotations.Nullable;

/**
 * The blocks of an export that one connection works on. Connections to the same export divide it, so that no two of them
 * have a request on the same block, and each sees its own writes also where the server does not promise that
 * connections see each other's ({@code NBD_FLAG_CAN_MULTI_CONN}).
 *
 * @param firstBlock its offset in the export is {@code firstBlock * blockSize}
 * @param blocks how many, at least one
 */
record Region(long firstBlock, long blocks) {

    /**
     * Returns the share of one of {@code sharers} connections to an export.
     *
     * @throws ToolException if the export can't do what the options ask for
     */
    static Region of(ExportInfo export, LoadOptions options, int index, int sharers) {
        checkBlockSize(export.constraints(), options.blockSize());
        if (options.pattern().writes() && export.isReadOnly()) {
            throw new ToolException("the export is read-only, and --rw " + options.pattern() + " writes");
        }
        if (options.fill() && export.isReadOnly()) {
            throw new ToolException("the export is read-only, and --fill writes");
        }
        long blocks = export.size() / options.blockSize();
        if (blocks == 0) {
            throw new ToolException("the export has " + export.size() + " bytes, less than one block of "
                    + options.blockSize() + " (--bs)");
        }
        if (blocks < sharers) {
            throw new ToolException("the export has " + blocks + " blocks of " + options.blockSize()
                    + " bytes (--bs), not enough for " + sharers + " connections");
        }
        // The first ones take what is left over.
        long share = blocks / sharers;
        long leftOver = blocks % sharers;
        return new Region(index * share + Math.min(index, leftOver), share + (index < leftOver ? 1 : 0));
    }

    private static void checkBlockSize(@Nullable SizeConstraints constraints, int blockSize) {
        if (constraints != null && blockSize % constraints.minimumBlock() != 0) {
            throw new ToolException("--bs " + blockSize + " is not a multiple of the export's minimum block of "
                    + constraints.minimumBlock() + " bytes");
        }
    }
}
