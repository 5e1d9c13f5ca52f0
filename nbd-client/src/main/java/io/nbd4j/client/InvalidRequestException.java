package io.nbd4j.client;

import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import org.jspecify.annotations.Nullable;

/** The library refused a request before anything was sent: wrong state, range, alignment, flag or command. Nothing that is under way is disturbed. */
public final class InvalidRequestException extends NbdException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param what the rule that the request breaks
     * @param errno what libnbd gives in the same case; null where it has no error value of the protocol
     */
    public InvalidRequestException(
            String what, @Nullable NbdError errno, @Nullable CommandType command, @Nullable NbdRange range) {
        super(new Details(what, RequestFate.NOT_SENT).errno(errno).about(command, range), null);
    }
}
