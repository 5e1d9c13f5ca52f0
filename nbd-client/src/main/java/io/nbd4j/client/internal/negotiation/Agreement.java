package io.nbd4j.client.internal.negotiation;

import io.nbd4j.client.MetaContext;
import io.nbd4j.codec.handshake.ClientFlags;
import io.nbd4j.codec.transmission.TransmissionMode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the client wants and what has been agreed so far. It goes from phase to phase of a handshake.
 *
 * @param settings what the client wants
 * @param style how much of the handshake may be used
 * @param flags what the client has answered the greeting with
 * @param mode what the server has agreed to for the transmission phase
 * @param selection the meta contexts that the server has selected, null if it was not asked to or has forgotten them
 * @param tls whether TLS is up
 * @param interrupted the option that is sent again once TLS is up, null for none
 */
record Agreement(
        NegotiationSettings settings,
        ProtocolStyle style,
        ClientFlags flags,
        TransmissionMode mode,
        @Nullable ContextSelection selection,
        boolean tls,
        @Nullable Interrupted interrupted) {
    /** The start: nothing else of this has been agreed. */
    Agreement(NegotiationSettings settings, ProtocolStyle style, ClientFlags flags) {
        this(settings, style, flags, TransmissionMode.SIMPLE, null, false, null);
    }

    /** Structured replies are on. They are anyway with extended headers. */
    Agreement withStructuredReplies() {
        return mode == TransmissionMode.EXTENDED ? this : withMode(TransmissionMode.STRUCTURED);
    }

    Agreement withExtendedHeaders() {
        return withMode(TransmissionMode.EXTENDED);
    }

    private Agreement withMode(TransmissionMode agreed) {
        return new Agreement(settings, style, flags, agreed, selection, tls, interrupted);
    }

    /** Another wish. A server may forget what it has selected for one export when it is asked for another. */
    Agreement withWish(ExportWish wish) {
        ContextSelection kept =
                selection != null && selection.exportName().equals(wish.exportName()) ? selection : null;
        return new Agreement(settings.withWish(wish), style, flags, mode, kept, tls, interrupted);
    }

    Agreement withSelection(@Nullable ContextSelection selected) {
        return new Agreement(settings, style, flags, mode, selected, tls, interrupted);
    }

    /** TLS is up, and the server has forgotten what was agreed before. */
    Agreement withTls() {
        return new Agreement(settings, style, flags, TransmissionMode.SIMPLE, null, true, interrupted);
    }

    Agreement withInterrupted(@Nullable Interrupted option) {
        return new Agreement(settings, style, flags, mode, selection, tls, option);
    }

    ExportWish wish() {
        return settings.wish();
    }

    boolean isFixedNewstyle() {
        return style == ProtocolStyle.NEWSTYLE_FIXED;
    }

    /** Returns whether the answer to EXPORT_NAME is padded. */
    boolean zeroes() {
        return !flags.has(ClientFlags.NO_ZEROES);
    }

    boolean structuredReplies() {
        return mode != TransmissionMode.SIMPLE;
    }

    boolean extendedHeaders() {
        return mode == TransmissionMode.EXTENDED;
    }

    /** Returns the meta contexts whose status can be asked for. Without chunks there is no way to tell it. */
    List<MetaContext> metaContexts() {
        return selection == null || !structuredReplies() ? List.of() : selection.contexts();
    }

    /** Returns whether the client wants TLS and may ask for it. */
    boolean mayStartTls() {
        return settings.tls() != TlsPolicy.DISABLE && !tls && isFixedNewstyle();
    }

    /** Returns whether TLS must be up, and is not. */
    boolean lacksTls() {
        return settings.tls() == TlsPolicy.REQUIRE && !tls;
    }

    NegotiationFacts facts() {
        return new NegotiationFacts(style, flags.bits(), tls, structuredReplies(), extendedHeaders(), metaContexts());
    }
}
