package io.nbd4j.client.internal.transport.stream;

import io.nbd4j.client.internal.logging.Loggers;
import java.io.Closeable;
import java.io.IOException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;

/**
 * The one thread that touches one stream, closing included: to close a stream under a thread that is blocked in it may
 * block too (a buffered one is flushed first), or let that thread go on with a descriptor that is another file's by
 * then. It is a daemon, begins with the first task and ends when the stream is closed.
 *
 * <p>A thread that is blocked in the stream ends once the child does; whoever started the child ends it.
 */
final class StreamThread {
    private static final Logger logger = Loggers.TRANSPORT;

    private final Closeable stream;
    private final String name;
    private final ThreadPoolExecutor executor;

    StreamThread(Closeable stream, String name) {
        this.stream = stream;
        this.name = name;
        executor = new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), this::newThread);
    }

    private Thread newThread(Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        return thread;
    }

    /** Runs {@code task} after those that came before it. */
    void execute(Runnable task) {
        executor.execute(task);
    }

    /** Closes the stream after the tasks that came before, then ends the thread. Does not wait. */
    void closeStreamAndEnd() {
        executor.execute(this::closeStream);
        executor.shutdown();
    }

    private void closeStream() {
        try {
            stream.close();
        } catch (IOException e) {
            logger.debug("{}: closing failed, the child is gone", name, e);
        }
    }
}
