package io.nbd4j.testkit.internal;

import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.handshake.ClientFlags;
import io.nbd4j.codec.handshake.InfoItem;
import io.nbd4j.codec.handshake.InfoType;
import io.nbd4j.codec.handshake.MalformedOption;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.handshake.OptionRequest;
import io.nbd4j.codec.handshake.OptionType;
import io.nbd4j.codec.transmission.TransmissionMode;
import io.nbd4j.testkit.TlsMode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The server's side of option haggling: says what to answer and what comes next. Knows no channel. */
final class ServerNegotiation {
    /** Far more than any client needs; one that goes on for ever is hung up on. */
    static final int MAX_OPTIONS = 1024;

    /** Far more meta contexts than any client needs; a longer list is too big. */
    static final int MAX_QUERIES = 1024;

    private final ServerProfile profile;
    private ClientFlags clientFlags = new ClientFlags(0);
    private int options;
    private boolean tls;

    // What STARTTLS makes void.
    private TransmissionMode mode = TransmissionMode.SIMPLE;
    private String contextsOf = "";
    private List<ServedContext> contexts = List.of();

    ServerNegotiation(ServerProfile profile) {
        this.profile = profile;
    }

    /**
     * What follows from a message: first the replies leave, then the next thing happens.
     *
     * @param replies in order; the answer to EXPORT_NAME is none of them, it belongs to {@link Transmit}
     */
    record Step(List<OptionReply> replies, Next next) {}

    /** What happens behind the replies. */
    sealed interface Next permits Haggle, HangUp, StartTls, Transmit {}

    /** The next option is awaited. */
    record Haggle() implements Next {}

    /** The server closes the connection. */
    record HangUp() implements Next {}

    /** The TLS handshake begins; then the next option is awaited. */
    record StartTls() implements Next {}

    /**
     * Transmission begins.
     *
     * @param byExportName whether an answer to EXPORT_NAME has to be sent first
     * @param zeroes whether that answer is padded
     */
    record Transmit(Agreement agreement, boolean byExportName, boolean zeroes) implements Next {}

    Step onClientFlags(ClientFlags flags) {
        clientFlags = flags;
        // The flags of the client have the bits of the server's.
        int notOffered = flags.bits() & ~profile.handshakeFlags().bits();
        return notOffered == 0 ? haggle() : hangUp();
    }

    Step onMalformedOption(MalformedOption malformed) {
        OptionType type = OptionType.fromWire(malformed.option());
        if (type == OptionType.EXPORT_NAME || !mayHaggle()) {
            return hangUp();
        }
        if (type != OptionType.STARTTLS && needsTls()) {
            return tlsRequired(malformed.option());
        }
        if (type == OptionType.SET_META_CONTEXT) {
            contexts = List.of();
        }
        return refuse(malformed.option(), malformed.answer(), malformed.reason());
    }

    Step onOption(OptionRequest request) {
        if (request.type() == OptionType.EXPORT_NAME) {
            return exportName(((OptionRequest.ExportName) request).exportName());
        }
        if (!mayHaggle()) {
            return hangUp();
        }
        if (request.type() != OptionType.STARTTLS && request.type() != OptionType.ABORT && needsTls()) {
            return tlsRequired(request.option());
        }
        return switch (request.type()) {
            case ABORT -> new Step(List.of(new OptionReply.Ack(request.option())), new HangUp());
            case LIST -> list(request);
            case INFO, GO -> export((OptionRequest.ExportQuery) request);
            case STARTTLS -> startTls(request);
            case STRUCTURED_REPLY -> structuredReply(request);
            case EXTENDED_HEADERS -> extendedHeaders(request);
            case LIST_META_CONTEXT -> listMetaContext((OptionRequest.MetaContextQuery) request);
            case SET_META_CONTEXT -> setMetaContext((OptionRequest.MetaContextQuery) request);
            case EXPORT_NAME, PEEK_EXPORT, UNKNOWN -> unsupported(request);
        };
    }

    /** Returns false for a client that could not understand an answer, or that never stops asking. */
    private boolean mayHaggle() {
        return clientFlags.has(ClientFlags.FIXED_NEWSTYLE) && ++options <= MAX_OPTIONS;
    }

    private boolean needsTls() {
        return profile.tls() == TlsMode.REQUIRED && !tls;
    }

    /** Returns whether this export can be used now, as far as TLS is concerned. */
    private boolean isOpen(ServedExport export) {
        return tls || !export.settings().tlsOnly();
    }

    private Step exportName(String name) {
        ServedExport export = profile.find(name);
        if (export == null || needsTls() || !isOpen(export) || mode == TransmissionMode.EXTENDED) {
            return hangUp(); // The option has no other way to fail.
        }
        boolean zeroes = !clientFlags.has(ClientFlags.NO_ZEROES);
        return new Step(List.of(), new Transmit(agreement(export), true, zeroes));
    }

    private Agreement agreement(ServedExport export) {
        return new Agreement(export, mode, contextsOf.equals(export.name()) ? contexts : List.of());
    }

    private Step list(OptionRequest request) {
        List<OptionReply> replies = new ArrayList<>();
        for (ServedExport export : profile.exports().values()) {
            replies.add(new OptionReply.Server(request.option(), export.name(), export.description()));
        }
        return acknowledge(request, replies);
    }

    private Step startTls(OptionRequest request) {
        if (tls) {
            return refuse(request.option(), OptionReplyType.ERR_INVALID, "TLS was started already");
        }
        if (profile.tls() == TlsMode.OFF) {
            return unsupported(request);
        }
        tls = true;
        mode = TransmissionMode.SIMPLE;
        contexts = List.of();
        return new Step(List.of(new OptionReply.Ack(request.option())), new StartTls());
    }

