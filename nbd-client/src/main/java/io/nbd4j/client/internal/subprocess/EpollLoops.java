package io.nbd4j.client.internal.subprocess;

import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandle;
import org.jspecify.annotations.Nullable;

/** Whether descriptors can be watched with epoll, which the two faster rungs need. */
public final class EpollLoops {
    private EpollLoops() {}

    /** Returns why {@code loop} can't watch descriptors with epoll, or null if it can. */
    public static @Nullable String unavailableBecause(EventLoop loop) {
        if (!Epoll.isAvailable()) {
            return "Netty's native epoll is not available: " + rootOf(Epoll.unavailabilityCause());
        }
        if (!(loop instanceof IoEventLoop ioLoop) || !ioLoop.isCompatible(EpollIoHandle.class)) {
            return "the event loop does not use epoll";
        }
        return null;
    }

    private static String rootOf(@Nullable Throwable cause) {
        Throwable root = cause;
        while (root != null && root.getCause() != null) {
            root = root.getCause();
        }
        return String.valueOf(root);
    }
}
