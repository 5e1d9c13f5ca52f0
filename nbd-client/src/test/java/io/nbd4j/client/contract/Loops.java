package io.nbd4j.client.contract;

import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import org.jspecify.annotations.Nullable;

/** The event loops that a caller may bring. One group of one daemon thread for each kind, never shut down. */
public enum Loops {
    EPOLL {
        @Override
        public @Nullable String unavailableBecause() {
            Throwable cause = Epoll.unavailabilityCause();
            return cause == null ? null : "no native epoll: " + cause;
        }

        @Override
        IoEventLoopGroup group() {
            return OnEpoll.GROUP;
        }
    },
    NIO {
        @Override
        public @Nullable String unavailableBecause() {
            return null;
        }

        @Override
        IoEventLoopGroup group() {
            return OnNio.GROUP;
        }
    };

    /** Returns why these can't be used here, null if they can. */
    public abstract @Nullable String unavailableBecause();

    abstract IoEventLoopGroup group();

    /** Returns the only one of them. */
    public IoEventLoop loop() {
        return group().next();
    }

    /** Returns a builder of clients that use them. */
    public NbdClientBuilder builder() {
        return NbdClient.builder().eventLoopGroup(group());
    }

    private static final class OnEpoll {
        static final IoEventLoopGroup GROUP = new MultiThreadIoEventLoopGroup(
                1, new DefaultThreadFactory("test-epoll", true), EpollIoHandler.newFactory());
    }

    private static final class OnNio {
        static final IoEventLoopGroup GROUP = new MultiThreadIoEventLoopGroup(
                1, new DefaultThreadFactory("test-nio", true), NioIoHandler.newFactory());
    }
}
