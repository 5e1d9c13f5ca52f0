package io.nbd4j.client.internal.handle;

import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.NbdUri;
import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.client.TlsMode;
import io.nbd4j.client.internal.negotiation.ExportWish;
import io.nbd4j.codec.NbdError;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What can be told to be wrong with a target or a name before anything is started. */
final class TargetCheck {
    private static final int MAX_TCP_PORT = 65535;
    private static final int MAX_SOCKET_NAME = 32;

    /** The size of {@code sun_path}, which need not end with NUL. */
    private static final int MAX_SOCKET_PATH = 108;

    /** The next one means "any". */
    private static final long MAX_VSOCK = 0xffff_fffeL;

    private TargetCheck() {}

    /** Returns what is wrong with the target, null if it can be tried. */
    static @Nullable InvalidRequestException problemOf(NbdTarget target, ClientSettings settings) {
        if (target instanceof NbdTarget.Uri named) {
            InvalidRequestException refusal = settings.uriPolicy().problemOf(named.uri());
            InvalidRequestException problem = refusal != null ? refusal : problemOfTls(named.uri(), settings);
            if (problem != null) {
                return problem;
            }
        }
        NbdTarget reached = Targets.resolve(target);
        if (reached instanceof NbdTarget.Command command) {
            return command.transport() == SubprocessTransport.SOCKET_ACTIVATION
                    ? invalid("socket activation is a target of its own, NbdTarget.socketActivation")
                    : problemOfWords(command.argv());
        }
        if (reached instanceof NbdTarget.SocketActivation activation) {
            InvalidRequestException problem = problemOfWords(activation.argv());
            return problem != null ? problem : problemOfSocketName(activation.name());
        }
        if (reached instanceof NbdTarget.Tcp tcp) {
            return tcp.host().isEmpty()
                    ? invalid("the name of the host is empty")
                    : problemOfNumber("a TCP port", tcp.port(), 1, MAX_TCP_PORT);
        }
        if (reached instanceof NbdTarget.Vsock vsock) {
            InvalidRequestException problem = problemOfNumber("a vsock CID", vsock.cid(), 0, MAX_VSOCK);
            return problem != null ? problem : problemOfNumber("a vsock port", vsock.port(), 1, MAX_VSOCK);
        }
        if (reached instanceof NbdTarget.Unix unix) {
            return problemOfPath(unix.path());
        }
        if (reached instanceof NbdTarget.Address other) {
            return invalid("an address of TCP, a Unix socket or vsock is needed, not " + other
                    + "; a channel of another transport can be adopted (connectChannel)");
        }
        return null;
    }

    private static @Nullable InvalidRequestException problemOfWords(List<String> argv) {
        if (argv.isEmpty()) {
            return invalid("the command has no words");
        }
        if (argv.get(0).isEmpty()) {
            return invalid("the name of the command is empty");
        }
        return argv.stream().anyMatch(word -> word.indexOf('\0') >= 0)
                ? invalid("a word of the command contains NUL")
                : null;
    }

    private static @Nullable InvalidRequestException problemOfSocketName(String name) {
        if (name.length() > MAX_SOCKET_NAME) {
            return invalid("the name of the socket is longer than " + MAX_SOCKET_NAME + " characters");
        }
        return name.chars().allMatch(c -> c < 0x80 && Character.isLetterOrDigit(c))
                ? null
                : invalid("the name of the socket may have ASCII letters and digits only");
    }

    private static @Nullable InvalidRequestException problemOfNumber(String what, long number, long least, long most) {
        return number < least || number > most
                ? invalid(what + " is " + least + " to " + most + ", not " + number)
                : null;
    }

    private static @Nullable InvalidRequestException problemOfPath(String path) {
        if (path.isEmpty()) {
            return invalid("the path of the Unix socket is empty");
        }
        int length = path.getBytes(StandardCharsets.UTF_8).length;
        return length > MAX_SOCKET_PATH
                ? invalid("the path of the Unix socket is too long: " + length + " bytes, more than " + MAX_SOCKET_PATH)
                : null;
    }

    /** Returns why a URI's parameters of TLS can't be obeyed, null if they can. */
    private static @Nullable InvalidRequestException problemOfTls(NbdUri uri, ClientSettings settings) {
        // In option mode TLS can be started by hand.
        boolean possible = uri.isTlsRequired() || settings.tlsMode() != TlsMode.DISABLE || settings.optionMode();
        if (uri.hasTlsParameters() && !possible) {
            return invalid(
                    "the NBD URI says how TLS is done, but it does not ask for TLS, and the client has it switched off;"
                            + " write nbds, or use tls(TlsMode.ALLOW)");
        }
        try {
            uri.tlsOptions(settings.tlsOptions());
            return null;
        } catch (IllegalArgumentException e) {
            return invalid("the NBD URI asks for what TLS can't do here: " + e.getMessage());
        }
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

    static InvalidRequestException invalid(String what) {
        return new InvalidRequestException(what, NbdError.EINVAL, null, null);
    }
}
