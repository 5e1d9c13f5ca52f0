package io.nbd4j.testkit.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.TransmissionFlags;
import io.nbd4j.codec.handshake.ClientFlags;
import io.nbd4j.codec.handshake.HandshakeFlags;
import io.nbd4j.codec.handshake.InfoItem;
import io.nbd4j.codec.handshake.InfoType;
import io.nbd4j.codec.handshake.MalformedOption;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.handshake.OptionRequest;
import io.nbd4j.codec.handshake.OptionType;
import io.nbd4j.codec.transmission.TransmissionMode;
import io.nbd4j.testkit.HandshakeStyle;
import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.PatternExport;
import io.nbd4j.testkit.TlsMode;
import io.nbd4j.testkit.internal.ServerNegotiation.Haggle;
import io.nbd4j.testkit.internal.ServerNegotiation.HangUp;
import io.nbd4j.testkit.internal.ServerNegotiation.Step;
import io.nbd4j.testkit.internal.ServerNegotiation.Transmit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ServerNegotiationTest {
    private static final SizeConstraints STRICT = new SizeConstraints(4096, 65536, 1 << 20);
    private static final ServedExport DISK =
            new ServedExport("", "the disk", MemoryExport.ofSize(1 << 20), ExportSettings.DEFAULT);
    private static final ServedExport PATTERN =
            new ServedExport("pattern", "", PatternExport.ofSize(4096), ExportSettings.DEFAULT);
    private static final ServedExport STRICT_DISK =
            new ServedExport("strict", "", MemoryExport.ofSize(1 << 20), ExportSettings.DEFAULT.withSizes(STRICT));

    private final ServerNegotiation negotiation = new ServerNegotiation(profile(true));

    @Test
    void hangsUpOnClientFlagsThatDoNotExist() {
        assertThat(negotiation.onClientFlags(new ClientFlags(4)).next()).isInstanceOf(HangUp.class);
    }

    @Test
    void goGivesSizeAndFlagsAndWhatWasAskedForThenAcknowledges() {
        // Given
        fixedNewstyle();

        // When
        Step step =
                negotiation.onOption(OptionRequest.Go.of("", InfoType.NAME, InfoType.DESCRIPTION, InfoType.BLOCK_SIZE));

        // Then
        int go = OptionType.GO.wire();
        assertThat(step.replies())
                .containsExactly(
                        new OptionReply.Info(go, new InfoItem.ExportItem(1 << 20, new TransmissionFlags(0x0d6d))),
                        new OptionReply.Info(go, new InfoItem.NameItem("")),
                        new OptionReply.Info(go, new InfoItem.DescriptionItem("the disk")),
                        new OptionReply.Info(go, new InfoItem.BlockSizeItem(SizeConstraints.DEFAULT)),
                        new OptionReply.Ack(go));
        assertThat(step.next()).isEqualTo(new Transmit(agreement(DISK, TransmissionMode.SIMPLE), false, false));
    }

    @Test
    void dfIsAdvertisedOnceStructuredRepliesAreAgreed() {
        // Given
        fixedNewstyle();

        // When
        Step agreed = negotiation.onOption(new OptionRequest.StructuredReply());
        Step info = negotiation.onOption(OptionRequest.Info.of("pattern"));

        // Then
        assertThat(agreed.replies()).containsExactly(new OptionReply.Ack(8));
        assertThat(info.replies())
                .containsExactly(
                        new OptionReply.Info(6, new InfoItem.ExportItem(4096, new TransmissionFlags(0x058f))),
                        new OptionReply.Ack(6));
        assertThat(info.next()).isInstanceOf(Haggle.class);
        assertThat(negotiation.onOption(OptionRequest.Go.of("pattern")).next())
                .isEqualTo(new Transmit(agreement(PATTERN, TransmissionMode.STRUCTURED), false, false));
    }

    @Test
    void structuredRepliesAreAgreedOnceAndOnlyWhereTheyAreOffered() {
        // Given
        fixedNewstyle();
        negotiation.onOption(new OptionRequest.StructuredReply());
        ServerNegotiation without = new ServerNegotiation(profile(false));
        without.onClientFlags(new ClientFlags(ClientFlags.FIXED_NEWSTYLE));

        // When // Then
        assertRefused(negotiation.onOption(new OptionRequest.StructuredReply()), OptionReplyType.ERR_INVALID);
        assertRefused(without.onOption(new OptionRequest.StructuredReply()), OptionReplyType.ERR_UNSUP);
    }

    @Test
    void listNamesEachExportWithItsDescription() {
        // Given
        fixedNewstyle();

        // When
        Step step = negotiation.onOption(new OptionRequest.ListExports());

        // Then
        assertThat(step.replies())
                .containsExactly(
                        new OptionReply.Server(3, "", "the disk"),
                        new OptionReply.Server(3, "pattern", ""),
                        new OptionReply.Server(3, "strict", ""),
                        new OptionReply.Ack(3));
    }

    @Test
    void anUnknownNameIsRefusedAndAnotherMayBeTried() {
        // Given
        fixedNewstyle();

        // When // Then
        assertRefused(negotiation.onOption(OptionRequest.Go.of("nothing")), OptionReplyType.ERR_UNKNOWN);
        assertThat(negotiation.onOption(OptionRequest.Go.of("")).next()).isInstanceOf(Transmit.class);
    }

    @Test
    void exportNameHasNoWayToRefuse() {
        // Given
        fixedNewstyle();

        // When // Then
        assertThat(negotiation.onOption(new OptionRequest.ExportName("nothing")).next())
                .isInstanceOf(HangUp.class);
        assertThat(negotiation
                        .onMalformedOption(new MalformedOption(1, OptionReplyType.ERR_INVALID, "too long"))
                        .next())
                .isInstanceOf(HangUp.class);
        assertThat(negotiation.onOption(new OptionRequest.ExportName("")).next())
                .isEqualTo(new Transmit(agreement(DISK, TransmissionMode.SIMPLE), true, true));
    }

    @Test
    void exportNameIsNotPaddedForAClientThatSaidNoZeroes() {
        // Given
        negotiation.onClientFlags(new ClientFlags(ClientFlags.FIXED_NEWSTYLE | ClientFlags.NO_ZEROES));

        // When // Then
        assertThat(negotiation.onOption(new OptionRequest.ExportName("")).next())
                .isEqualTo(new Transmit(agreement(DISK, TransmissionMode.SIMPLE), true, false));
    }

    @Test
    void aClientThatIsNotFixedNewstyleHasNothingButExportName() {
        // Given
        negotiation.onClientFlags(new ClientFlags(0));

        // When // Then
        assertThat(negotiation.onOption(new OptionRequest.ListExports()).next()).isInstanceOf(HangUp.class);
        assertThat(negotiation.onOption(new OptionRequest.ExportName("")).next())
                .isInstanceOf(Transmit.class);
    }

    @Test
    void aServerThatIsNotFixedNewstyleTakesNoFlagsAndNothingButExportName() {
        // Given
        ServerProfile plain =
                new ServerProfile(Map.of("", DISK), HandshakeStyle.NEWSTYLE, true, true, TlsMode.OFF, null);
        ServerNegotiation flagged = new ServerNegotiation(plain);
        ServerNegotiation haggling = new ServerNegotiation(plain);

        // When // Then
        assertThat(plain.handshakeFlags()).isEqualTo(new HandshakeFlags(0));
        assertThat(flagged.onClientFlags(new ClientFlags(ClientFlags.FIXED_NEWSTYLE))
                        .next())
                .isInstanceOf(HangUp.class);
        assertThat(haggling.onClientFlags(new ClientFlags(0)).next()).isInstanceOf(Haggle.class);
        assertThat(haggling.onOption(OptionRequest.Go.of("")).next()).isInstanceOf(HangUp.class);
        assertThat(haggling.onOption(new OptionRequest.ExportName("")).next())
                .isEqualTo(new Transmit(agreement(DISK, TransmissionMode.SIMPLE), true, true));
    }

    @Test
    void aMinimumBlockSizeIsShownAndRequiredToBeAskedFor() {
        // Given
        fixedNewstyle();

        // When
        Step without = negotiation.onOption(OptionRequest.Go.of("strict"));
        Step with = negotiation.onOption(OptionRequest.Go.of("strict", InfoType.BLOCK_SIZE));

        // Then
        OptionReply sizes = new OptionReply.Info(7, new InfoItem.BlockSizeItem(STRICT));
        assertThat(without.replies()).contains(sizes);
        assertThat(without.replies().get(without.replies().size() - 1))
                .isInstanceOfSatisfying(
                        OptionReply.Refusal.class,
                        refusal -> assertThat(refusal.type()).isEqualTo(OptionReplyType.ERR_BLOCK_SIZE_REQD));
        assertThat(without.next()).isInstanceOf(Haggle.class);
        assertThat(with.replies()).contains(sizes).endsWith(new OptionReply.Ack(7));
        assertThat(with.next()).isEqualTo(new Transmit(agreement(STRICT_DISK, TransmissionMode.SIMPLE), false, false));
    }

    @Test
    void whatIsNotSupportedIsSaidToBeSo() {
        // Given
        fixedNewstyle();
        List<OptionRequest> unsupported = List.of(
                new OptionRequest.StartTls(),
                new OptionRequest.ExtendedHeaders(),
                new OptionRequest.UnknownOption(4),
                new OptionRequest.UnknownOption(0x7fff_ffff));

        // When // Then
        for (OptionRequest request : unsupported) {
            assertRefused(negotiation.onOption(request), OptionReplyType.ERR_UNSUP);
        }
    }

    @Test
    void malformedOptionsAreRefusedAndTheNextOneIsHeard() {
        // Given
        fixedNewstyle();

        // When // Then
        assertRefused(
                negotiation.onMalformedOption(new MalformedOption(7, OptionReplyType.ERR_INVALID, "cut off")),
                OptionReplyType.ERR_INVALID);
        assertThat(negotiation.onOption(OptionRequest.Go.of("")).next()).isInstanceOf(Transmit.class);
    }

    @Test
    void abortIsAcknowledgedBeforeHangingUp() {
        // Given
        fixedNewstyle();

        // When
        Step step = negotiation.onOption(new OptionRequest.Abort());

        // Then
        assertThat(step).isEqualTo(new Step(List.of(new OptionReply.Ack(2)), new HangUp()));
    }

    @Test
    void aClientThatNeverStopsAskingIsHungUpOn() {
        // Given
        fixedNewstyle();
        int answered = 0;

        // When
        while (negotiation.onOption(new OptionRequest.UnknownOption(99)).next() instanceof Haggle) {
            answered++;
        }

        // Then
        assertThat(answered).isEqualTo(1024);
    }

    private void fixedNewstyle() {
        negotiation.onClientFlags(new ClientFlags(ClientFlags.FIXED_NEWSTYLE));
    }

    private static ServerProfile profile(boolean structuredReplies) {
        Map<String, ServedExport> exports = new LinkedHashMap<>();
        for (ServedExport export : List.of(DISK, PATTERN, STRICT_DISK)) {
            exports.put(export.name(), export);
        }
        return new ServerProfile(exports, HandshakeStyle.FIXED_NEWSTYLE, structuredReplies, false, TlsMode.OFF, null);
    }

    private static Agreement agreement(ServedExport export, TransmissionMode mode, ServedContext... contexts) {
        return new Agreement(export, mode, List.of(contexts));
    }

    private static void assertRefused(Step step, OptionReplyType type) {
        assertThat(step.next()).isInstanceOf(Haggle.class);
        assertThat(step.replies())
                .singleElement()
                .isInstanceOfSatisfying(
                        OptionReply.Refusal.class,
                        refusal -> assertThat(refusal.type()).isEqualTo(type));
    }
}
