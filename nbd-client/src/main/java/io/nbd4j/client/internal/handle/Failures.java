package io.nbd4j.client.internal.handle;

import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.ConnectionState;
import io.nbd4j.client.ExitStatus;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdProtocolException;
import io.nbd4j.client.NbdTimeoutException;
import io.nbd4j.client.NbdTlsException;
import io.nbd4j.client.NegotiationRefusedException;
import io.nbd4j.client.RequestFate;
import io.nbd4j.client.SubprocessException;
import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.client.internal.connection.Loss;
import io.nbd4j.client.internal.negotiation.NegotiationFailure;
import io.nbd4j.client.internal.negotiation.OptionFailure;
import io.nbd4j.client.internal.negotiation.ReceivedBytes;
import io.nbd4j.client.internal.tls.TlsErrors;
import io.nbd4j.codec.Magic;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.ServerText;
import io.nbd4j.codec.handshake.OptionReply.Refusal;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.handshake.OptionType;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** Puts what went wrong with the handle into exceptions. Pure functions. */
final class Failures {
    private static final int MAX_SERVER_TEXT = 512;
    private static final int MAX_STDERR_TEXT = 8192;

    private Failures() {}

    /** A call that the state of the handle does not allow. */
    static InvalidRequestException wrongState(String call, ConnectionState state) {
        if (state == ConnectionState.CREATED) {
            // libnbd gives ENOTCONN here, which is no error value of the protocol.
            return new InvalidRequestException(call + " needs a connection, and there is none yet", null, null, null);
        }
        return new InvalidRequestException(call + " is not allowed in the state " + state, NbdError.EINVAL, null, null);
    }

    static ConnectionLostException closedByCaller() {
        return new ConnectionLostException("the handle was closed", RequestFate.NOT_SENT, null, null, null);
    }

    /** The caller closed the handle, and wants nothing more to be sent. */
    static Loss abandoned() {
        return new Loss(Loss.Kind.BROKEN, "the handle was closed before there was room in flight to send it", null);
    }

    static ConnectionLostException eventLoopShutDown(@Nullable Throwable cause) {
        return new ConnectionLostException("the event loop was shut down", RequestFate.NOT_SENT, null, null, cause);
    }

    /**
     * The handshake failed.
     *
     * @param subprocess null if the server is no child
     * @param status how the child ended, null if it runs or there is none
     */
    static NbdException handshake(
            NegotiationFailure failure,
            @Nullable ReceivedBytes received,
            @Nullable DefaultSubprocess subprocess,
            @Nullable ExitStatus status) {
        if (failure instanceof NegotiationFailure.Refused refused) {
            return refused(refused.reason(), refused.refusal());
        }
        if (failure instanceof NegotiationFailure.ExportNameRefused) {
            return new NegotiationRefusedException(
                    failure.message(), OptionType.EXPORT_NAME, OptionReplyType.ERR_UNKNOWN, null, null);
        }
        if (failure instanceof NegotiationFailure.NoExportNames) {
            return new NegotiationRefusedException(
                    failure.message(), OptionType.EXPORT_NAME, OptionReplyType.ERR_UNSUP, NbdError.ENOTSUP, null);
        }
        if (failure instanceof NegotiationFailure.TlsUnavailable none) {
            return noTls(none);
        }
        if (failure instanceof NegotiationFailure.TlsFailed failed) {
            return new NbdTlsException(
                    withStderr(failure.message() + reason(failed.cause()) + tlsNeedsSocket(subprocess), subprocess),
                    RequestFate.NOT_SENT,
                    null,
                    null,
                    null,
                    null,
                    failed.cause());
        }
        if (failure instanceof NegotiationFailure.TimedOut) {
            return new NbdTimeoutException(withStderr(failure.message(), subprocess), RequestFate.NOT_SENT, null, null);
        }
        if (failure instanceof NegotiationFailure.Aborted) {
            return closedByCaller();
        }
        if (failure instanceof NegotiationFailure.Violated violated) {
            return notNbd(violated, received, subprocess, status);
        }
        NegotiationFailure.Closed closed = (NegotiationFailure.Closed) failure;
        if (subprocess == null) {
            return new ConnectionLostException(
                    failure.message() + quoted(received), RequestFate.NOT_SENT, null, null, closed.cause());
        }
        return childGone(closed, received, subprocess, status);
    }

