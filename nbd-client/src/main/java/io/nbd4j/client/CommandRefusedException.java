package io.nbd4j.client;

import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import org.jspecify.annotations.Nullable;

/** The server answered a command with an error. The connection goes on. */
public final class CommandRefusedException extends NbdException {
    private static final long serialVersionUID = 1L;

    private final int rawError;
    private final long errorOffset;

    /**
     * Creates the exception.
     *
     * @param rawError the error value as it was on the wire
     * @param errorOffset where in the export the error happened, -1 if the server did not say
     * @param serverMessage printable already; may be empty
     */
    public CommandRefusedException(
            CommandType command, @Nullable NbdRange range, int rawError, long errorOffset, String serverMessage) {
        super(
                new Details("refused by the server", RequestFate.REFUSED)
                        .errno(NbdError.fromWire(rawError))
                        .about(command, range)
                        .serverMessage(serverMessage),
                null);
        this.rawError = rawError;
        this.errorOffset = errorOffset;
    }

    /** Returns the error value as it was on the wire. */
    public int rawError() {
        return rawError;
    }

    /** Returns where in the export the error happened, in bytes; -1 if the server did not say. */
    public long errorOffset() {
        return errorOffset;
    }
}
