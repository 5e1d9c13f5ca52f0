package io.nbd4j.client.internal.handle;

import io.nbd4j.client.ConnectFailedException;
import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.MetaContext;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdMultiDevice;
import io.nbd4j.client.NbdTarget;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Connects several clients to one export: one first, which tells whether the server is made for more, then the others side by
 * side. Confined to the event loop of the first.
 */
public final class MultiConnector {
    private final List<DefaultNbdClient> clients;
    private final NbdTarget target;
    private final boolean forced;
    private final HandleFuture<NbdMultiDevice> result;

    private boolean over;
    private int connecting;

    private MultiConnector(List<DefaultNbdClient> clients, NbdTarget target, boolean forced) {
        this.clients = clients;
        this.target = target;
        this.forced = forced;
        this.result = clients.get(0)
                .newFuture(this::giveUp, () -> clients.stream().anyMatch(DefaultNbdClient::isOnEventLoop));
    }

    /**
     * Starts to connect. Any thread.
     *
     * @param clients as many as connections are wanted, in the state CREATED; at least one
     * @param forced whether to use them all whatever the server advertises
     * @return completes with the device, which owns the clients. If it fails, they are closed
     */
    public static NbdFuture<NbdMultiDevice> connect(List<DefaultNbdClient> clients, NbdTarget target, boolean forced) {
        MultiConnector connector = new MultiConnector(clients, target, forced);
        DefaultNbdClient first = clients.get(0);
        connector.follow(first, connector::firstIsReady);
        return connector.result;
    }

    /** Returns a future that fails, since what was asked for can't be. */
    public static NbdFuture<NbdMultiDevice> refuse(DefaultNbdClient client, String why) {
        HandleFuture<NbdMultiDevice> future = client.newFuture(ending -> {});
        client.onLoop(future, () -> future.failed(TargetCheck.invalid(why)));
        return future;
    }

    private void follow(DefaultNbdClient client, Runnable ready) {
        client.connect(target)
                .whenComplete((connected, failure) -> home().execute(() -> {
                    if (failure != null) {
                        fail(failure);
                    } else if (!over) {
                        ready.run();
                    }
                }));
    }

    private HomeLoop home() {
        return clients.get(0).home();
    }

    private void firstIsReady() {
        ExportInfo export = clients.get(0).export();
        if (Targets.resolve(target) instanceof NbdTarget.Adopted) {
            // There is no way to reach the server again.
            succeed(List.of(clients.get(0)));
            return;
        }
        if (clients.size() == 1 || !(forced || isCoherent(export))) {
            succeed(List.of(clients.get(0)));
            return;
        }
        connecting = clients.size() - 1;
        for (DefaultNbdClient client : clients.subList(1, clients.size())) {
            follow(client, () -> nextIsReady(client, export));
        }
    }

    /** Each connection to a command is a server of its own, which knows nothing of the others. */
    private boolean isCoherent(ExportInfo export) {
        NbdTarget reached = Targets.resolve(target);
        return export.canMultiConn()
                && !(reached instanceof NbdTarget.Command || reached instanceof NbdTarget.SocketActivation);
    }

    private void nextIsReady(DefaultNbdClient client, ExportInfo first) {
        ExportInfo export = client.export();
        if (export.size() != first.size() || !export.flags().equals(first.flags())) {
            fail(new ConnectFailedException(
                    "the connections to " + target + " do not see the same export: " + first + ", and " + export,
                    null));
        } else if (!contexts(export).equals(contexts(first))) {
            // A walk may ask any of them.
            fail(new ConnectFailedException(
                    "the connections to " + target + " have not got the same meta contexts: " + contexts(first)
                            + ", and " + contexts(export),
                    null));
        } else if (--connecting == 0) {
            succeed(clients);
        }
    }

    private static Set<String> contexts(ExportInfo export) {
        return export.metaContexts().stream().map(MetaContext::name).collect(Collectors.toCollection(TreeSet::new));
    }

    private void succeed(List<DefaultNbdClient> used) {
        over = true;
        result.done(new MultiDevice(used, isCoherent(used.get(0).export())));
    }

    private void fail(Throwable failure) {
        if (!over) {
            over = true;
            Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
            closeAll()
                    .whenComplete(
                            (closed, ignored) -> home().execute(() -> result.failed(cause == null ? failure : cause)));
        }
    }

    private void giveUp(Runnable ending) {
        if (!over) {
            over = true;
            closeAll().whenComplete((closed, ignored) -> home().execute(ending));
        }
    }

    private CompletableFuture<@Nullable Void> closeAll() {
        List<CompletableFuture<?>> closing = new ArrayList<>();
        for (DefaultNbdClient client : clients) {
            closing.add(client.closeAsync());
        }
        return CompletableFuture.allOf(closing.toArray(CompletableFuture[]::new))
                .thenApply(all -> null);
    }
}
