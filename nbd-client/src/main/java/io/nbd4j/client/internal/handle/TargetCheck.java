package io.nbd4j.client.internal.handle;

import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.NbdUri;
import io.nbd4j.client.internal.negotiation.ExportWish;
import io.nbd4j.codec.NbdError;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What can be told to be wrong with a target or a name before anything is started. */
final class TargetCheck {
    private TargetCheck() {}

    /** Returns what is wrong with the target, null if it can be tried. */
    static @Nullable InvalidRequestException problemOf(NbdTarget target) {
        if (target instanceof NbdTarget.Command command) {
            if (command.argv().isEmpty()) {
                return invalid("the command has no words");
            }
            if (command.argv().get(0).isEmpty()) {
                return invalid("the name of the command is empty");
            }
            if (command.argv().stream().anyMatch(word -> word.indexOf('\0') >= 0)) {
                return invalid("a word of the command contains NUL");
            }
        } else if (target instanceof NbdTarget.Tcp tcp) {
            if (tcp.host().isEmpty()) {
                return invalid("the name of the host is empty");
            }
            if (tcp.port() < 1 || tcp.port() > 65535) {
                return invalid("a TCP port is 1 to 65535, not " + tcp.port());
            }
        } else if (target instanceof NbdTarget.Unix unix && unix.path().isEmpty()) {
            return invalid("the path of the Unix socket is empty");
        }
        return null;
    }

    /** Returns what is wrong with the name of an export or of a meta context, null if they can be asked for. */
    static @Nullable InvalidRequestException problemOf(ExportWish wish) {
        try {
            wish.requireValid();
            return null;
        } catch (IllegalArgumentException e) {
            return invalid(String.valueOf(e.getMessage()));
        }
    }

    /** Returns the server that a URI names. */
    static NbdTarget resolve(NbdUri uri) {
        return switch (uri.transport()) {
            case TCP -> NbdTarget.tcp(Objects.requireNonNull(uri.host()), uri.port());
            case UNIX -> NbdTarget.unix(Objects.requireNonNull(uri.socketPath()));
        };
    }

    static InvalidRequestException invalid(String what) {
        return new InvalidRequestException(what, NbdError.EINVAL, null, null);
    }
}