    /**
     * Returns whether the end of the child, and what it wrote to its standard error, may say why the handshake failed. It
     * does not when a server that speaks NBD breaks a rule.
     */
    static boolean isExplainedByChild(NegotiationFailure failure, ReceivedBytes received) {
        return failure instanceof NegotiationFailure.Closed
                || failure instanceof NegotiationFailure.TlsFailed
                || (failure instanceof NegotiationFailure.Violated && !startsLikeNbd(received));
    }

    private static NbdTlsException noTls(NegotiationFailure.TlsUnavailable none) {
        Refusal refusal = none.refusal();
        return new NbdTlsException(
                none.message(),
                RequestFate.NOT_SENT,
                NbdError.ENOTSUP,
                null,
                null,
                refusal == null ? null : ServerText.escape(refusal.message(), MAX_SERVER_TEXT),
                null);
    }

    /** The TLS options can't be used, so that nothing was started. */
    static NbdTlsException tlsOptions(Throwable failure) {
        Throwable wrapped = failure instanceof CompletionException ? failure.getCause() : null;
        Throwable cause = wrapped != null ? wrapped : failure;
        return new NbdTlsException(
                "the TLS options can't be used: " + (cause.getMessage() == null ? cause : cause.getMessage()),
                RequestFate.NOT_SENT,
                NbdError.EINVAL,
                null,
                null,
                null,
                cause);
    }

    private static String tlsNeedsSocket(@Nullable DefaultSubprocess subprocess) {
        return subprocess == null
                        || subprocess.transport() == SubprocessTransport.SOCKETPAIR
                        || subprocess.transport() == SubprocessTransport.SOCKET_ACTIVATION
                ? ""
                : ". Some servers, nbdkit among them, need a socket for TLS: the transport was "
                        + subprocess.transport();
    }

    private static String reason(@Nullable Throwable cause) {
        String reason = TlsErrors.reason(cause);
        return reason == null ? "" : ": " + ServerText.escape(reason, MAX_SERVER_TEXT);
    }

    private static NbdException notNbd(
            NegotiationFailure.Violated violated,
            @Nullable ReceivedBytes received,
            @Nullable DefaultSubprocess subprocess,
            @Nullable ExitStatus status) {
        if (subprocess == null || startsLikeNbd(received)) {
            return new NbdProtocolException(
                    violated.message() + quoted(received), RequestFate.NOT_SENT, null, null, violated.cause());
        }
        return new SubprocessException(
                withStderr(words(subprocess) + " does not speak NBD" + quoted(received), subprocess),
                subprocess.argv(),
                status,
                subprocess.stderrTail(),
                violated.cause());
    }

    private static SubprocessException childGone(
            NegotiationFailure.Closed closed,
            @Nullable ReceivedBytes received,
            DefaultSubprocess subprocess,
            @Nullable ExitStatus status) {
        StringBuilder what = new StringBuilder(words(subprocess));
        what.append(status == null ? " hung up" : " ended").append(" before the handshake was complete");
        if (status != null) {
            what.append(", ").append(status);
        }
        what.append(quoted(received));
        if (subprocess.transport() == SubprocessTransport.SOCKET_ACTIVATION) {
            what.append(
                    ". The command has to accept connections on the socket that it is given as descriptor 3: qemu-nbd and"
                            + " nbdkit do, and nbd-server can't");
        } else if (status != null && status.isSuccess()) {
            what.append(". The command has to speak NBD on its standard input and output: nbdkit needs -s to do so, and"
                    + " qemu-nbd can't");
        } else if (subprocess.transport() != SubprocessTransport.SOCKETPAIR) {
            what.append(
                            ". Some servers, nbd-server among them, need a socket as their standard input: the transport was ")
                    .append(subprocess.transport());
        }
        return new SubprocessException(
                withStderr(what.toString(), subprocess),
                subprocess.argv(),
                status,
                subprocess.stderrTail(),
                closed.cause());
    }

