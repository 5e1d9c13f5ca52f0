package io.nbd4j.tools.load;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/**
 * Opens many connections to one server, a few at a time: the queue of a server's listening socket is short, and a Unix socket
 * refuses whoever finds it full (EAGAIN).
 */
final class Opening {
    /** As many as fit into the queue of any server that means to have several clients. */
    static final int AT_ONCE = 16;

    private final int connections;
    private final IntFunction<? extends CompletableFuture<?>> connect;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger left;
    private final CompletableFuture<Void> ready = new CompletableFuture<>();

    private Opening(int connections, IntFunction<? extends CompletableFuture<?>> connect) {
        this.connections = connections;
        this.connect = connect;
        this.left = new AtomicInteger(connections);
    }

    /**
     * Starts to open.
     *
     * @param connect called once for each number below {@code connections}, by this thread and by those that end what it returns
     * @return completes when all are open, or fails as soon as one can't be, after which no more are opened
     */
    static CompletableFuture<Void> start(int connections, IntFunction<? extends CompletableFuture<?>> connect) {
        Opening opening = new Opening(connections, connect);
        for (int i = 0; i < AT_ONCE; i++) {
            opening.connectNext();
        }
        return opening.ready;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // what follows is in the stage itself
    private void connectNext() {
        if (ready.isDone()) {
            return;
        }
        int number = next.getAndIncrement();
        if (number < connections) {
            connect.apply(number).whenComplete((opened, failure) -> {
                if (failure != null) {
                    ready.completeExceptionally(failure);
                } else if (left.decrementAndGet() == 0) {
                    ready.complete(null);
                } else {
                    connectNext();
                }
            });
        }
    }
}
