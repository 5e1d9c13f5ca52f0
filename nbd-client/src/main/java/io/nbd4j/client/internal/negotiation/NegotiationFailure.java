package io.nbd4j.client.internal.negotiation;

import io.nbd4j.codec.ProtocolViolationException;
import io.nbd4j.codec.ServerText;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionType;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Why a handshake ended without an export. Its scope is the connection, which is closed. */
public sealed interface NegotiationFailure {
    /** How much of an export name a message shows. */
    int MAX_NAME = 256;

    /** Returns one sentence for an exception's message; the server's words in it are bounded and escaped. */
    String message();

    /**
     * The server said no. The client sent ABORT, unless the server was not fixed newstyle.
     *
     * @param option what was refused
     * @param refusal the server's answer
     */
    record Refused(OptionType option, OptionReply.Refusal refusal) implements NegotiationFailure {
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
     * The server hung up on EXPORT_NAME, the only way it has to say no.
     *
     * @param exportName what was asked for
     * @param cause {@code null} for a plain end of the stream
     */
    record ExportNameRefused(String exportName, @Nullable Throwable cause) implements NegotiationFailure {
        @Override
        public String message() {
            return "the server refused the export '" + ServerText.escape(exportName, MAX_NAME)
                    + "': it closed the connection on EXPORT_NAME";
        }
    }

    /**
     * An oldstyle server has one export without a name, so it can't be asked for this one.
     *
     * @param exportName what was to be asked for
     */
    record NoExportNames(String exportName) implements NegotiationFailure {
        @Override
        public String message() {
            return "the server speaks oldstyle, which has no export names: it can't be asked for the export '"
                    + ServerText.escape(exportName, MAX_NAME) + "'";
        }
    }

    /**
     * TLS is required, and the server has none. If it could be asked, the client sent ABORT.
     *
     * @param why in words
     * @param refusal the server's answer to STARTTLS, null if it could not be asked
     */
    record TlsUnavailable(String why, OptionReply.@Nullable Refusal refusal) implements NegotiationFailure {
        @Override
        public String message() {
            return "TLS is required: " + why;
        }
    }

    /**
     * TLS was begun, and went wrong.
     *
     * @param what in words
     * @param cause {@code null} for a plain end of the stream
     */
    record TlsFailed(String what, @Nullable Throwable cause) implements NegotiationFailure {
        @Override
        public String message() {
            return what;
        }
    }

    /**
     * The server broke a rule of the protocol.
     *
     * @param cause which rule
     */
    record Violated(ProtocolViolationException cause) implements NegotiationFailure {
        @Override
        public String message() {
            return "the server broke the protocol: " + cause.getMessage();
        }
    }

    /**
     * The server did not answer in time.
     *
     * @param after the limit
     * @param waitingFor what did not come
     */
    record TimedOut(Duration after, String waitingFor) implements NegotiationFailure {
        @Override
        public String message() {
            return "no end of the handshake within " + after.toMillis() + " ms: still waiting for " + waitingFor;
        }
    }

    /**
     * The connection ended.
     *
     * @param waitingFor what did not come
     * @param cause {@code null} for a plain end of the stream
     */
    record Closed(String waitingFor, @Nullable Throwable cause) implements NegotiationFailure {
        @Override
        public String message() {
            return cause == null
                    ? "the server closed the connection while the client waited for " + waitingFor
                    : "the connection broke while the client waited for " + waitingFor + ": " + cause;
        }
    }

    /** The user of the connection ended it. */
    record Aborted() implements NegotiationFailure {
        @Override
        public String message() {
            return "the negotiation was aborted";
        }
    }
}
