package io.nbd4j.client;

import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.handshake.OptionType;
import org.jspecify.annotations.Nullable;

/**
 * The server refused an option, such as the name of an export that it does not have. A server whose handshake has no
 * options at all (oldstyle) counts as one that refuses them with ERR_UNSUP.
 */
public final class NegotiationRefusedException extends NbdException {
    private static final long serialVersionUID = 1L;

    private final OptionType option;
    private final OptionReplyType reason;

    /**
     * Creates the exception.
     *
     * @param option which option was refused
     * @param reason the type of the error reply
     * @param errno what libnbd gives for it, null where it gives none
     * @param serverMessage printable already; may be empty
     */
    public NegotiationRefusedException(
            String what,
            OptionType option,
            OptionReplyType reason,
            @Nullable NbdError errno,
            @Nullable String serverMessage) {
        super(new Details(what, RequestFate.NOT_SENT).errno(errno).serverMessage(serverMessage), null);
        this.option = option;
        this.reason = reason;
    }

    /** Returns the option that was refused. */
    public OptionType option() {
        return option;
    }

    /** Returns the type of the error reply. */
    public OptionReplyType reason() {
        return reason;
    }
}
