package io.nbd4j.client.internal.subprocess.pipe;

import io.nbd4j.client.internal.logging.Loggers;
import io.netty.channel.unix.FileDescriptor;
import java.io.File;
import java.io.IOException;
import org.slf4j.Logger;

/**
 * A pipe between this process and a child that is not started yet. Confined to one thread.
 *
 * <p>Both ends are non-blocking, and the flag belongs to the open file, so the child must not inherit its end: a server
 * that finds its stdout full would lose data. It gets the end by a name under {@code /proc}, which opens it anew.
 */
final class ChildPipe implements AutoCloseable {
    /** Where a process finds its own descriptors by name. */
    static final String DESCRIPTORS = "/proc/self/fd";

    private static final Logger LOG = Loggers.SUBPROCESS;

    private final FileDescriptor ours;
    private final FileDescriptor childs;
    private boolean released;

    private ChildPipe(FileDescriptor ours, FileDescriptor childs) {
        this.ours = ours;
        this.childs = childs;
    }

    /** Opens a pipe that the child writes and this process reads. */
    static ChildPipe fromChild() throws IOException {
        FileDescriptor[] ends = FileDescriptor.pipe();
        return new ChildPipe(ends[0], ends[1]);
    }

    /** Opens a pipe that this process writes and the child reads. */
    static ChildPipe toChild() throws IOException {
        FileDescriptor[] ends = FileDescriptor.pipe();
        return new ChildPipe(ends[1], ends[0]);
    }

    /** Returns our end; it is closed with this object unless it was released. */
    FileDescriptor ours() {
        return ours;
    }

    /** Says that our end has another owner now. */
    void release() {
        released = true;
    }

    /** Returns the name under which this process, until this object is closed, opens the child's end anew. */
    File childsFile() {
        return new File(DESCRIPTORS, Integer.toString(childs.intValue()));
    }

    /** Closes the child's end, which only the child should have now, or nobody if there is none. Never fails. */
    @Override
    public void close() {
        close(childs);
        if (!released) {
            close(ours);
        }
    }

    private static void close(FileDescriptor end) {
        try {
            end.close();
        } catch (IOException e) {
            // The number is free whatever close returned, and a child that was started must not be lost over it.
            LOG.debug("The end of a pipe was not closed cleanly", e);
        }
    }
}
