package io.nbd4j.client.internal.connection;

import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdProtocolException;
import io.nbd4j.client.NbdRange;
import io.nbd4j.client.NbdTimeoutException;
import io.nbd4j.client.NbdTlsException;
import io.nbd4j.client.RequestFate;
import io.nbd4j.codec.CommandType;
import org.jspecify.annotations.Nullable;

/**
 * Why a connection ended, from which each request that it hit gets an exception of its own.
 *
 * @param kind decides the exception
 * @param what a sentence for its message
 * @param cause the first cause, which all the exceptions share; may be null
 */
public record Loss(Kind kind, String what, @Nullable Throwable cause) {
    /** The ways a connection ends. */
    public enum Kind {
        /** The server closed it between two replies. */
        END_OF_STREAM,
        /** It broke, within a reply or by an error of the transport; or the caller closed it. */
        BROKEN,
        /** What came is no valid TLS, or the server said by TLS what it does not like. */
        TLS,
        /** The server broke the protocol. */
        VIOLATED,
        /** The server owes a reply and did nothing for too long. */
        STALLED
    }

    /** Returns the same loss with a better explanation. */
    public Loss explained(String sentence) {
        return new Loss(kind, sentence, cause);
    }

    /** Returns the exception for one request. */
    public NbdException toException(RequestFate fate, @Nullable CommandType command, @Nullable NbdRange range) {
        return switch (kind) {
            case END_OF_STREAM, BROKEN -> new ConnectionLostException(what, fate, command, range, cause);
            case TLS -> new NbdTlsException(what, fate, null, command, range, null, cause);
            case VIOLATED -> new NbdProtocolException(what, fate, command, range, cause);
            case STALLED -> new NbdTimeoutException(what, fate, command, range);
        };
    }
}
