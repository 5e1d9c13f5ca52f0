package io.nbd4j.client.internal.subprocess;

import io.nbd4j.client.internal.logging.Loggers;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.FutureListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Reads the end of a stderr pipe on an event loop, so that no thread waits for it. Confined to the loop, but for
 * {@link #start}.
 *
 * <p>It reads until the end of the pipe, also after the child ended: a grandchild that still writes would be killed by
 * SIGPIPE if this end were closed. When the loop ends, so does the capture.
 */
public final class EpollStderr implements EpollIoHandle {
    private static final Logger LOG = Loggers.SUBPROCESS;
    private static final int PIECE = StderrTail.CAPACITY;

    /** A child that writes without pause must not keep the loop from the other connections. */
    private static final int PIECES_PER_EVENT = 8;

    private final FileDescriptor pipe;
    private final StderrTail tail;
    private final IoEventLoop loop;
    private final FutureListener<Object> whenLoopEnds = ended -> finish();

    private EpollStderr(FileDescriptor pipe, StderrTail tail, IoEventLoop loop) {
        this.pipe = pipe;
        this.tail = tail;
        this.loop = loop;
    }

    /**
     * Starts reading, from any thread.
     *
     * @param pipe the non-blocking reading end. It is taken: closed at its end, at the end of the loop, or if it can't be
     *     registered
     * @param tail fed on the loop, and ended in each of these cases
     */
    public static void start(FileDescriptor pipe, StderrTail tail, IoEventLoop loop) {
        EpollStderr reader = new EpollStderr(pipe, tail, loop);
        // Netty does not promise to close its handles when a loop ends, but it does tell of the end.
        loop.terminationFuture().addListener(reader.whenLoopEnds);
        try {
            loop.register(reader).addListener((Future<IoRegistration> registered) -> reader.onRegistered(registered));
        } catch (RejectedExecutionException e) {
            LOG.debug("The standard error of a child is lost: the event loop is shutting down", e);
        }
    }

    private void onRegistered(Future<IoRegistration> registered) {
        Throwable problem = registered.isSuccess() ? watch(registered.getNow()) : registered.cause();
        if (problem != null) {
            LOG.debug("The standard error of a child is lost: it can't be watched", problem);
            finish();
        }
    }

    /** Registering only files the handle; the descriptor is watched from the first submit on. Returns what is in the way. */
    private static @Nullable Throwable watch(IoRegistration registration) {
        try {
            registration.submit(EpollIoOps.EPOLLIN);
            return null;
        } catch (UncheckedIOException e) {
            registration.cancel();
            return e;
        }
    }

    @Override
    public FileDescriptor fd() {
        return pipe;
    }

    /** Reads on any event: the end of a pipe is reported as a bare hang-up, without the readable bit. */
    @Override
    public void handle(IoRegistration registration, IoEvent event) {
        ByteBuf buffer = ByteBufAllocator.DEFAULT.directBuffer(PIECE, PIECE);
        try {
            if (readIsAtEnd(buffer)) {
                registration.cancel();
                finish();
            }
        } catch (IOException e) {
            LOG.debug("The standard error of a child could not be read to its end", e);
            registration.cancel();
            finish();
        } finally {
            buffer.release();
        }
    }

    private boolean readIsAtEnd(ByteBuf buffer) throws IOException {
        byte[] copy = new byte[PIECE];
        for (int i = 0; i < PIECES_PER_EVENT; i++) {
            // The view may begin anywhere in a chunk of the pool, so its own bounds count.
            ByteBuffer view = buffer.internalNioBuffer(0, PIECE);
            int n = pipe.read(view, view.position(), view.limit());
            if (n < 0) {
                return true;
            }
            buffer.getBytes(0, copy, 0, n);
            tail.append(copy, 0, n);
            if (n < PIECE) {
                return false;
            }
        }
        return false;
    }

    /** Called by Netty when the loop ends with the handle still registered. */
    @Override
    public void close() {
        finish();
    }

    private void finish() {
        if (!pipe.isOpen()) {
            return;
        }
        try {
            pipe.close();
        } catch (IOException e) {
            LOG.debug("A stderr pipe could not be closed", e);
        }
        loop.terminationFuture().removeListener(whenLoopEnds);
        tail.end();
    }
}
