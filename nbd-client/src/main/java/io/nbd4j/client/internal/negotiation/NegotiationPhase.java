package io.nbd4j.client.internal.negotiation;

import io.nbd4j.client.internal.negotiation.NegotiationAction.RefuseOption;
import io.nbd4j.codec.handshake.ExportNameReply;
import io.nbd4j.codec.handshake.Greeting;
import io.nbd4j.codec.handshake.OptionReply;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Where a handshake stands. What exists only in a phase is in its record; what is legal in it are the methods that it
 * overrides. The methods here say what happens otherwise.
 */
sealed interface NegotiationPhase
        permits AwaitingGreeting, Paused, OptionPhase, AwaitingTls, AwaitingExportNameReply, Ended {
    /** Returns what is agreed so far, null where that is known no more or not yet. */
    default @Nullable Agreement agreement() {
        return null;
    }

    /** Returns what the server owes, in words that go on after "waiting for". */
    String waitingFor();

    default Step onGreeting(Greeting greeting) {
        return Step.violation("a greeting came instead of " + waitingFor());
    }

    default Step onOptionReply(OptionReply reply) {
        return Step.violation("a reply to option " + Integer.toUnsignedString(reply.option()) + " came, but the client"
                + " is waiting for " + waitingFor());
    }

    default Step onExportNameReply(ExportNameReply reply) {
        return Step.violation("an answer to EXPORT_NAME came instead of " + waitingFor());
    }

    default Step onViolation(NegotiationFailure.Violated violated) {
        return Step.fail(violated);
    }

    default Step onTimeOver(Duration after) {
        return Step.fail(new NegotiationFailure.TimedOut(after, waitingFor()));
    }

    default Step onChannelClosed(@Nullable Throwable cause) {
        return Step.fail(new NegotiationFailure.Closed(waitingFor(), cause));
    }

    /** Only {@link AwaitingTls} waits for it; whoever gave up waiting has ended. */
    default Step onTlsUp() {
        return Step.to(this);
    }

    /**
     * A broken stream, or one that ends where the first word under TLS should be: with TLS 1.3 a server looks at the client's
     * certificate when the client believes the handshake to be over.
     */
    default Step onTlsFailed(@Nullable Throwable cause) {
        return Step.fail(new NegotiationFailure.TlsFailed(
                cause == null
                        ? "the server closed the connection behind the TLS handshake: it may want a client certificate, or"
                                + " another one"
                        : "TLS failed",
                cause));
    }

    /** Only {@link Paused} takes requests. What is under way is undisturbed. */
    default Step onRequest(UserRequest request) {
        return Step.to(this, new RefuseOption(notNow()));
    }

    /** An option is outstanding, or none may be sent yet: ABORT would break the rules, hanging up does not. */
    default Step onAbortRequested() {
        return Step.fail(new NegotiationFailure.Aborted());
    }

    /** Returns what a user hears who asks for an option that is not legal in this phase. */
    default OptionFailure notNow() {
        return new OptionFailure.NotNow("the client is waiting for " + waitingFor());
    }
}
