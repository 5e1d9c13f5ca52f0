package io.nbd4j.client;

import io.netty.util.AttributeMap;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One handle, one connection to one export of an NBD server.
 *
 * <pre>{@code
 * try (NbdClient nbd = NbdClient.builder().build()) {
 *     nbd.connectCommand("nbdkit", "-s", "memory", "1G")
 *         .thenCompose(c -> c.pwrite(Unpooled.wrappedBuffer(block), 0))
 *         .thenCompose(v -> nbd.pread(4096, 0))
 *         .thenAccept(buf -> { try { use(buf); } finally { buf.release(); } })
 *         .join();
 * }
 * }</pre>
 *
 * <p>A handle connects once. Which call is allowed when stands in {@link ConnectionState}. All methods may be called from
 * any thread. Not to be implemented outside of this library.
 */
public interface NbdClient extends NbdDevice {
    /** Returns a builder with the defaults of {@link NbdDefaults}. */
    static NbdClientBuilder builder() {
        return new NbdClientBuilder();
    }

    /**
     * Connects to a server, and negotiates.
     *
     * <p>Cancelling the future ends the attempt, and the child process if there is one; the handle is DEAD then.
     *
     * @return completes with this client when it is READY; in option mode, when it is NEGOTIATING (or READY, if the server
     *     speaks oldstyle, which has no options). Fails with
     *     <ul>
     *       <li>{@link InvalidRequestException} in any state but CREATED, or for a target that can't be (an empty command,
     *           a port out of range). The handle is not changed
     *       <li>{@link SubprocessException} if the command is not found or can't be run, if the child ends before the
     *           handshake does, or writes what is not NBD; the handle is DEAD
     *       <li>{@link NbdTlsException} if TLS is required and can't be had, or if it was begun and failed; the handle is DEAD
     *       <li>{@link ConnectFailedException}, {@link ConnectionLostException}, {@link NbdTimeoutException},
     *           {@link NbdProtocolException}, {@link NegotiationRefusedException}; the handle is DEAD
     *     </ul>
     */
    NbdFuture<NbdClient> connect(NbdTarget target);

    /**
     * Starts a server as a child process and speaks NBD over its standard input and output, as libnbd's
     * {@code nbd_aio_connect_command} does. See {@link #connect} and {@link NbdTarget.Command}.
     *
     * @throws NullPointerException if the array or one of its elements is null
     */
    default NbdFuture<NbdClient> connectCommand(String... argv) {
        return connect(NbdTarget.command(argv));
    }

    /**
     * Starts a server as a child process, see {@link #connectCommand(String...)}.
     *
     * @throws NullPointerException if the list or one of its elements is null
     */
    default NbdFuture<NbdClient> connectCommand(List<String> argv) {
        return connect(NbdTarget.command(argv));
    }

    /** Connects to a server that listens on a Unix socket. See {@link #connect}. */
    default NbdFuture<NbdClient> connectUnix(Path path) {
        return connect(NbdTarget.unix(path));
    }

    /** Connects to a server that listens on a TCP port, without Nagle's delay. See {@link #connect}. */
    default NbdFuture<NbdClient> connectTcp(String host, int port) {
        return connect(NbdTarget.tcp(host, port));
    }

    /**
     * Connects to the server and the export that a URI names. See {@link #connect}, and {@link NbdUri} for what a URI may
     * say; one that can't be understood fails the future with an {@link InvalidRequestException} (EINVAL), and the handle
     * stays CREATED.
     */
    NbdFuture<NbdClient> connectUri(String uri);

    /** Returns where this handle stands. */
    ConnectionState state();

    /** Returns whether nothing was started yet. */
    default boolean isCreated() {
        return state() == ConnectionState.CREATED;
    }

    /** Returns whether a connect is under way. */
    default boolean isConnecting() {
        return state() == ConnectionState.CONNECTING;
    }

    /** Returns whether the server waits for an option, or for the answer to one. */
    default boolean isNegotiating() {
        return state() == ConnectionState.NEGOTIATING;
    }

    /** Returns whether data commands may be sent. */
    default boolean isReady() {
        return state() == ConnectionState.READY;
    }

    /** Returns whether the connection was closed in order. */
    default boolean isClosed() {
        return state() == ConnectionState.CLOSED;
    }

    /** Returns whether an error ended the connection. */
    default boolean isDead() {
        return state() == ConnectionState.DEAD;
    }

    /** Returns the options of the handshake. Their use is refused in any state but NEGOTIATING. */
    Negotiation negotiation();

    /** Returns the child process that serves; empty if none was started. */
    Optional<Subprocess> subprocess();

    /** Returns how the bytes travel: {@code socketpair}, {@code pipe}, {@code stream}, {@code unix}, {@code tcp}; empty before. */
    Optional<String> transport();

    /** Returns whether the connection is, or was, encrypted by TLS; false before it is NEGOTIATING or READY. */
    boolean isTlsActive();

    /** Returns the counters of the connection, which count from the first byte on and stay readable after its end. */
    NbdStatistics statistics();

    /** Returns the name of this handle in logs, see {@link NbdClientBuilder#name}. */
    String name();

    /** Returns a place for what the user wants to keep with this handle, empty at first. Any thread. */
    AttributeMap attributes();

    /** Returns the checks that are made of a command before it is sent. Unmodifiable. */
    Set<StrictCheck> strictMode();

    /**
     * Replaces the checks that are made of a command before it is sent, from the next command on. In any state. What it gives
     * up stands in {@link StrictCheck}.
     */
    void strictMode(Set<StrictCheck> checks);

    /** Returns the data commands with their flags as a number. For tests of servers. */
    RawCommands rawCommands();

    /**
     * Closes the handle as {@link #closeAsync()} does, which drains, or drops what was not sent yet. May be called again to
     * drop what the first call lets wait. In any state but READY the mode makes no difference.
     *
     * @return always the same future, that of {@link #closeAsync()}
     */
    NbdFuture<Void> closeAsync(CloseMode mode);
}