    /** The child has ended, but something still holds its end of the channel, and the handshake does not go on. */
    static SubprocessException childExited(DefaultSubprocess subprocess, ExitStatus status) {
        return new SubprocessException(
                withStderr(words(subprocess) + " ended before the handshake was complete, " + status, subprocess),
                subprocess.argv(),
                status,
                subprocess.stderrTail(),
                null);
    }

    /** The child was given a socket to listen on, and that can't be connected to. */
    static SubprocessException notAccepted(
            DefaultSubprocess subprocess, @Nullable ExitStatus status, Throwable cause, String reason) {
        String end = status == null ? "" : "; it has ended, " + status;
        return new SubprocessException(
                withStderr(words(subprocess) + " can't be connected to: " + reason + end, subprocess),
                subprocess.argv(),
                status,
                subprocess.stderrTail(),
                cause);
    }

    /** An end of the connection in the transmission phase, for the requests that it hit. */
    static String loss(String what, DefaultSubprocess subprocess, @Nullable ExitStatus status) {
        return withStderr(
                status == null ? what : what + "; " + words(subprocess) + " has ended, " + status, subprocess);
    }

    private static String words(DefaultSubprocess subprocess) {
        return ServerText.escape(String.join(" ", subprocess.argv()), MAX_SERVER_TEXT);
    }

    private static String quoted(@Nullable ReceivedBytes received) {
        return received == null || received.count() == 0 ? "" : "; it sent \"" + received.quote() + "\"";
    }

    private static boolean startsLikeNbd(@Nullable ReceivedBytes received) {
        return received != null
                && received.first().length >= Long.BYTES
                && ByteBuffer.wrap(received.first()).getLong() == Magic.NBDMAGIC;
    }

    private static String withStderr(String what, @Nullable DefaultSubprocess subprocess) {
        String tail = subprocess == null ? "" : subprocess.stderrTail().strip();
        return tail.isEmpty() ? what : what + "; it wrote: " + ServerText.escape(tail, MAX_STDERR_TEXT);
    }

    /** An option came to nothing. */
    static NbdException option(OptionFailure failure) {
        if (failure instanceof OptionFailure.Refused refused) {
            return refused(refused.reason(), refused.refusal());
        }
        if (failure instanceof OptionFailure.Unsupported) {
            return new InvalidRequestException(failure.message(), NbdError.ENOTSUP, null, null);
        }
        if (failure instanceof OptionFailure.Ended ended) {
            return handshake(ended.failure(), null, null, null);
        }
        return new InvalidRequestException(failure.message(), NbdError.EINVAL, null, null);
    }

    /** The exception adds the server's words to {@code what} by itself. */
    private static NegotiationRefusedException refused(String what, Refusal refusal) {
        return new NegotiationRefusedException(
                what,
                OptionType.fromWire(refusal.option()),
                refusal.type(),
                errnoOf(refusal.type()),
                refusal.message().isEmpty() ? null : ServerText.escape(refusal.message(), MAX_SERVER_TEXT));
    }

    /** The error value that libnbd gives for a refusal, null where it gives none of the protocol's. */
    private static @Nullable NbdError errnoOf(OptionReplyType type) {
        return switch (type) {
            case ERR_UNSUP, ERR_TLS_REQD -> NbdError.ENOTSUP;
            case ERR_INVALID, ERR_BLOCK_SIZE_REQD, ERR_TOO_BIG -> NbdError.EINVAL;
            case ERR_SHUTDOWN -> NbdError.ESHUTDOWN;
            // ERR_UNKNOWN is ENOENT in libnbd, which is no error value of the protocol.
            case ERR_POLICY,
                    ERR_PLATFORM,
                    ERR_UNKNOWN,
                    ERR_EXT_HEADER_REQD,
                    ACK,
                    SERVER,
                    INFO,
                    META_CONTEXT,
                    UNKNOWN,
                    UNKNOWN_ERROR -> null;
        };
    }
}
