package io.nbd4j.client.internal.negotiation;

import io.nbd4j.client.internal.negotiation.NegotiationAction.RefuseOption;
import io.nbd4j.codec.handshake.ExportNameReply;
import io.nbd4j.codec.handshake.Greeting;
import io.nbd4j.codec.handshake.OptionReply;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The handshake is over. What still comes does not matter to it.
 *
 * @param agreement what it has come to, null if it has failed
 */
record Ended(@Nullable Agreement agreement) implements NegotiationPhase {
    /** It has failed. */
    Ended() {
        this(null);
    }

    @Override
    public String waitingFor() {
        return "nothing";
    }

    @Override
    public Step onGreeting(Greeting greeting) {
        return stay();
    }

    @Override
    public Step onOptionReply(OptionReply reply) {
        return stay();
    }

    @Override
    public Step onExportNameReply(ExportNameReply reply) {
        return stay();
    }

    @Override
    public Step onViolation(NegotiationFailure.Violated violated) {
        return stay();
    }

    @Override
    public Step onTimeOver(Duration after) {
        return stay();
    }

    @Override
    public Step onChannelClosed(@Nullable Throwable cause) {
        return stay();
    }

    @Override
    public Step onTlsFailed(@Nullable Throwable cause) {
        return stay();
    }

    @Override
    public Step onAbortRequested() {
        return Step.to(this, new RefuseOption(notNow()));
    }

    @Override
    public OptionFailure notNow() {
        return new OptionFailure.NotNow("the handshake is over");
    }

    private Step stay() {
        return Step.to(this);
    }
}
