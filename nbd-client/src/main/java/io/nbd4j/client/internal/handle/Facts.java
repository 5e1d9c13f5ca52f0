package io.nbd4j.client.internal.handle;

import io.nbd4j.client.ExportEntry;
import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.NbdStatistics;
import io.nbd4j.client.NegotiationStatus;
import io.nbd4j.client.TlsMode;
import io.nbd4j.client.internal.connection.Traffic;
import io.nbd4j.client.internal.negotiation.ExportWish;
import io.nbd4j.client.internal.negotiation.NegotiatedExport;
import io.nbd4j.client.internal.negotiation.NegotiationFacts;
import io.nbd4j.client.internal.negotiation.NegotiationSettings;
import io.nbd4j.client.internal.negotiation.OptionResult;
import io.nbd4j.client.internal.negotiation.ProtocolStyle;
import io.nbd4j.client.internal.negotiation.TlsPolicy;
import io.nbd4j.codec.handshake.HandshakeFlags;
import java.util.List;

/** Turns what the negotiation found out into what users see, and what they want into what it wants. */
final class Facts {
    private Facts() {}

    static ExportInfo of(OptionResult.Information information) {
        return of(information.export());
    }

    static ExportInfo of(NegotiatedExport export) {
        return new ExportInfo(
                export.exportName(),
                export.size(),
                export.transmissionFlags(),
                export.sizeConstraints(),
                export.structuredReplies(),
                export.extendedHeaders(),
                export.metaContexts(),
                of(export.style()),
                export.canonicalName(),
                export.description());
    }

    static NegotiationStatus of(NegotiationFacts facts) {
        return new NegotiationStatus(
                of(facts.style()),
                new HandshakeFlags(facts.handshakeFlags()),
                facts.tls(),
                facts.structuredReplies(),
                facts.extendedHeaders(),
                facts.metaContexts());
    }

    private static ExportInfo.Protocol of(ProtocolStyle style) {
        return switch (style) {
            case OLDSTYLE -> ExportInfo.Protocol.OLDSTYLE;
            case NEWSTYLE -> ExportInfo.Protocol.NEWSTYLE;
            case NEWSTYLE_FIXED -> ExportInfo.Protocol.NEWSTYLE_FIXED;
        };
    }

    /** Returns what is wanted of the handshake. */
    static NegotiationSettings of(ClientSettings settings, ExportWish wish, TlsMode mode) {
        return new NegotiationSettings(
                wish,
                settings.optionMode(),
                settings.structuredReplies(),
                settings.extendedHeaders(),
                of(mode),
                settings.handshakeFlags().bits());
    }

    /** Returns the counters of a handle that has no connection yet. */
    static NbdStatistics of(Traffic traffic) {
        return new NbdStatistics(
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                traffic.bytesSent(),
                traffic.bytesReceived(),
                traffic.optionsSent(),
                traffic.greetings());
    }

    private static TlsPolicy of(TlsMode mode) {
        return switch (mode) {
            case DISABLE -> TlsPolicy.DISABLE;
            case ALLOW -> TlsPolicy.ALLOW;
            case REQUIRE -> TlsPolicy.REQUIRE;
        };
    }

    static List<ExportEntry> of(OptionResult.Exports exports) {
        return exports.entries().stream()
                .map(entry -> new ExportEntry(entry.name(), entry.description()))
                .toList();
    }
}
