package io.nbd4j.client.internal.negotiation;

import io.nbd4j.codec.handshake.ClientFlags;
import io.nbd4j.codec.handshake.OptionRequest;

/** What the handler has to do after a step, in the order of the list. */
sealed interface NegotiationAction {
    /** Returns which of the records it is, for a switch without a default. */
    Kind kind();

    enum Kind {
        SEND_CLIENT_FLAGS,
        SEND_OPTION,
        EXPECT_EXPORT_NAME_REPLY,
        START_TLS,
        PAUSE,
        COMPLETE_OPTION,
        REFUSE_OPTION,
        ENTER_TRANSMISSION,
        FAIL
    }

    record SendClientFlags(ClientFlags flags) implements NegotiationAction {
        @Override
        public Kind kind() {
            return Kind.SEND_CLIENT_FLAGS;
        }
    }

    record SendOption(OptionRequest request) implements NegotiationAction {
        @Override
        public Kind kind() {
            return Kind.SEND_OPTION;
        }
    }

    /** The next message is no option reply. */
    record ExpectExportNameReply(boolean zeroes) implements NegotiationAction {
        @Override
        public Kind kind() {
            return Kind.EXPECT_EXPORT_NAME_REPLY;
        }
    }

    /** The next byte in both directions is TLS. */
    record StartTls() implements NegotiationAction {
        @Override
        public Kind kind() {
            return Kind.START_TLS;
        }
    }

    /** Tell that option mode has reached its pause. */
    record Pause() implements NegotiationAction {
        @Override
        public Kind kind() {
            return Kind.PAUSE;
        }
    }

    /** Tell the user that the request under way is done. */
    record CompleteOption(OptionResult result) implements NegotiationAction {
        @Override
        public Kind kind() {
            return Kind.COMPLETE_OPTION;
        }
    }

    /** Tell the user that the request under way came to nothing. */
    record RefuseOption(OptionFailure failure) implements NegotiationAction {
        @Override
        public Kind kind() {
            return Kind.REFUSE_OPTION;
        }
    }

    /** The last action: the next byte of the server belongs to a reply to a command. */
    record EnterTransmission(NegotiatedExport export) implements NegotiationAction {
        @Override
        public Kind kind() {
            return Kind.ENTER_TRANSMISSION;
        }
    }

    /** The last action: tell why, and close the channel. */
    record Fail(NegotiationFailure failure) implements NegotiationAction {
        @Override
        public Kind kind() {
            return Kind.FAIL;
        }
    }
}
