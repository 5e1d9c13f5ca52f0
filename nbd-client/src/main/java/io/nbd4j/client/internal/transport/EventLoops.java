package io.nbd4j.client.internal.transport;

import io.nbd4j.client.internal.busypoll.BusyPoll;
import io.nbd4j.client.internal.logging.Loggers;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SelectStrategyFactory;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.nio.channels.spi.SelectorProvider;
import java.util.concurrent.ThreadFactory;
import org.slf4j.Logger;

/** The event loops that all clients share which do not bring their own. */
public final class EventLoops {
    private static final Logger LOGGER = Loggers.TRANSPORT;

    private EventLoops() {}

    /** Returns the shared group: one daemon thread for each processor, made on first use, never shut down. */
    public static IoEventLoopGroup shared() {
        return Shared.GROUP;
    }

    /** Returns whether the channels of native epoll work on {@code loop}. */
    public static boolean isEpoll(IoEventLoop loop) {
        return Epoll.isAvailable() && loop.isCompatible(EpollIoHandle.class);
    }

    /** Returns a new group, on native epoll where it is available. */
    public static IoEventLoopGroup newGroup(int threads, ThreadFactory factory) {
        SelectStrategyFactory waiting = BusyPoll.factory(Runtime.getRuntime().availableProcessors());
        if (Epoll.isAvailable()) {
            LOGGER.debug("event loops on native epoll");
            return new MultiThreadIoEventLoopGroup(threads, factory, EpollIoHandler.newFactory(0, waiting));
        }
        LOGGER.debug("event loops on NIO, native epoll is unavailable", Epoll.unavailabilityCause());
        return new MultiThreadIoEventLoopGroup(
                threads, factory, NioIoHandler.newFactory(SelectorProvider.provider(), waiting));
    }

    /** Its initialisation makes the group. */
    private static final class Shared {
        static final IoEventLoopGroup GROUP =
                newGroup(Runtime.getRuntime().availableProcessors(), new DefaultThreadFactory("nbd", true));
    }
}
