package io.nbd4j.client.internal.transport;

import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Resolves host names off the event loops, as the JDK's resolver blocks: a slow one must not hold up other connections. */
final class HostResolver {
    /** Daemon threads that come with need and go after a minute. */
    private static final ExecutorService THREADS = new ThreadPoolExecutor(
            0, 16, 60, TimeUnit.SECONDS, new SynchronousQueue<>(), new DefaultThreadFactory("nbd-resolver", true));

    private HostResolver() {}

    /** Completes with all addresses of a host, in the resolver's order, on a thread of the resolver. */
    static CompletableFuture<List<InetAddress>> resolve(String host) {
        try {
            return CompletableFuture.supplyAsync(() -> lookUp(host), THREADS);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(new UnknownHostException(host + ": too many look-ups at once"));
        }
    }

    private static List<InetAddress> lookUp(String host) {
        try {
            return List.of(InetAddress.getAllByName(host));
        } catch (UnknownHostException e) {
            throw new CompletionException(e);
        }
    }
}