    private Step structuredReply(OptionRequest request) {
        if (!profile.structuredReplies()) {
            return unsupported(request);
        }
        return switch (mode) {
            case SIMPLE -> agree(request, TransmissionMode.STRUCTURED);
            case STRUCTURED -> refuse(request.option(), OptionReplyType.ERR_INVALID, "agreed on already");
            case EXTENDED ->
                refuse(request.option(), OptionReplyType.ERR_EXT_HEADER_REQD, "extended headers were agreed on");
        };
    }

    private Step extendedHeaders(OptionRequest request) {
        if (!profile.extendedHeaders()) {
            return unsupported(request);
        }
        return mode == TransmissionMode.EXTENDED
                ? refuse(request.option(), OptionReplyType.ERR_INVALID, "agreed on already")
                : agree(request, TransmissionMode.EXTENDED);
    }

    private Step agree(OptionRequest request, TransmissionMode agreed) {
        mode = agreed;
        return acknowledge(request, List.of());
    }

    private Step listMetaContext(OptionRequest.MetaContextQuery query) {
        Step refusal = refuseContexts(query);
        ServedExport export = profile.find(query.exportName());
        if (refusal != null || export == null) {
            return refusal != null ? refusal : unknownExport(query.option());
        }
        List<OptionReply> replies = new ArrayList<>();
        for (ServedContext context : MetaContexts.listed(export, query.queries())) {
            // An id has no meaning here.
            replies.add(new OptionReply.MetaContextReply(query.option(), 0, context.name()));
        }
        return acknowledge(query, replies);
    }

    private Step setMetaContext(OptionRequest.MetaContextQuery query) {
        contexts = List.of(); // Whatever comes of this: what was selected before is replaced.
        Step refusal = refuseContexts(query);
        if (refusal == null && mode == TransmissionMode.SIMPLE) {
            refusal = refuse(query.option(), OptionReplyType.ERR_INVALID, "structured replies were not agreed on");
        }
        ServedExport export = profile.find(query.exportName());
        if (refusal != null || export == null) {
            return refusal != null ? refusal : unknownExport(query.option());
        }
        contexts = MetaContexts.selected(export, query.queries());
        contextsOf = query.exportName();
        List<OptionReply> replies = new ArrayList<>();
        for (ServedContext context : contexts) {
            replies.add(new OptionReply.MetaContextReply(query.option(), context.id(), context.name()));
        }
        return acknowledge(query, replies);
    }

    /** Returns why this client cannot ask for the contexts of this export, {@code null} if it can. */
    private @Nullable Step refuseContexts(OptionRequest.MetaContextQuery query) {
        if (!profile.structuredReplies() && !profile.extendedHeaders()) {
            return unsupported(query);
        }
        if (query.queries().size() > MAX_QUERIES) {
            return refuse(query.option(), OptionReplyType.ERR_TOO_BIG, "more than " + MAX_QUERIES + " queries");
        }
        ServedExport export = profile.find(query.exportName());
        // Here the specification has TLS_REQD for INFO and GO only.
        return export == null || isOpen(export)
                ? null
                : refuse(query.option(), OptionReplyType.ERR_POLICY, "this export needs TLS");
    }

    private Step export(OptionRequest.ExportQuery query) {
        int option = query.option();
        ServedExport export = profile.find(query.exportName());
        if (export == null) {
            return unknownExport(option);
        }
        if (!isOpen(export)) {
            return tlsRequired(option);
        }
        Agreement agreement = agreement(export);
        List<OptionReply> replies = new ArrayList<>();
        replies.add(new OptionReply.Info(
                option, new InfoItem.ExportItem(export.export().size(), agreement.transmissionFlags())));
        if (query.requests(InfoType.NAME)) {
            replies.add(new OptionReply.Info(option, new InfoItem.NameItem(export.name())));
        }
        if (query.requests(InfoType.DESCRIPTION) && !export.description().isEmpty()) {
            replies.add(new OptionReply.Info(option, new InfoItem.DescriptionItem(export.description())));
        }
        boolean standardSizes = export.sizes().equals(SizeConstraints.DEFAULT);
        if (query.requests(InfoType.BLOCK_SIZE) || !standardSizes) {
            replies.add(new OptionReply.Info(option, new InfoItem.BlockSizeItem(export.sizes())));
        }
        if (!query.requests(InfoType.BLOCK_SIZE) && export.sizes().minimumBlock() > 1) {
            replies.add(OptionReply.Refusal.of(
                    option, OptionReplyType.ERR_BLOCK_SIZE_REQD, "this export has a minimum block size"));
            return new Step(replies, new Haggle());
        }
        replies.add(new OptionReply.Ack(option));
        return new Step(replies, query.type() == OptionType.GO ? new Transmit(agreement, false, false) : new Haggle());
    }

    private static Step acknowledge(OptionRequest request, List<OptionReply> before) {
        List<OptionReply> replies = new ArrayList<>(before);
        replies.add(new OptionReply.Ack(request.option()));
        return new Step(replies, new Haggle());
    }

    private static Step haggle() {
        return new Step(List.of(), new Haggle());
    }

    private static Step hangUp() {
        return new Step(List.of(), new HangUp());
    }

    private static Step unsupported(OptionRequest request) {
        return refuse(request.option(), OptionReplyType.ERR_UNSUP, "not supported");
    }

    private static Step unknownExport(int option) {
        return refuse(option, OptionReplyType.ERR_UNKNOWN, "no export has this name");
    }

    private static Step tlsRequired(int option) {
        return refuse(option, OptionReplyType.ERR_TLS_REQD, "TLS has to be started first");
    }

    private static Step refuse(int option, OptionReplyType type, String message) {
        return new Step(List.of(OptionReply.Refusal.of(option, type, message)), new Haggle());
    }
}
