package io.nbd4j.client.internal.negotiation;

import io.nbd4j.codec.handshake.OptionReply;

/** Why a request of the user in option mode came to nothing. */
public sealed interface OptionFailure {
    /** Returns one sentence for an exception's message; the server's words in it are bounded and escaped. */
    String message();

    /**
     * The server said no. The negotiation goes on, except after ERR_SHUTDOWN.
     *
     * @param refusal the server's answer
     */
    record Refused(OptionReply.Refusal refusal) implements OptionFailure {
        @Override
        public String message() {
            return Refusals.describe(refusal);
        }

        /** Returns the message without the server's words. */
        public String reason() {
            return Refusals.reason(refusal);
        }
    }

    /**
     * The server is not fixed newstyle, so the option cannot be sent. Nothing was.
     *
     * @param option what was asked for
     */
    record Unsupported(String option) implements OptionFailure {
        @Override
        public String message() {
            return "the server does not negotiate in fixed newstyle, so it cannot be asked for " + option;
        }
    }

    /**
     * The handshake is not in its pause. What is under way is undisturbed.
     *
     * @param instead what the handshake is doing
     */
    record NotNow(String instead) implements OptionFailure {
        @Override
        public String message() {
            return "no option can be sent now: " + instead;
        }
    }

    /**
     * The connection ended before the answer.
     *
     * @param failure why
     */
    record Ended(NegotiationFailure failure) implements OptionFailure {
        @Override
        public String message() {
            return failure.message();
        }
    }
}
