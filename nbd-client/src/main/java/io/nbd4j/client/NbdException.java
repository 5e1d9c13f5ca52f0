package io.nbd4j.client;

import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Something went wrong with a request, a negotiation or a connection. The subclass says what kind of thing:
 *
 * <ul>
 *   <li>{@link InvalidRequestException}: the library refused it before anything was sent
 *   <li>{@link CommandRefusedException}: the server answered a command with an error
 *   <li>{@link NegotiationRefusedException}: the server refused an option, such as an unknown export
 *   <li>{@link ConnectFailedException}: no connection came about
 *   <li>{@link ConnectionLostException}: the connection ended, from either side
 *   <li>{@link NbdProtocolException}: the server broke the protocol
 *   <li>{@link NbdTlsException}: TLS can't be had, or went wrong
 *   <li>{@link NbdTimeoutException}: an answer did not come in time
 *   <li>{@link SubprocessException}: the child process could not be started, or ended too early
 * </ul>
 */
public abstract sealed class NbdException extends IOException
        permits InvalidRequestException,
                CommandRefusedException,
                NegotiationRefusedException,
                ConnectFailedException,
                ConnectionLostException,
                NbdProtocolException,
                NbdTlsException,
                NbdTimeoutException,
                SubprocessException {
    private static final long serialVersionUID = 1L;

    private final RequestFate fate;
    private final @Nullable NbdError errno;
    private final @Nullable CommandType command;
    private final @Nullable NbdRange range;
    private final @Nullable String serverMessage;

    NbdException(Details details, @Nullable Throwable cause) {
        super(details.sentence(), cause);
        this.fate = details.fate;
        this.errno = details.errno;
        this.command = details.command;
        this.range = details.range;
        this.serverMessage = details.serverMessage;
    }

    /** Returns whether the request can have had an effect. */
    public RequestFate fate() {
        return fate;
    }

    /** Returns the error value: the server's, or what libnbd would give for the same mistake; null if there is none. */
    public @Nullable NbdError errno() {
        return errno;
    }

    /** Returns the command that failed, null if it was not a command of the transmission phase. */
    public @Nullable CommandType command() {
        return command;
    }

    /** Returns the range that the failed command was about; of a split request, the part that failed. May be null. */
    public @Nullable NbdRange range() {
        return range;
    }

    /** Returns what the server said about it, bounded and made printable; null if it said nothing. */
    public @Nullable String serverMessage() {
        return serverMessage;
    }

    /** The parts that every exception of this family is made of. */
    static final class Details {
        private final String what;
        private final RequestFate fate;
        private @Nullable NbdError errno;
        private @Nullable CommandType command;
        private @Nullable NbdRange range;
        private @Nullable String serverMessage;

        Details(String what, RequestFate fate) {
            this.what = what;
            this.fate = fate;
        }

        Details errno(@Nullable NbdError value) {
            errno = value;
            return this;
        }

        Details about(@Nullable CommandType type, @Nullable NbdRange where) {
            command = type;
            range = where;
            return this;
        }

        Details serverMessage(@Nullable String text) {
            serverMessage = text == null || text.isEmpty() ? null : text;
            return this;
        }

        private String sentence() {
            StringBuilder sentence = new StringBuilder(what.length() + 64);
            if (command != null) {
                sentence.append(command);
                if (range != null && range.length() > 0) {
                    sentence.append(' ').append(range);
                }
                sentence.append(": ");
            }
            sentence.append(what);
            if (errno != null) {
                sentence.append(" (").append(errno).append(')');
            }
            if (serverMessage != null) {
                sentence.append(": ").append(serverMessage);
            }
            return sentence.toString();
        }
    }
}
