package io.nbd4j.client.internal.negotiation;

import io.nbd4j.codec.ProtocolViolationException;
import io.nbd4j.codec.handshake.ExportNameReply;
import io.nbd4j.codec.handshake.Greeting;
import io.nbd4j.codec.handshake.OptionReply;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What happens to a handshake: a message of the server, a request of the user, the clock, the end of the stream. */
sealed interface NegotiationEvent {
    /** Returns which of the records it is, for a switch without a default. */
    Kind kind();

    enum Kind {
        GREETING_RECEIVED,
        OPTION_REPLY_RECEIVED,
        EXPORT_NAME_REPLY_RECEIVED,
        VIOLATION_FOUND,
        TIME_OVER,
        CHANNEL_CLOSED,
        TLS_UP,
        TLS_FAILED,
        OPTION_REQUESTED,
        ABORT_REQUESTED
    }

    record GreetingReceived(Greeting greeting) implements NegotiationEvent {
        @Override
        public Kind kind() {
            return Kind.GREETING_RECEIVED;
        }
    }

    record OptionReplyReceived(OptionReply reply) implements NegotiationEvent {
        @Override
        public Kind kind() {
            return Kind.OPTION_REPLY_RECEIVED;
        }
    }

    record ExportNameReplyReceived(ExportNameReply reply) implements NegotiationEvent {
        @Override
        public Kind kind() {
            return Kind.EXPORT_NAME_REPLY_RECEIVED;
        }
    }

    /** The decoder could make nothing of the bytes. */
    record ViolationFound(ProtocolViolationException cause) implements NegotiationEvent {
        @Override
        public Kind kind() {
            return Kind.VIOLATION_FOUND;
        }
    }

    record TimeOver(Duration after) implements NegotiationEvent {
        @Override
        public Kind kind() {
            return Kind.TIME_OVER;
        }
    }

    /** The stream ended, in order or with an error. */
    record ChannelClosed(@Nullable Throwable cause) implements NegotiationEvent {
        @Override
        public Kind kind() {
            return Kind.CHANNEL_CLOSED;
        }
    }

    /** The TLS handshake is done. */
    record TlsUp() implements NegotiationEvent {
        @Override
        public Kind kind() {
            return Kind.TLS_UP;
        }
    }

    /** The TLS handshake failed, or the stream under TLS is broken; without a cause it has just ended. */
    record TlsFailed(@Nullable Throwable cause) implements NegotiationEvent {
        @Override
        public Kind kind() {
            return Kind.TLS_FAILED;
        }
    }

    record OptionRequested(UserRequest request) implements NegotiationEvent {
        @Override
        public Kind kind() {
            return Kind.OPTION_REQUESTED;
        }
    }

    record AbortRequested() implements NegotiationEvent {
        @Override
        public Kind kind() {
            return Kind.ABORT_REQUESTED;
        }
    }
}
