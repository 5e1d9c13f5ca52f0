package io.nbd4j.tools.serve;

import io.nbd4j.testkit.Export;
import io.nbd4j.testkit.FileExport;
import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.PatternExport;
import io.nbd4j.testkit.ReadOnlyExport;
import io.nbd4j.tools.ToolException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What is served, and has to be closed afterwards.
 *
 * @param file the file that is open for it, if any
 */
record ServedDisk(Export export, @Nullable FileExport file) implements AutoCloseable {
    static ServedDisk memory(long size, boolean readOnly) {
        Export disk = MemoryExport.ofSize(size);
        return new ServedDisk(readOnly ? new ReadOnlyExport(disk) : disk, null);
    }

    static ServedDisk pattern(long size) {
        return new ServedDisk(PatternExport.ofSize(size), null);
    }

    /**
     * Opens a file.
     *
     * @param size of its beginning; {@code null} to serve all of it
     * @throws ToolException if it can't be served
     */
    static ServedDisk file(Path path, @Nullable Long size, boolean readOnly) {
        try {
            FileExport file;
            if (readOnly) {
                file = size == null ? FileExport.openReadOnly(path) : FileExport.openReadOnly(path, size);
            } else {
                file = size == null ? FileExport.open(path) : FileExport.open(path, size);
            }
            return new ServedDisk(file, file);
        } catch (IOException e) {
            throw new ToolException(String.valueOf(e.getMessage()), e);
        }
    }

    @Override
    public void close() {
        try {
            if (file != null) {
                file.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
