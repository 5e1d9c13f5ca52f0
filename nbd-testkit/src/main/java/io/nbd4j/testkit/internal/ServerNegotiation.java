package io.nbd4j.testkit.internal;

import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.TransmissionFlags;
import io.nbd4j.codec.handshake.ClientFlags;
import io.nbd4j.codec.handshake.InfoItem;
import io.nbd4j.codec.handshake.InfoType;
import io.nbd4j.codec.handshake.MalformedOption;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.handshake.OptionRequest;
import io.nbd4j.codec.handshake.OptionType;
import java.util.ArrayList;
import java.util.List;

/** The server's side of option haggling: says what to answer and what comes next. Knows no channel. */
final class ServerNegotiation {
    /** Far more than any client needs; one that goes on for ever is hung up on. */
    private static final int MAX_OPTIONS = 1024;

    private final ServerProfile profile;
    private ClientFlags clientFlags = new ClientFlags(0);
    private boolean structuredReplies;
    private int options;

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
    sealed interface Next permits Haggle, HangUp, Transmit {}

    /** The next option is awaited. */
    record Haggle() implements Next {}

    /** The server closes the connection. */
    record HangUp() implements Next {}

    /**
     * Transmission begins.
     *
     * @param byExportName whether an answer to EXPORT_NAME has to be sent first
     * @param zeroes whether that answer is padded
     */
    record Transmit(ServedExport export, boolean structuredReplies, boolean byExportName, boolean zeroes)
            implements Next {
        TransmissionFlags transmissionFlags() {
            return export.transmissionFlags(structuredReplies);
        }
    }

    Step onClientFlags(ClientFlags flags) {
        clientFlags = flags;
        return flags.unknownBits() == 0 ? haggle() : hangUp();
    }

    Step onMalformedOption(MalformedOption malformed) {
        OptionType type = OptionType.fromWire(malformed.option());
        if (type == OptionType.EXPORT_NAME || !mayHaggle()) {
            return hangUp();
        }
        return refuse(malformed.option(), malformed.answer(), malformed.reason());
    }

    Step onOption(OptionRequest request) {
        if (request.type() != OptionType.EXPORT_NAME && !mayHaggle()) {
            return hangUp();
        }
        return switch (request.type()) {
            case EXPORT_NAME -> exportName(((OptionRequest.ExportName) request).exportName());
            case ABORT -> new Step(List.of(new OptionReply.Ack(request.option())), new HangUp());
            case LIST -> list(request);
            case INFO, GO -> export((OptionRequest.ExportQuery) request);
            case STRUCTURED_REPLY -> structuredReply(request);
            case PEEK_EXPORT, STARTTLS, LIST_META_CONTEXT, SET_META_CONTEXT, EXTENDED_HEADERS, UNKNOWN ->
                refuse(request.option(), OptionReplyType.ERR_UNSUP, "not supported");
        };
    }

    /** Returns false for a client that could not understand an answer, or that never stops asking. */
    private boolean mayHaggle() {
        return clientFlags.has(ClientFlags.FIXED_NEWSTYLE) && ++options <= MAX_OPTIONS;
    }

    private Step exportName(String name) {
        ServedExport export = profile.find(name);
        if (export == null) {
            return hangUp(); // The option has no other way to fail.
        }
        boolean zeroes = !clientFlags.has(ClientFlags.NO_ZEROES);
        return new Step(List.of(), new Transmit(export, structuredReplies, true, zeroes));
    }

    private Step list(OptionRequest request) {
        List<OptionReply> replies = new ArrayList<>();
        for (ServedExport export : profile.exports().values()) {
            replies.add(new OptionReply.Server(request.option(), export.name(), export.description()));
        }
        replies.add(new OptionReply.Ack(request.option()));
        return new Step(replies, new Haggle());
    }

    private Step structuredReply(OptionRequest request) {
        if (!profile.structuredReplies()) {
            return refuse(request.option(), OptionReplyType.ERR_UNSUP, "not supported");
        }
        if (structuredReplies) {
            return refuse(request.option(), OptionReplyType.ERR_INVALID, "agreed on already");
        }
        structuredReplies = true;
        return new Step(List.of(new OptionReply.Ack(request.option())), new Haggle());
    }

    private Step export(OptionRequest.ExportQuery query) {
        int option = query.option();
        ServedExport export = profile.find(query.exportName());
        if (export == null) {
            return refuse(option, OptionReplyType.ERR_UNKNOWN, "no export has this name");
        }
        List<OptionReply> replies = new ArrayList<>();
        replies.add(new OptionReply.Info(
                option, new InfoItem.ExportItem(export.export().size(), export.transmissionFlags(structuredReplies))));
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
        return new Step(
                replies,
                query.type() == OptionType.GO ? new Transmit(export, structuredReplies, false, false) : new Haggle());
    }

    private static Step haggle() {
        return new Step(List.of(), new Haggle());
    }

    private static Step hangUp() {
        return new Step(List.of(), new HangUp());
    }

    private static Step refuse(int option, OptionReplyType type, String message) {
        return new Step(List.of(OptionReply.Refusal.of(option, type, message)), new Haggle());
    }
}
