package io.nbd4j.tools.load;

import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdDefaults;
import io.nbd4j.client.NbdStatistics;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.TlsMode;
import io.nbd4j.client.TlsOptions;
import io.nbd4j.client.TlsSession;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoEventLoopGroup;
import io.netty.util.concurrent.DefaultEventExecutor;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.EventExecutorGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The connections of a test, each on an event loop that the test knows, so that a lane can live and set its timers there.
 */
public final class Connections implements AutoCloseable {
    /**
     * A client and the only event loop that it uses.
     *
     * @param caller where requests are issued and where their end is heard of: that event loop, or a thread of its own
     */
    public record Connection(NbdClient client, EventLoop loop, EventExecutor caller) {
        boolean isOffLoop() {
            return caller != loop;
        }
    }

    private final List<Connection> all = new ArrayList<>();
    private final CompletableFuture<Void> ready;
    private final CompletableFuture<Void> interrupt;
    /** Null if the event loops are somebody else's. */
    private final @Nullable IoEventLoopGroup ownGroup;

    private Connections(
            NbdTarget target,
            TlsOptions tls,
            LoadOptions options,
            IoEventLoopGroup group,
            boolean isOwnGroup,
            CompletableFuture<Void> interrupt) {
        this.interrupt = interrupt;
        this.ownGroup = isOwnGroup ? group : null;
        // The test itself bounds what is in flight.
        NbdClientBuilder builder = NbdClient.builder()
                // It is the user who has typed the URI.
                .uriAllowLocalFiles(true)
                // Whether TLS is used is up to the URI.
                .tls(TlsMode.DISABLE, tls)
                .maxRequestsInFlight(Math.max(options.depth(), NbdDefaults.MAX_REQUESTS_IN_FLIGHT))
                .maxBytesInFlight(Math.max(options.bytesInFlight(), NbdDefaults.MAX_BYTES_IN_FLIGHT));
        for (int i = 0; i < options.connections(); i++) {
            IoEventLoop loop = group.next();
            all.add(new Connection(builder.eventLoopGroup(loop).build(), loop, options.offLoop() ? newCaller() : loop));
        }
        ready = Opening.start(all.size(), i -> all.get(i).client().connect(target));
    }

    private static EventExecutor newCaller() {
        return new DefaultEventExecutor(new DefaultThreadFactory("nbd-caller", true));
    }

    /**
     * Starts to connect as often as the options say. A command is started once per connection. There is an event loop for
     * each processor.
     *
     * @param tls how TLS is done, if the target requires it
     * @param interrupt when it completes, {@link #close} does not wait any more
     */
    static Connections open(NbdTarget target, TlsOptions tls, LoadOptions options, CompletableFuture<Void> interrupt) {
        int threads = Math.min(options.connections(), Runtime.getRuntime().availableProcessors());
        IoEventLoopGroup group =
                NbdClientBuilder.newEventLoopGroup(threads, new DefaultThreadFactory("nbd-load", true));
        return new Connections(target, tls, options, group, true, interrupt);
    }

    /** Does the same on the event loops of the caller, who shuts them down afterwards. The target needs no TLS. */
    public static Connections open(
            NbdTarget target, LoadOptions options, IoEventLoopGroup group, CompletableFuture<Void> interrupt) {
        return new Connections(target, TlsOptions.defaults(), options, group, false, interrupt);
    }

    /** Returns what completes when all are READY, or fails when at least one can't be. */
    public CompletableFuture<Void> ready() {
        return ready;
    }

    /** Returns the connections, in the order in which they were opened. */
    public List<Connection> all() {
        return all;
    }

    /** Returns how the bytes travel. Once READY. */
    public String transport() {
        return all.get(0).client().transport().orElseThrow();
    }

    /** Returns what TLS was agreed on; empty if none is used. Once READY. */
    Optional<TlsSession> tls() {
        return all.get(0).client().tlsSession();
    }

    /** Returns the payload that all have received so far. */
    Payload received() {
        long direct = 0;
        long copied = 0;
        for (Connection connection : all) {
            NbdStatistics statistics = connection.client().statistics();
            direct += statistics.bytesReceivedDirect();
            copied += statistics.bytesReceivedCopied();
        }
        return new Payload(direct, copied);
    }

    /** Closes all connections, and waits until the servers that were started and the event loops have ended. */
    @Override
    public void close() {
        CompletableFuture<Void> closed = CompletableFuture.allOf(
                all.stream().map(c -> c.client().closeAsync()).toArray(CompletableFuture[]::new));
        CompletableFuture.anyOf(closed, interrupt).join();
        if (closed.isDone()) {
            // All requests have ended, so no lane has to hear of another.
            all.stream().filter(Connection::isOffLoop).forEach(c -> shutDown(c.caller()));
        }
        if (ownGroup != null && closed.isDone()) {
            // What the threads keep is freed at their end, and no work of theirs is charged to a test that follows.
            shutDown(ownGroup);
        }
    }

    private static void shutDown(EventExecutorGroup threads) {
        threads.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
