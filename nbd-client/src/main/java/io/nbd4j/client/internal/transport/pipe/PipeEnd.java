package io.nbd4j.client.internal.transport.pipe;

import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Our end of one pipe: a descriptor and its registration with the event loop.
 *
 * <p>Always edge-triggered: hang-up and error can't be masked, so a level-triggered end of a dead pipe makes the loop
 * spin whatever the interest. Nor is the interest ever set to nothing: a registration can't recover from that.
 */
final class PipeEnd implements EpollIoHandle {
    private final FileDescriptor fd;
    private final EpollIoOps interest;
    private final Consumer<EpollIoOps> onEvent;
    private final Runnable onLoopShutdown;
    private @Nullable IoRegistration registration;
    private long events;

    /** Takes {@code fd}: it is closed by {@link #free()}. */
    PipeEnd(FileDescriptor fd, EpollIoOps readiness, Consumer<EpollIoOps> onEvent, Runnable onLoopShutdown) {
        this.fd = fd;
        this.interest = readiness.with(EpollIoOps.EPOLLET);
        this.onEvent = onEvent;
        this.onLoopShutdown = onLoopShutdown;
    }

    @Override
    public FileDescriptor fd() {
        return fd;
    }

    boolean isOpen() {
        return fd.isOpen();
    }

    void registeredAs(IoRegistration registration) {
        this.registration = registration;
    }

    /**
     * Watches this end, or looks again whether it is ready: submitting the same interest makes an event if it is, even
     * if there was one before.
     */
    void watch() {
        if (registration != null) {
            registration.submit(interest);
        }
    }

    void unregister() {
        if (registration != null) {
            registration.cancel();
            registration = null;
        }
    }

    /** Ends the registration, then closes the descriptor: its number may be another file's at once. */
    void free() throws IOException {
        unregister();
        fd.close();
    }

    /** Returns how many events came. */
    long events() {
        return events;
    }

    @Override
    public void handle(IoRegistration registration, IoEvent event) {
        if (this.registration == null) {
            return;
        }
        events++;
        onEvent.accept(((EpollIoEvent) event).ops());
    }

    /** Called by an event loop that shuts down. */
    @Override
    public void close() {
        onLoopShutdown.run();
    }
}
