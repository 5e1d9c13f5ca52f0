package io.nbd4j.testkit.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.codec.handshake.ClientFlags;
import io.nbd4j.codec.handshake.MalformedOption;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.handshake.OptionRequest;
import io.nbd4j.codec.transmission.TransmissionMode;
import io.nbd4j.testkit.HandshakeStyle;
import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.TlsMode;
import io.nbd4j.testkit.internal.ServerNegotiation.Haggle;
import io.nbd4j.testkit.internal.ServerNegotiation.HangUp;
import io.nbd4j.testkit.internal.ServerNegotiation.StartTls;
import io.nbd4j.testkit.internal.ServerNegotiation.Step;
import io.nbd4j.testkit.internal.ServerNegotiation.Transmit;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the handshake says about TLS; the TLS itself is no business of these rules. */
class ServerTlsRulesTest {
    private static final ServedExport OPEN =
            new ServedExport("open", "", MemoryExport.ofSize(1 << 20), ExportSettings.DEFAULT);
    private static final ServedExport SECRET =
            new ServedExport("secret", "", MemoryExport.ofSize(1 << 20), ExportSettings.DEFAULT.withTlsOnly(true));

    private static final List<OptionRequest> EVERYTHING_ELSE = List.of(
            new OptionRequest.ListExports(),
            OptionRequest.Info.of("open"),
            OptionRequest.Go.of("open"),
            OptionRequest.Go.of("nothing"),
            new OptionRequest.StructuredReply(),
            new OptionRequest.ExtendedHeaders(),
            new OptionRequest.ListMetaContext("open", List.of()),
            new OptionRequest.SetMetaContext("open", List.of()),
            new OptionRequest.UnknownOption(4),
            new OptionRequest.UnknownOption(99));

    @Test
    void nothingWorksBeforeTlsWhereItIsRequired() {
        // Given
        ServerNegotiation negotiation = negotiation(TlsMode.REQUIRED);

        // When // Then
        for (OptionRequest request : EVERYTHING_ELSE) {
            assertRefused(negotiation.onOption(request), request.option(), OptionReplyType.ERR_TLS_REQD);
        }
        assertRefused(
                negotiation.onMalformedOption(new MalformedOption(7, OptionReplyType.ERR_INVALID, "cut off")),
                7,
                OptionReplyType.ERR_TLS_REQD);
        assertRefused(
                negotiation.onMalformedOption(new MalformedOption(5, OptionReplyType.ERR_INVALID, "carries data")),
                5,
                OptionReplyType.ERR_INVALID);
        assertThat(negotiation.onOption(new OptionRequest.ExportName("open")).next())
                .isInstanceOf(HangUp.class);
        assertThat(negotiation.onOption(new OptionRequest.Abort()))
                .isEqualTo(new Step(List.of(new OptionReply.Ack(2)), new HangUp()));
    }

    @ParameterizedTest
    @EnumSource(names = {"OPTIONAL", "REQUIRED"})
    void underTlsEverythingWorksButToStartItAgain(TlsMode mode) {
        // Given
        ServerNegotiation negotiation = negotiation(mode);

        // When
        Step started = negotiation.onOption(new OptionRequest.StartTls());

        // Then
        assertThat(started).isEqualTo(new Step(List.of(new OptionReply.Ack(5)), new StartTls()));
        assertRefused(negotiation.onOption(new OptionRequest.StartTls()), 5, OptionReplyType.ERR_INVALID);
        for (OptionRequest request : EVERYTHING_ELSE) {
            assertThat(negotiation.onOption(request).replies())
                    .noneMatch(reply -> reply instanceof OptionReply.Refusal refusal
                            && refusal.type() == OptionReplyType.ERR_TLS_REQD);
        }
        assertThat(negotiation.onOption(OptionRequest.Go.of("secret")).next()).isInstanceOf(Transmit.class);
    }

    @Test
    void startingTlsMakesEverythingAgreedBeforeVoid() {
        // Given
        ServerNegotiation negotiation = negotiation(TlsMode.OPTIONAL);
        negotiation.onOption(new OptionRequest.ExtendedHeaders());
        negotiation.onOption(new OptionRequest.SetMetaContext("open", List.of("base:allocation")));

        // When
        negotiation.onOption(new OptionRequest.StartTls());

        // Then
        assertThat(negotiation.onOption(OptionRequest.Go.of("open")).next())
                .isEqualTo(new Transmit(new Agreement(OPEN, TransmissionMode.SIMPLE, List.of()), false, false));
        assertThat(negotiation.onOption(new OptionRequest.StructuredReply()).replies())
                .containsExactly(new OptionReply.Ack(8));
        assertThat(negotiation.onOption(OptionRequest.Go.of("open")).next())
                .isEqualTo(new Transmit(new Agreement(OPEN, TransmissionMode.STRUCTURED, List.of()), false, false));
    }

    @Test
    void anExportForTlsOnlyIsClosedBefore() {
        // Given
        ServerNegotiation negotiation = negotiation(TlsMode.OPTIONAL);
        negotiation.onOption(new OptionRequest.StructuredReply());

        // When // Then
        assertRefused(negotiation.onOption(OptionRequest.Go.of("secret")), 7, OptionReplyType.ERR_TLS_REQD);
        assertRefused(negotiation.onOption(OptionRequest.Info.of("secret")), 6, OptionReplyType.ERR_TLS_REQD);
        assertRefused(negotiation.onOption(OptionRequest.Go.of("nothing")), 7, OptionReplyType.ERR_UNKNOWN);
        assertRefused(
                negotiation.onOption(new OptionRequest.SetMetaContext("secret", List.of())),
                10,
                OptionReplyType.ERR_POLICY);
        assertRefused(
                negotiation.onOption(new OptionRequest.ListMetaContext("secret", List.of())),
                9,
                OptionReplyType.ERR_POLICY);
        assertThat(negotiation.onOption(new OptionRequest.ExportName("secret")).next())
                .isInstanceOf(HangUp.class);
        assertThat(negotiation.onOption(OptionRequest.Go.of("open")).next()).isInstanceOf(Transmit.class);
    }

    @Test
    void whereThereIsNoTlsItIsNotSupported() {
        assertRefused(negotiation(TlsMode.OFF).onOption(new OptionRequest.StartTls()), 5, OptionReplyType.ERR_UNSUP);
    }

    @Test
    void thereIsNoTlsForAClientThatIsNotFixedNewstyle() {
        // Given
        ServerNegotiation negotiation = new ServerNegotiation(profile(TlsMode.OPTIONAL));
        negotiation.onClientFlags(new ClientFlags(0));

        // When // Then
        assertThat(negotiation.onOption(new OptionRequest.StartTls())).isEqualTo(new Step(List.of(), new HangUp()));
    }

    private static ServerNegotiation negotiation(TlsMode mode) {
        ServerNegotiation negotiation = new ServerNegotiation(profile(mode));
        negotiation.onClientFlags(new ClientFlags(ClientFlags.FIXED_NEWSTYLE));
        return negotiation;
    }

    private static ServerProfile profile(TlsMode mode) {
        return new ServerProfile(
                Map.of("open", OPEN, "secret", SECRET), HandshakeStyle.FIXED_NEWSTYLE, true, true, mode, null);
    }

    private static void assertRefused(Step step, int option, OptionReplyType type) {
        assertThat(step.next()).isInstanceOf(Haggle.class);
        assertThat(step.replies()).singleElement().isInstanceOfSatisfying(OptionReply.Refusal.class, refusal -> {
            assertThat(refusal.type()).isEqualTo(type);
            assertThat(refusal.option()).isEqualTo(option);
        });
    }
}
