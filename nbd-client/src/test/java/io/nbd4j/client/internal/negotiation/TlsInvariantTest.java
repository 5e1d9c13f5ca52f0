package io.nbd4j.client.internal.negotiation;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.internal.negotiation.NegotiationAction.EnterTransmission;
import io.nbd4j.client.internal.negotiation.NegotiationAction.Pause;
import io.nbd4j.client.internal.negotiation.NegotiationAction.SendOption;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.ExportNameReplyReceived;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.GreetingReceived;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.OptionReplyReceived;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.OptionRequested;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.TlsUp;
import io.nbd4j.codec.TransmissionFlags;
import io.nbd4j.codec.handshake.ExportNameReply;
import io.nbd4j.codec.handshake.HandshakeFlags;
import io.nbd4j.codec.handshake.InfoItem;
import io.nbd4j.codec.handshake.NewstyleGreeting;
import io.nbd4j.codec.handshake.OldstyleGreeting;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.handshake.OptionRequest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * CVE-2019-14842: where TLS is required, no way leads to an export without it. A server may say anything at any time, and a user ask
 * for anything; all of that is tried, in every order.
 */
class TlsInvariantTest {
    private static final int DEPTH = 7;
    private static final int LAST_OPTION = 11;
    private static final ExportWish WISH =
            ExportWish.DEFAULT.withExportName("secret").withFullInfo(true).withMetaContexts(List.of("base:allocation"));
    private static final NegotiationSettings SETTINGS =
            NegotiationSettings.DEFAULT.withWish(WISH).withExtendedHeaders(true);
    private static final TransmissionFlags FLAGS = new TransmissionFlags(TransmissionFlags.HAS_FLAGS);

    /** What an exploration has come across. */
    private record Found(List<NegotiationAction> actions, List<NegotiationPhase> phases) {
        boolean any(Class<? extends NegotiationAction> action) {
            return actions.stream().anyMatch(action::isInstance);
        }

        List<OptionRequest> options() {
            return actions.stream()
                    .filter(SendOption.class::isInstance)
                    .map(action -> ((SendOption) action).request())
                    .distinct()
                    .toList();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whereTlsIsRequiredNoWayLeadsPastIt(boolean optionMode) {
        // When
        Found found = explore(SETTINGS.withTls(TlsPolicy.REQUIRE).withOptionMode(optionMode), whatAServerMaySay());

        // Then
        assertThat(found.any(EnterTransmission.class)).isFalse();
        assertThat(found.any(Pause.class)).isFalse();
        assertThat(found.options()).containsExactlyInAnyOrder(new OptionRequest.StartTls(), new OptionRequest.Abort());
        assertThat(found.any(NegotiationAction.StartTls.class)).isTrue();
    }

    /** Otherwise the test above would see nothing. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theSameSearchFindsTheWaysThereAre(boolean underTls) {
        // Given
        List<NegotiationEvent> events = new ArrayList<>(whatAServerMaySay());
        if (underTls) {
            events.add(new TlsUp());
        }

        // When
        Found found = explore(SETTINGS.withTls(underTls ? TlsPolicy.REQUIRE : TlsPolicy.ALLOW), events);

        // Then
        assertThat(found.any(EnterTransmission.class)).isTrue();
    }

    private static List<NegotiationEvent> whatAServerMaySay() {
        List<NegotiationEvent> events = new ArrayList<>();
        events.add(new GreetingReceived(new OldstyleGreeting(1 << 20, FLAGS)));
        for (int flags = 0; flags <= 3; flags++) {
            events.add(new GreetingReceived(new NewstyleGreeting(new HandshakeFlags(flags))));
        }
        for (int option = 1; option <= LAST_OPTION; option++) {
            events.add(new OptionReplyReceived(new OptionReply.Ack(option)));
            events.add(new OptionReplyReceived(new OptionReply.Info(option, new InfoItem.ExportItem(1 << 20, FLAGS))));
            events.add(new OptionReplyReceived(new OptionReply.MetaContextReply(option, 1, "base:allocation")));
            for (OptionReplyType error : List.of(
                    OptionReplyType.ERR_UNSUP,
                    OptionReplyType.ERR_POLICY,
                    OptionReplyType.ERR_INVALID,
                    OptionReplyType.ERR_TLS_REQD)) {
                events.add(new OptionReplyReceived(OptionReply.Refusal.of(option, error, "")));
            }
        }
        events.add(new ExportNameReplyReceived(new ExportNameReply(1 << 20, FLAGS)));
        for (UserRequest request : List.of(
                new UserRequest.Go(WISH),
                new UserRequest.Info(WISH),
                new UserRequest.ListExports(),
                new UserRequest.StartTls(),
                new UserRequest.StructuredReplies(),
                new UserRequest.ExtendedHeaders(),
                new UserRequest.ListMetaContexts("secret", List.of()))) {
            events.add(new OptionRequested(request));
        }
        return events;
    }

    private static Found explore(NegotiationSettings settings, List<NegotiationEvent> events) {
        Found found = new Found(new ArrayList<>(), new ArrayList<>());
        Map<NegotiationPhase, Integer> depths = new HashMap<>();
        Deque<NegotiationPhase> ahead = new ArrayDeque<>();
        NegotiationPhase start = NegotiationMachine.start(settings);
        depths.put(start, 0);
        ahead.add(start);
        for (NegotiationPhase phase = ahead.poll(); phase != null; phase = ahead.poll()) {
            found.phases().add(phase);
            int depth = depths.getOrDefault(phase, 0);
            for (NegotiationEvent event : depth < DEPTH ? events : List.<NegotiationEvent>of()) {
                Step step = NegotiationMachine.step(phase, event);
                found.actions().addAll(step.actions());
                if (depths.putIfAbsent(step.next(), depth + 1) == null) {
                    ahead.add(step.next());
                }
            }
        }
        return found;
    }
}
