package io.nbd4j.client.internal.subprocess;

import io.nbd4j.client.internal.logging.Loggers;
import java.io.IOException;
import java.io.InputStream;
import org.slf4j.Logger;

/**
 * Reads the standard error of one child where only a blocking stream reaches it.
 *
 * <p>One thread per child, not one for all: a blocking read can't watch several streams, and polling
 * {@code available()} would neither see the end of a stream nor rest. There are never more of these threads than
 * processes holding a captured stderr; each ends with its stream.
 */
public final class StderrThread {
    private static final Logger LOG = Loggers.SUBPROCESS;
    private static final int PIECE = 8 * 1024;
    private static final long STACK_BYTES = 128 * 1024;

    private StderrThread() {}

    /** Starts a daemon thread that moves {@code stderr} to {@code tail}, then ends the tail and closes the stream. */
    public static void start(InputStream stderr, StderrTail tail, long pid) {
        Thread thread = new Thread(null, () -> drain(stderr, tail), "nbd4j-stderr-" + pid, STACK_BYTES, false);
        thread.setDaemon(true);
        thread.start();
    }

    private static void drain(InputStream stderr, StderrTail tail) {
        byte[] piece = new byte[PIECE];
        try (stderr) {
            for (int n = stderr.read(piece); n >= 0; n = stderr.read(piece)) {
                tail.append(piece, 0, n);
            }
        } catch (IOException e) {
            LOG.debug("The standard error of a child could not be read to its end", e);
        } finally {
            tail.end();
        }
    }
}
