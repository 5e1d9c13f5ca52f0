package io.nbd4j.testkit;

import io.nbd4j.codec.NbdError;
import io.netty.buffer.ByteBuf;

/** A read-only disk of which each eight bytes hold their own offset, big-endian. What nbdkit's pattern plugin serves. */
public final class PatternExport implements Export {
    private final long size;

    private PatternExport(long size) {
        this.size = size;
    }

    /** Creates a disk of {@code size} bytes. */
    public static PatternExport ofSize(long size) {
        if (size < 0) {
            throw new IllegalArgumentException("size " + size + " is negative");
        }
        return new PatternExport(size);
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean isReadOnly() {
        return true;
    }

    @Override
    public void read(long offset, ByteBuf dst, int length) {
        long at = offset;
        int left = length;
        while (left > 0) {
            int inWord = (int) at & 7;
            if (inWord == 0 && left >= Long.BYTES) {
                dst.writeLong(at);
                at += Long.BYTES;
                left -= Long.BYTES;
            } else {
                dst.writeByte((int) ((at & -8L) >>> (8 * (7 - inWord))));
                at++;
                left--;
            }
        }
    }

    @Override
    public void write(long offset, ByteBuf src, int length) throws ExportException {
        throw readOnly();
    }

    @Override
    public void zero(long offset, long length, boolean mayPunchHole) throws ExportException {
        throw readOnly();
    }

    private static ExportException readOnly() {
        return new ExportException(NbdError.EPERM, "the pattern is read-only");
    }
}
