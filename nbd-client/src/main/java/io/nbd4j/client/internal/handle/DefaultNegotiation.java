package io.nbd4j.client.internal.handle;

import io.nbd4j.client.ExportEntry;
import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.MetaContext;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.Negotiation;
import io.nbd4j.client.NegotiationStatus;
import io.nbd4j.client.internal.negotiation.ExportWish;
import io.nbd4j.client.internal.negotiation.NegotiationHandler;
import io.nbd4j.client.internal.negotiation.OptionResult;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The options of the handshake, as users see them. Any thread. */
final class DefaultNegotiation implements Negotiation {
    private final DefaultNbdClient client;
    private final Session session;
    private final AtomicReference<ExportWish> wish;

    DefaultNegotiation(DefaultNbdClient client, Session session, ClientSettings settings) {
        this.client = client;
        this.session = session;
        this.wish = new AtomicReference<>(new ExportWish(
                settings.exportName(),
                settings.requestBlockSize(),
                settings.fullInfo(),
                settings.requestMetaContexts(),
                settings.metaContexts()));
    }

    // ---- What is wanted

    /** Returns what is wanted now. */
    ExportWish wish() {
        return Objects.requireNonNull(wish.get());
    }

    private Negotiation change(UnaryOperator<ExportWish> change) {
        wish.updateAndGet(change);
        return this;
    }

    @Override
    public Negotiation exportName(String name) {
        Objects.requireNonNull(name);
        return change(now -> now.withExportName(name));
    }

    @Override
    public String exportName() {
        return wish().exportName();
    }

    @Override
    public Negotiation metaContexts(List<String> names) {
        List<String> copy = List.copyOf(names);
        return change(now -> now.withMetaContexts(copy));
    }

    @Override
    public List<String> metaContexts() {
        return wish().metaContexts();
    }

    @Override
    public Negotiation requestMetaContexts(boolean requestMetaContexts) {
        return change(now -> now.withRequestMetaContexts(requestMetaContexts));
    }

    @Override
    public Negotiation requestBlockSize(boolean requestBlockSize) {
        return change(now -> now.withRequestBlockSize(requestBlockSize));
    }

    @Override
    public Negotiation fullInfo(boolean fullInfo) {
        return change(now -> now.withFullInfo(fullInfo));
    }

    // ---- What is agreed

    @Override
    public NegotiationStatus status() {
        NegotiationStatus status = session.status();
        if (status == null) {
            throw new IllegalStateException("nothing was negotiated yet, the connection is " + client.state());
        }
        return status;
    }

    // ---- The options

    @Override
    public NbdFuture<Boolean> startTls() {
        HandleFuture<Boolean> future = session.newOptionFuture();
        client.onLoop(future, () -> session.startTls(future));
        return future;
    }

    @Override
    public NbdFuture<Boolean> structuredReplies() {
        return option("structuredReplies", NegotiationHandler::structuredReplies, OptionResult.Answer::agreed);
    }

    @Override
    public NbdFuture<Boolean> extendedHeaders() {
        return option("extendedHeaders", NegotiationHandler::extendedHeaders, OptionResult.Answer::agreed);
    }

    @Override
    public NbdFuture<List<String>> listMetaContexts() {
        return listMetaContexts(wish());
    }

    @Override
    public NbdFuture<List<String>> listMetaContexts(String... queries) {
        return listMetaContexts(wish().withMetaContexts(List.of(queries)));
    }

    private NbdFuture<List<String>> listMetaContexts(ExportWish about) {
        return about(
                about,
                "listMetaContexts",
                (handler, callback) -> handler.listMetaContexts(about.exportName(), about.metaContexts(), callback),
                OptionResult.ContextNames::names);
    }

    @Override
    public NbdFuture<List<MetaContext>> setMetaContexts() {
        return setMetaContexts(wish());
    }

    @Override
    public NbdFuture<List<MetaContext>> setMetaContexts(String... queries) {
        return setMetaContexts(wish().withMetaContexts(List.of(queries)));
    }

    private NbdFuture<List<MetaContext>> setMetaContexts(ExportWish about) {
        return about(
                about,
                "setMetaContexts",
                (handler, callback) -> handler.setMetaContexts(about.exportName(), about.metaContexts(), callback),
                OptionResult.Contexts::contexts);
    }

    @Override
    public NbdFuture<NbdClient> go() {
        ExportWish about = wish();
        return about(
                about,
                "go",
                (handler, callback) -> handler.go(about, callback),
                (OptionResult.Information export) -> client);
    }

    @Override
    public NbdFuture<ExportInfo> info() {
        ExportWish about = wish();
        return about(
                about,
                "info",
                (handler, callback) -> handler.info(about, callback),
                (OptionResult.Information told) -> Facts.of(told));
    }

    @Override
    public NbdFuture<List<ExportEntry>> list() {
        return option("list", NegotiationHandler::list, Facts::of);
    }

    @Override
    public NbdFuture<@Nullable Void> abort() {
        HandleFuture<@Nullable Void> future = session.newOptionFuture();
        client.onLoop(future, () -> session.abort(future));
        return future;
    }

    private <V extends OptionResult, T> NbdFuture<T> option(
            String call, Session.OptionRequest<V> request, Function<V, T> result) {
        HandleFuture<T> future = session.newOptionFuture();
        client.onLoop(future, () -> session.option(call, future, request, result));
        return future;
    }

    /** Asks for an option that carries names, unless they can't be. */
    private <V extends OptionResult, T> NbdFuture<T> about(
            ExportWish names, String call, Session.OptionRequest<V> request, Function<V, T> result) {
        InvalidRequestException problem = TargetCheck.problemOf(names);
        if (problem == null) {
            return option(call, request, result);
        }
        HandleFuture<T> future = session.newOptionFuture();
        client.onLoop(future, () -> future.failed(problem));
        return future;
    }
}
