package io.nbd4j.testkit;

import io.nbd4j.codec.NbdError;
import io.netty.buffer.ByteBuf;

/** Another export, without a way to change it. */
public final class ReadOnlyExport implements Export {
    private final Export export;

    /** Creates a read-only view of {@code export}. */
    public ReadOnlyExport(Export export) {
        this.export = export;
    }

    @Override
    public long size() {
        return export.size();
    }

    @Override
    public boolean isReadOnly() {
        return true;
    }

    @Override
    public boolean canMultiConn() {
        return export.canMultiConn();
    }

    @Override
    public boolean isRotational() {
        return export.isRotational();
    }

    @Override
    public void cache(long offset, long length) throws ExportException {
        export.cache(offset, length);
    }

    @Override
    public boolean isBlocking() {
        return export.isBlocking();
    }

    @Override
    public void read(long offset, ByteBuf dst, int length) throws ExportException {
        export.read(offset, dst, length);
    }

    @Override
    public void write(long offset, ByteBuf src, int length) throws ExportException {
        throw readOnly();
    }

    @Override
    public void zero(long offset, long length, boolean mayPunchHole) throws ExportException {
        throw readOnly();
    }

    @Override
    public void trim(long offset, long length) throws ExportException {
        throw readOnly();
    }

    @Override
    public long nextData(long offset, long end) throws ExportException {
        return export.nextData(offset, end);
    }

    @Override
    public long nextHole(long offset, long end) throws ExportException {
        return export.nextHole(offset, end);
    }

    private static ExportException readOnly() {
        return new ExportException(NbdError.EPERM, "the export is read-only");
    }
}
