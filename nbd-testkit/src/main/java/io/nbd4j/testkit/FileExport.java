package io.nbd4j.testkit;

import io.nbd4j.codec.NbdError;
import io.netty.buffer.ByteBuf;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;

/**
 * A file or a block device, or its beginning.
 *
 * <p>Java can neither find holes in a file nor make them. So all of it is reported as data, zeroing writes zeroes, and
 * trimming does nothing.
 *
 * <p>A server does not close its exports: the program does, after the server.
 */
public final class FileExport implements Export, Closeable {
    private static final long WHOLE = -1;
    private static final int ZEROES = 256 * 1024;

    // Of a file's mode on Unix.
    private static final int TYPE = 0170000;
    private static final int BLOCK_DEVICE = 0060000;

    private final Path file;
    private final FileChannel channel;
    private final long size;
    private final boolean readOnly;

    private FileExport(Path file, FileChannel channel, long size, boolean readOnly) {
        this.file = file;
        this.channel = channel;
        this.size = size;
        this.readOnly = readOnly;
    }

    /**
     * Opens all of a file for reading and writing.
     *
     * @throws FileSystemException if the file is missing, is no file, or may not be read and written
     */
    public static FileExport open(Path file) throws IOException {
        return open(file, WHOLE, false);
    }

    /**
     * Opens the first {@code size} bytes of a file for reading and writing.
     *
     * @throws FileSystemException if the file is missing, shorter, no file, or may not be read and written
     */
    public static FileExport open(Path file, long size) throws IOException {
        return open(file, requireNotNegative(size), false);
    }

    /**
     * Opens all of a file for reading.
     *
     * @throws FileSystemException if the file is missing, is no file, or may not be read
     */
    public static FileExport openReadOnly(Path file) throws IOException {
        return open(file, WHOLE, true);
    }

    /**
     * Opens the first {@code size} bytes of a file for reading.
     *
     * @throws FileSystemException if the file is missing, shorter, no file, or may not be read
     */
    public static FileExport openReadOnly(Path file, long size) throws IOException {
        return open(file, requireNotNegative(size), true);
    }

    private static long requireNotNegative(long size) {
        if (size < 0) {
            throw new IllegalArgumentException("size " + size + " is negative");
        }
        return size;
    }

    private static FileExport open(Path file, long size, boolean readOnly) throws IOException {
        Set<OpenOption> options =
                readOnly ? Set.of(StandardOpenOption.READ) : Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE);
        FileChannel channel;
        try {
            requireContent(file); // Before it is opened: that would wait for the other end of a pipe.
            channel = FileChannel.open(file, options);
        } catch (NoSuchFileException e) {
            throw because(e, new NoSuchFileException(file.toString(), null, "no such file"));
        } catch (AccessDeniedException e) {
            throw because(e, new AccessDeniedException(file.toString(), null, "permission denied"));
        }
        boolean opened = false;
        try {
            long present = channel.size();
            if (size > present) {
                throw new FileSystemException(
                        file.toString(), null, "it has " + present + " bytes, and the export would have " + size);
            }
            opened = true;
            return new FileExport(file, channel, size == WHOLE ? present : size, readOnly);
        } finally {
            if (!opened) {
                channel.close();
            }
        }
    }

    private static void requireContent(Path file) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        if (attributes.isDirectory()) {
            throw new FileSystemException(file.toString(), null, "it is a directory");
        }
        if (attributes.isOther() && !isBlockDevice(file)) {
            throw new FileSystemException(file.toString(), null, "it is neither a file nor a block device");
        }
    }

    private static boolean isBlockDevice(Path file) throws IOException {
        return file.getFileSystem().supportedFileAttributeViews().contains("unix")
                && ((int) Files.getAttribute(file, "unix:mode") & TYPE) == BLOCK_DEVICE;
    }

    private static <E extends FileSystemException> E because(FileSystemException cause, E failure) {
        failure.initCause(cause);
        return failure;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean isReadOnly() {
        return readOnly;
    }

    @Override
    public boolean isBlocking() {
        return true;
    }

    @Override
    public void read(long offset, ByteBuf dst, int length) throws ExportException {
        int done = 0;
        try {
            while (done < length) {
                int read = dst.writeBytes(channel, offset + done, length - done);
                if (read < 0) {
                    throw new EOFException("the file has become shorter");
                }
                done += read;
            }
        } catch (IOException e) {
            throw failure(e);
        }
    }

    @Override
    public void write(long offset, ByteBuf src, int length) throws ExportException {
        requireWritable();
        int done = 0;
        try {
            while (done < length) {
                done += src.readBytes(channel, offset + done, length - done);
            }
        } catch (IOException e) {
            throw failure(e);
        }
    }

    @Override
    public void zero(long offset, long length, boolean mayPunchHole) throws ExportException {
        requireWritable();
        ByteBuffer zeroes = ByteBuffer.allocateDirect((int) Math.min(length, ZEROES));
        long done = 0;
        try {
            while (done < length) {
                zeroes.rewind().limit((int) Math.min(length - done, zeroes.capacity()));
                done += channel.write(zeroes, offset + done);
            }
        } catch (IOException e) {
            throw failure(e);
        }
    }

    private void requireWritable() throws ExportException {
        if (readOnly) {
            throw new ExportException(NbdError.EPERM, "the file is open for reading only");
        }
    }

    @Override
    public void flush() throws ExportException {
        try {
            channel.force(false); // The size, which this would leave out, never changes.
        } catch (IOException e) {
            throw failure(e);
        }
    }

    private static ExportException failure(IOException cause) {
        String message = cause.getMessage();
        String reason = message == null ? "the file is closed" : message;
        // The message is all that Java tells.
        NbdError error = reason.startsWith("No space left") ? NbdError.ENOSPC : NbdError.EIO;
        ExportException failure = new ExportException(error, reason);
        failure.initCause(cause);
        return failure;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    @Override
    public String toString() {
        return "FileExport[" + file + "]";
    }
}
