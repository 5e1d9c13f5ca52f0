package io.nbd4j.testkit.internal.fault;

import io.nbd4j.testkit.fault.FaultRule;
import io.nbd4j.testkit.transcript.ClientMessage;
import io.nbd4j.testkit.transcript.ServerMessage;
import io.nbd4j.testkit.transcript.Transcript;
import org.jspecify.annotations.Nullable;

/** One connection's part in a transcript, if there is one. */
final class Tap {
    private final @Nullable Transcript transcript;
    private final int connection;
    private boolean ended;

    Tap(@Nullable Transcript transcript) {
        this.transcript = transcript;
        this.connection = transcript == null ? 0 : transcript.connected();
    }

    void client(ClientMessage message) {
        if (transcript != null) {
            transcript.add(connection, message);
        }
    }

    void server(ServerMessage message, @Nullable FaultRule rule) {
        if (transcript != null) {
            transcript.add(connection, message, rule == null ? null : rule.toString());
        }
    }

    void bytesAfterDisc(long bytes) {
        if (transcript != null) {
            transcript.addBytesAfterDisc(bytes);
        }
    }

    void plaintextAfterStarttls(long bytes) {
        if (transcript != null) {
            transcript.addPlaintextAfterStarttls(bytes);
        }
    }

    /** The client has ended its side, unless either side has ended before. */
    void clientEnds() {
        if (!ended) {
            ended = true;
            client(new ClientMessage.End());
        }
    }

    /** The server has ended its side, unless it has before. */
    void serverEnds(@Nullable FaultRule rule) {
        if (!ended) {
            ended = true;
            server(new ServerMessage.End(), rule);
        }
    }
}
