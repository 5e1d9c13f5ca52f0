package io.nbd4j.client.internal.negotiation;

import io.nbd4j.client.internal.negotiation.NegotiationAction.SendClientFlags;
import io.nbd4j.codec.handshake.ClientFlags;
import io.nbd4j.codec.handshake.Greeting;
import io.nbd4j.codec.handshake.NewstyleGreeting;
import io.nbd4j.codec.handshake.OldstyleGreeting;

/** The connection is there, nothing has been said. */
record AwaitingGreeting(NegotiationSettings settings) implements NegotiationPhase {
    @Override
    public String waitingFor() {
        return "the greeting";
    }

    @Override
    public Step onGreeting(Greeting greeting) {
        return switch (greeting.kind()) {
            case OLDSTYLE -> onOldstyle((OldstyleGreeting) greeting);
            case NEWSTYLE -> onNewstyle((NewstyleGreeting) greeting);
        };
    }

    /**
     * Nothing can be negotiated, so there is nothing to pause for: the one export is what there is. It has no name, and may
     * be any: who named one would get another without a word.
     */
    private Step onOldstyle(OldstyleGreeting greeting) {
        if (settings.tls() == TlsPolicy.REQUIRE) {
            return Step.fail(new NegotiationFailure.TlsUnavailable(
                    "the server speaks oldstyle, so it can't be asked for TLS", null));
        }
        if (!settings.wish().exportName().isEmpty()) {
            return Step.fail(
                    new NegotiationFailure.NoExportNames(settings.wish().exportName()));
        }
        Agreement agreement = new Agreement(settings, ProtocolStyle.OLDSTYLE, new ClientFlags(0));
        return ExportDraft.EMPTY
                .with(greeting.exportSize(), greeting.transmissionFlags())
                .enter(agreement);
    }

    private Step onNewstyle(NewstyleGreeting greeting) {
        // The two flags have the same bits in both directions. Unknown ones must not be sent back.
        ClientFlags flags = new ClientFlags(greeting.handshakeFlags().bits() & settings.handshakeFlags());
        ProtocolStyle style =
                flags.has(ClientFlags.FIXED_NEWSTYLE) ? ProtocolStyle.NEWSTYLE_FIXED : ProtocolStyle.NEWSTYLE;
        Agreement agreement = new Agreement(settings, style, flags);
        return OptionOrder.begin(agreement).after(new SendClientFlags(flags));
    }
}
