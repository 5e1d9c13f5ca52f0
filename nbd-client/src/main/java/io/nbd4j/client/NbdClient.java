package io.nbd4j.client;

import io.netty.channel.Channel;
import io.netty.util.AttributeMap;
import java.net.SocketAddress;
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
     *       <li>{@link InvalidRequestException} in any state but CREATED, for a target that can't be (an empty command,
     *           a port out of range), or a URI that the builder's filters do not let through (EPERM). The handle is not changed
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

    /**
     * Starts a server as a child process that is given a listening socket, as libnbd's
     * {@code nbd_aio_connect_systemd_socket_activation} does, and connects to that. See {@link #connect} and
     * {@link NbdTarget.SocketActivation}.
     *
     * @throws NullPointerException if the array or one of its elements is null
     */
    default NbdFuture<NbdClient> connectSocketActivation(String... argv) {
        return connect(NbdTarget.socketActivation(argv));
    }

    /**
     * Starts a server as a child process, see {@link #connectSocketActivation(String...)}.
     *
     * @throws NullPointerException if the list or one of its elements is null
     */
    default NbdFuture<NbdClient> connectSocketActivation(List<String> argv) {
        return connect(NbdTarget.socketActivation(argv));
    }

    /** Connects to a server that listens on a Unix socket. See {@link #connect}. */
    default NbdFuture<NbdClient> connectUnix(Path path) {
        return connect(NbdTarget.unix(path));
    }

    /** Connects to a server that listens on a TCP port, without Nagle's delay. See {@link #connect}. */
    default NbdFuture<NbdClient> connectTcp(String host, int port) {
        return connect(NbdTarget.tcp(host, port));
    }

    /** Connects to a server that listens on a port of vsock. See {@link #connect} and {@link NbdTarget.Vsock}. */
    default NbdFuture<NbdClient> connectVsock(long cid, long port) {
        return connect(NbdTarget.vsock(cid, port));
    }

    /**
     * Connects to a server that listens on a socket of TCP, Unix or vsock. See {@link #connect} and {@link
     * NbdTarget.Address}.
     */
    default NbdFuture<NbdClient> connect(SocketAddress address) {
        return connect(NbdTarget.address(address));
    }

    /**
     * Takes over an open channel to a server, as libnbd's {@code nbd_aio_connect_socket} does with a socket. See {@link
     * #connect} and {@link NbdTarget.Adopted} for what the channel must be; it is closed also if this fails.
     */
    default NbdFuture<NbdClient> connectChannel(Channel channel) {
        return connect(NbdTarget.adopted(channel));
    }

    /**
     * Connects to the server and the export that a URI names. See {@link #connect}, and {@link NbdUri} for what a URI may
     * say; one that can't be understood fails the future with an {@link InvalidRequestException} (EINVAL), one that the
     * builder's filters do not let through with EPERM, and the handle stays CREATED.
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

    /**
     * Returns the URI that leads to the same export again, with what a URI can say about TLS, whichever way the handle was
     * connected; also after the end of the connection. It says {@code nbds} if TLS is required or in use.
     *
     * @return empty before connecting, and where no URI leads to the server: a command, {@code nbd+ssh} among them, and an
     *     adopted channel. That of a socket activation is good as long as its server runs
     */
    Optional<NbdUri> uri();

    /**
     * Returns how the bytes travel: {@code socketpair}, {@code pipe}, {@code stream}, {@code unix}, {@code tcp}, {@code vsock},
     * {@code channel} for an adopted one; empty before.
     */
    Optional<String> transport();

    /** Returns whether the connection is, or was, encrypted by TLS; false before it is NEGOTIATING or READY. */
    boolean isTlsActive();

    /** Returns what was agreed on when TLS came up; empty unless {@link #isTlsActive}. It stays readable after the end. */
    Optional<TlsSession> tlsSession();

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
