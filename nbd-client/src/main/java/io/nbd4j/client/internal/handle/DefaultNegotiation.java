package io.nbd4j.client.internal.handle;

import io.nbd4j.client.ExportEntry;
import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.Negotiation;
import io.nbd4j.client.internal.negotiation.NegotiationHandler;
import io.nbd4j.client.internal.negotiation.OptionCallback;
import io.nbd4j.client.internal.negotiation.OptionFailure;
import io.nbd4j.client.internal.negotiation.OptionResult;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The options of the handshake, as users see them. Any thread. */
final class DefaultNegotiation implements Negotiation {
    private final DefaultNbdClient client;
    private final Session session;
    private volatile String exportName;

    DefaultNegotiation(DefaultNbdClient client, Session session, String exportName) {
        this.client = client;
        this.session = session;
        this.exportName = exportName;
    }

    @Override
    public Negotiation exportName(String name) {
        exportName = Objects.requireNonNull(name);
        return this;
    }

    @Override
    public String exportName() {
        return exportName;
    }

    @Override
    public NbdFuture<NbdClient> go() {
        return named("go", NegotiationHandler::go, export -> client);
    }

    @Override
    public NbdFuture<ExportInfo> info() {
        return named("info", NegotiationHandler::info, Facts::of);
    }

    @Override
    public NbdFuture<List<ExportEntry>> list() {
        HandleFuture<List<ExportEntry>> future = session.newOptionFuture();
        client.onLoop(future, () -> session.option("list", future, NegotiationHandler::list, Facts::of));
        return future;
    }

    @Override
    public NbdFuture<@Nullable Void> abort() {
        HandleFuture<@Nullable Void> future = session.newOptionFuture();
        client.onLoop(future, () -> session.abort(future));
        return future;
    }

    private <V extends OptionResult, T> NbdFuture<T> named(
            String call, Session.OptionRequest<V> request, Function<V, T> result) {
        HandleFuture<T> future = session.newOptionFuture();
        String name = exportName;
        client.onLoop(future, () -> {
            InvalidRequestException problem = TargetCheck.problemOfName(name);
            if (problem != null) {
                future.failed(problem);
            } else {
                session.option(
                        call,
                        future,
                        (handler, callback) -> {
                            handler.setExportName(name, new NameSet());
                            request.send(handler, callback);
                        },
                        result);
            }
        });
        return future;
    }

    /** The name was checked before, and nothing is sent for it: what can be wrong, the option that follows reports. */
    private static final class NameSet implements OptionCallback<OptionResult.Done> {
        @Override
        public void succeeded(OptionResult.Done done) {
            // The option follows.
        }

        @Override
        public void failed(OptionFailure failure) {
            // The option fails for the same reason.
        }
    }
}
