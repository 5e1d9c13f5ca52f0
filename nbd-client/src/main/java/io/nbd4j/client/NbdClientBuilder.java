package io.nbd4j.client;

import io.nbd4j.client.internal.handle.ClientSettings;
import io.nbd4j.client.internal.handle.DefaultNbdClient;
import io.nbd4j.client.internal.handle.MultiConnector;
import io.nbd4j.client.internal.handle.UriPolicy;
import io.nbd4j.client.internal.transport.EventLoops;
import io.nbd4j.codec.handshake.HandshakeFlags;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.IoEventLoopGroup;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Makes clients. Immutable: each option returns a new builder, so one can be kept and shared, and makes any number of
 * clients. The defaults stand in {@link NbdDefaults}. A timeout is positive and at most 365 days, unless its option says
 * otherwise.
 */
public final class NbdClientBuilder {
    private static final AtomicLong COUNTER = new AtomicLong();
    private static final HandshakeFlags ALL_HANDSHAKE_FLAGS =
            new HandshakeFlags(HandshakeFlags.FIXED_NEWSTYLE | HandshakeFlags.NO_ZEROES);
    /** Far from where nanoseconds overflow; who wants to wait longer wants to wait for ever. */
    private static final Duration MAX_TIMEOUT = Duration.ofDays(365);

    private String exportName = "";
    private boolean optionMode;
    private boolean structuredReplies = true;
    private boolean extendedHeaders = NbdDefaults.EXTENDED_HEADERS;
    private boolean requestBlockSize = true;
    private boolean fullInfo;
    private boolean requestMetaContexts = true;
    private List<String> metaContexts = List.of();
    private HandshakeFlags handshakeFlags = ALL_HANDSHAKE_FLAGS;
    private TlsMode tlsMode = NbdDefaults.TLS_MODE;
    private TlsOptions tlsOptions = TlsOptions.defaults();
    private Duration connectTimeout = NbdDefaults.CONNECT_TIMEOUT;
    private Duration handshakeTimeout = NbdDefaults.HANDSHAKE_TIMEOUT;
    private Duration drainTimeout = NbdDefaults.DRAIN_TIMEOUT;
    private Duration graceTimeout = NbdDefaults.GRACE_TIMEOUT;
    private Duration killTimeout = NbdDefaults.KILL_TIMEOUT;
    private Duration stallTimeout = NbdDefaults.STALL_TIMEOUT;
    private Duration requestTimeout = NbdDefaults.REQUEST_TIMEOUT;
    private Duration busyPoll = NbdDefaults.BUSY_POLL;
    private int maxRequestsInFlight = NbdDefaults.MAX_REQUESTS_IN_FLIGHT;
    private long maxBytesInFlight = NbdDefaults.MAX_BYTES_IN_FLIGHT;
    private int maxRequestsWaiting = NbdDefaults.MAX_REQUESTS_WAITING;
    private @Nullable IoEventLoopGroup eventLoopGroup;
    private @Nullable Executor completionExecutor;
    private ByteBufAllocator allocator = PooledByteBufAllocator.DEFAULT;
    private @Nullable String name;
    private boolean forceMultiConn;
    private Set<StrictCheck> strictMode = NbdDefaults.STRICT_MODE;
    private @Nullable Path capture;
    private UriPolicy uriPolicy = UriPolicy.DEFAULT;

    NbdClientBuilder() {}

    private NbdClientBuilder(NbdClientBuilder other) {
        exportName = other.exportName;
        optionMode = other.optionMode;
        structuredReplies = other.structuredReplies;
        extendedHeaders = other.extendedHeaders;
        requestBlockSize = other.requestBlockSize;
        fullInfo = other.fullInfo;
        requestMetaContexts = other.requestMetaContexts;
        metaContexts = other.metaContexts;
        handshakeFlags = other.handshakeFlags;
        tlsMode = other.tlsMode;
        tlsOptions = other.tlsOptions;
        connectTimeout = other.connectTimeout;
        handshakeTimeout = other.handshakeTimeout;
        drainTimeout = other.drainTimeout;
        graceTimeout = other.graceTimeout;
        killTimeout = other.killTimeout;
        stallTimeout = other.stallTimeout;
        requestTimeout = other.requestTimeout;
        busyPoll = other.busyPoll;
        maxRequestsInFlight = other.maxRequestsInFlight;
        maxBytesInFlight = other.maxBytesInFlight;
        maxRequestsWaiting = other.maxRequestsWaiting;
        eventLoopGroup = other.eventLoopGroup;
        completionExecutor = other.completionExecutor;
        allocator = other.allocator;
        name = other.name;
        forceMultiConn = other.forceMultiConn;
        strictMode = other.strictMode;
        capture = other.capture;
        uriPolicy = other.uriPolicy;
    }

    private NbdClientBuilder with(Consumer<NbdClientBuilder> change) {
        NbdClientBuilder copy = new NbdClientBuilder(this);
        change.accept(copy);
        return copy;
    }

    /**
     * The name of the export, at most 4096 bytes of UTF-8 without NUL. By default empty, the server's default export.
     *
     * <p>A server that speaks oldstyle has one export without a name. With any name but the empty one, connecting to it
     * fails ({@link NegotiationRefusedException}, EXPORT_NAME, ERR_UNSUP), also in option mode, and the handle is DEAD.
     * libnbd ignores the name there, and its user gets whatever that server serves.
     */
    public NbdClientBuilder exportName(String exportName) {
        Objects.requireNonNull(exportName);
        return with(b -> b.exportName = exportName);
    }

    /** Whether the handshake pauses in NEGOTIATING, see {@link Negotiation}. By default it does not. */
    public NbdClientBuilder optionMode(boolean optionMode) {
        return with(b -> b.optionMode = optionMode);
    }

    /**
     * Whether to ask for structured replies ({@code NBD_OPT_STRUCTURED_REPLY}), which {@link #extendedHeaders} and
     * {@link #metaContexts} need. By default yes.
     */
    public NbdClientBuilder structuredReplies(boolean structuredReplies) {
        return with(b -> b.structuredReplies = structuredReplies);
    }

    /**
     * Whether to ask for extended headers ({@code NBD_OPT_EXTENDED_HEADERS}), with which lengths have 64 bits. They bring
     * structured replies along, so they are asked for first, and structured replies only of a server that has none. By
     * default {@link NbdDefaults#EXTENDED_HEADERS}. Without {@link #structuredReplies} it has no effect.
     */
    public NbdClientBuilder extendedHeaders(boolean extendedHeaders) {
        return with(b -> b.extendedHeaders = extendedHeaders);
    }

    /** Whether to ask for the size constraints ({@code NBD_INFO_BLOCK_SIZE}), and so to obey them. By default yes. */
    public NbdClientBuilder requestBlockSize(boolean requestBlockSize) {
        return with(b -> b.requestBlockSize = requestBlockSize);
    }

    /** Whether to ask for the canonical name and the description of the export. By default not. */
    public NbdClientBuilder fullInfo(boolean fullInfo) {
        return with(b -> b.fullInfo = fullInfo);
    }

    /**
     * The meta contexts that are to be selected, so that their block status can be asked for, instead of those set before:
     * full names such as {@link MetaContext#BASE_ALLOCATION}, each with its namespace before a colon, at most 4096 bytes of
     * UTF-8 without NUL. By default none.
     *
     * <p>A server leaves out what it does not know, and one that knows no contexts at all, or does not agree to structured
     * replies, serves the export nevertheless: {@link ExportInfo#metaContexts} tells what was selected.
     */
    public NbdClientBuilder metaContexts(String... names) {
        List<String> copy = List.of(names);
        return with(b -> b.metaContexts = copy);
    }

    /**
     * Whether the {@link #metaContexts} are selected without being asked to, before each GO and INFO. By default they are.
     * Without it, {@link Negotiation#setMetaContexts()} does.
     */
    public NbdClientBuilder requestMetaContexts(boolean requestMetaContexts) {
        return with(b -> b.requestMetaContexts = requestMetaContexts);
    }

    /**
     * The handshake flags that are set if the server offers them. By default both. Without FIXED_NEWSTYLE there is nothing
     * but {@code NBD_OPT_EXPORT_NAME}. For tests of servers.
     *
     * @throws IllegalArgumentException if the specification does not define one of them
     */
    public NbdClientBuilder handshakeFlags(HandshakeFlags allowed) {
        if (!ALL_HANDSHAKE_FLAGS.has(allowed.bits())) {
            throw new IllegalArgumentException(
                    "handshake flags that are not defined: 0x" + Integer.toHexString(allowed.bits()));
        }
        return with(b -> b.handshakeFlags = allowed);
    }

    /**
     * Whether to use TLS, with {@link TlsOptions#defaults}. By default {@link NbdDefaults#TLS_MODE}. The URI schemes
     * {@code nbds} and {@code nbds+unix} require it, whatever stands here.
     */
    public NbdClientBuilder tls(TlsMode mode) {
        Objects.requireNonNull(mode);
        return with(b -> b.tlsMode = mode);
    }

    /** Whether to use TLS, and how. */
    public NbdClientBuilder tls(TlsMode mode, TlsOptions options) {
        Objects.requireNonNull(mode);
        Objects.requireNonNull(options);
        return with(b -> {
            b.tlsMode = mode;
            b.tlsOptions = options;
        });
    }

    /**
     * Which transports a URI may name. By default all; {@code nbd+ssh} runs a program, so a program that gets URIs from
     * elsewhere may want to leave it out. A URI that names another one is refused at connect ({@link
     * InvalidRequestException}, EPERM), and the handle stays CREATED. Other targets are not concerned.
     */
    public NbdClientBuilder uriAllowTransports(Set<NbdUri.Transport> transports) {
        UriPolicy changed = uriPolicy.withTransports(transports);
        return with(b -> b.uriPolicy = changed);
    }

    /**
     * Whether a URI may ask for TLS: {@link TlsMode#DISABLE} lets none through whose scheme requires it, {@link
     * TlsMode#REQUIRE} none whose scheme does not, {@link TlsMode#ALLOW}, the default, lets all through. Otherwise as
     * {@link #uriAllowTransports}.
     */
    public NbdClientBuilder uriAllowTls(TlsMode mode) {
        UriPolicy changed = uriPolicy.withTls(mode);
        return with(b -> b.uriPolicy = changed);
    }

    /**
     * Whether a URI may name files of this machine to be read ({@code tls-certificates}, {@code tls-psk-file}). By default
     * not, since a URI may come from elsewhere. The Unix socket to connect to is no such file. Otherwise as {@link
     * #uriAllowTransports}.
     */
    public NbdClientBuilder uriAllowLocalFiles(boolean allowed) {
        UriPolicy changed = uriPolicy.withLocalFiles(allowed);
        return with(b -> b.uriPolicy = changed);
    }

    /** How long a TCP, vsock or Unix connect may take. By default {@link NbdDefaults#CONNECT_TIMEOUT}. */
    public NbdClientBuilder connectTimeout(Duration timeout) {
        Duration checked = positive(timeout);
        return with(b -> b.connectTimeout = checked);
    }

    /** How long a handshake, or an option, may take. By default {@link NbdDefaults#HANDSHAKE_TIMEOUT}. */
    public NbdClientBuilder handshakeTimeout(Duration timeout) {
        Duration checked = positive(timeout);
        return with(b -> b.handshakeTimeout = checked);
    }

    /**
     * How long closing waits for what is in flight, and for the goodbye to leave behind it. By default
     * {@link NbdDefaults#DRAIN_TIMEOUT}.
     */
    public NbdClientBuilder drainTimeout(Duration timeout) {
        Duration checked = positive(timeout);
        return with(b -> b.drainTimeout = checked);
    }

    /** How long a server or child may take to end by itself. By default {@link NbdDefaults#GRACE_TIMEOUT}. */
    public NbdClientBuilder graceTimeout(Duration timeout) {
        Duration checked = positive(timeout);
        return with(b -> b.graceTimeout = checked);
    }

    /** How long a child may take to end after SIGTERM. By default {@link NbdDefaults#KILL_TIMEOUT}. */
    public NbdClientBuilder killTimeout(Duration timeout) {
        Duration checked = positive(timeout);
        return with(b -> b.killTimeout = checked);
    }

    /**
     * How long the server may be silent while it owes a reply, before the connection counts as dead. By default
     * {@link NbdDefaults#STALL_TIMEOUT}; zero for ever, at most 365 days.
     */
    public NbdClientBuilder stallTimeout(Duration timeout) {
        if (timeout.isNegative() || timeout.compareTo(MAX_TIMEOUT) > 0) {
            throw new IllegalArgumentException("a stall timeout must be 0 to 365 days: " + timeout);
        }
        return with(b -> b.stallTimeout = timeout);
    }

    /**
     * How long each data command may take, from the call to the answer, with the time that it waits for room in flight. By
     * default {@link NbdDefaults#REQUEST_TIMEOUT}; zero for ever, at most 365 days. A command that is split has one deadline.
     *
     * <p>At its deadline a command fails with {@link NbdTimeoutException}. If it was not sent, it is withdrawn
     * ({@link RequestFate#NOT_SENT}). If it was, its fate is {@link RequestFate#UNKNOWN}: nobody touches its buffers any
     * more, the answer is waited for and thrown away, and until then it counts as in flight. The connection and the other
     * commands go on, with one exception: a write of which a part is still in user space can't be called back, so then the
     * connection is closed, and everything in flight fails.
     *
     * <p>{@link NbdFuture#orTimeout} does the same for one future, with the JDK's exception.
     */
    public NbdClientBuilder requestTimeout(Duration timeout) {
        if (timeout.isNegative() || timeout.compareTo(MAX_TIMEOUT) > 0) {
            throw new IllegalArgumentException("a request timeout must be 0 to 365 days: " + timeout);
        }
        return with(b -> b.requestTimeout = timeout);
    }

    /**
     * How long the event loop may poll for an answer while no more than eight requests are in flight, before it sleeps: 0 to
     * 1 s; with more in flight it polls within a large payload, for a moment. To sleep and to be woken up takes longer than
     * many a server does. Polling costs processor time, so it is done only while it spares at least an eighth of the time (a
     * sixteenth within a payload). Each connection finds that out for itself: now and then it awaits some answers the other
     * way. By default {@link NbdDefaults#BUSY_POLL}; zero for never. On an {@link #eventLoopGroup} of the caller's own it
     * works if {@link #newEventLoopGroup} made that; on one processor it never does.
     */
    public NbdClientBuilder busyPoll(Duration limit) {
        if (limit.isNegative() || limit.compareTo(Duration.ofSeconds(1)) > 0) {
            throw new IllegalArgumentException("a poll must last 0 to 1 s: " + limit);
        }
        return with(b -> b.busyPoll = limit);
    }

    /** The most requests in flight, 1 to 65536. By default {@link NbdDefaults#MAX_REQUESTS_IN_FLIGHT}. */
    public NbdClientBuilder maxRequestsInFlight(int requests) {
        if (requests < 1 || requests > 65536) {
            throw new IllegalArgumentException("requests in flight must be 1 to 65536: " + requests);
        }
        return with(b -> b.maxRequestsInFlight = requests);
    }

    /** The most bytes in flight, at least 1. By default {@link NbdDefaults#MAX_BYTES_IN_FLIGHT}. */
    public NbdClientBuilder maxBytesInFlight(long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("bytes in flight must be at least 1: " + bytes);
        }
        return with(b -> b.maxBytesInFlight = bytes);
    }

    /**
     * The most requests that wait to be sent, at least 0: for room in flight, or for the transport, from when that is 16 MiB behind
     * until it is less than 8.
     * By default {@link NbdDefaults#MAX_REQUESTS_WAITING}.
     */
    public NbdClientBuilder maxRequestsWaiting(int requests) {
        if (requests < 0) {
            throw new IllegalArgumentException("requests waiting must be at least 0: " + requests);
        }
        return with(b -> b.maxRequestsWaiting = requests);
    }

    /**
     * The event loops to use, never shut down by the library. By default, one group of daemon threads that all clients of
     * the JVM share: native epoll where it is available, NIO elsewhere. The socketpair and pipe transports of a
     * subprocess need epoll.
     */
    public NbdClientBuilder eventLoopGroup(IoEventLoopGroup group) {
        Objects.requireNonNull(group);
        return with(b -> b.eventLoopGroup = group);
    }

    /**
     * Returns a new group of event loops like those that all clients share: on native epoll where it is available, on NIO
     * elsewhere, and able to poll for an answer (see {@link #busyPoll}). Other channels may live on it too.
     *
     * @param threads how many event loops, each with a thread of its own, at least 1
     * @param factory makes the threads, on first use
     * @return owned by the caller, who shuts it down once the clients on it are closed
     */
    public static IoEventLoopGroup newEventLoopGroup(int threads, ThreadFactory factory) {
        if (threads < 1) {
            throw new IllegalArgumentException("a group has at least 1 event loop: " + threads);
        }
        return EventLoops.newGroup(threads, factory);
    }

    /**
     * Where futures complete. By default on the event loop of the connection. If the executor refuses a completion, or
     * fails in another way, it runs on the event loop.
     */
    public NbdClientBuilder completionExecutor(Executor executor) {
        Objects.requireNonNull(executor);
        return with(b -> b.completionExecutor = executor);
    }

    /**
     * Where the buffers come from that reads hand out, and those for what is sent in batches larger than 16 KiB. By default
     * Netty's pooled allocator, since NBD's usual sizes fit its size classes. What is received otherwise, and small batches,
     * pass through at most 352 KiB of direct memory that each event loop has for all of its connections, until its thread ends,
     * and that does not come from here.
     */
    public NbdClientBuilder allocator(ByteBufAllocator allocator) {
        Objects.requireNonNull(allocator);
        return with(b -> b.allocator = allocator);
    }

    /** The name of the client in logs. By default {@code nbd1}, {@code nbd2}, and so on. */
    public NbdClientBuilder name(String name) {
        Objects.requireNonNull(name);
        return with(b -> b.name = name);
    }

    /**
     * Whether {@link #connectMulti} makes several connections even if the server does not advertise that they see one coherent
     * export. By default not: a read may then miss what was written over another connection. A flush goes to all of them then,
     * and fails once one was lost.
     */
    public NbdClientBuilder forceMultiConn(boolean forced) {
        return with(b -> b.forceMultiConn = forced);
    }

    /**
     * Which checks are made of a command before it is sent. By default {@link NbdDefaults#STRICT_MODE}, all. Can be changed
     * later, see {@link NbdClient#strictMode(Set)}.
     */
    public NbdClientBuilder strictMode(Set<StrictCheck> checks) {
        Set<StrictCheck> copy = Set.copyOf(checks);
        return with(b -> b.strictMode = copy);
    }

    /**
     * Keeps all that is said on the connection in a file that Wireshark and tcpdump read, made anew by each connect. By default
     * none is kept.
     *
     * <p>What is kept is NBD: under TLS what is inside of it, in clear text, and of any transport as if it were TCP between
     * 192.0.2.1 and port 10809 of 192.0.2.2. The file is complete when the handle is closed. It is written by the event loop,
     * which makes everything slower: this is for looking into things. If the file can't be made, the connect fails
     * ({@link ConnectFailedException}). If it can't be written any more, a warning in the log says so, and the connection goes
     * on without it.
     *
     * <p>Clients that are made by one builder write to one file, so each needs a builder of its own. The connections of
     * {@link #connectMulti} have a file each: the first this one, the others the same with {@code .2}, {@code .3} and so on at
     * the end of the name.
     */
    public NbdClientBuilder capture(Path file) {
        Objects.requireNonNull(file);
        return with(b -> b.capture = file);
    }

    private NbdClientBuilder numbered(int connection) {
        Path first = capture;
        return first == null || connection == 1
                ? this
                : capture(first.resolveSibling(first.getFileName() + "." + connection));
    }

    /** Makes a client, in the state CREATED. */
    public NbdClient build() {
        return make();
    }

    /**
     * Connects several times to one export, and uses the connections as one device. See {@link NbdMultiDevice}.
     *
     * <p>One connection is made first. The others follow if the server advertises that several connections see one coherent
     * export ({@link ExportInfo#canMultiConn}), or if {@link #forceMultiConn} is set; otherwise there is one. A command
     * (also of {@code nbd+ssh} or of a socket activation) as the target gives one connection, since each would be a server
     * of its own, unless it is forced. An adopted channel gives one connection in any case. {@link #optionMode} has no effect.
     *
     * @param connections how many, 1 to 256
     * @return completes with the device when all connections are READY. Fails as {@link NbdClient#connect} does if one of them
     *     can't be made, or with {@link ConnectFailedException} if they see different exports, or the server has selected
     *     different meta contexts; then all are closed. Cancelling it closes them too
     */
    public NbdFuture<NbdMultiDevice> connectMulti(NbdTarget target, int connections) {
        Objects.requireNonNull(target);
        NbdClientBuilder straight = optionMode(false);
        boolean possible = connections >= 1 && connections <= 256;
        List<DefaultNbdClient> clients = IntStream.rangeClosed(1, possible ? connections : 1)
                .mapToObj(number -> straight.numbered(number).make())
                .toList();
        return possible
                ? MultiConnector.connect(clients, target, forceMultiConn)
                : MultiConnector.refuse(clients.get(0), "connections must be 1 to 256: " + connections);
    }

    private DefaultNbdClient make() {
        return new DefaultNbdClient(new ClientSettings(
                name != null ? name : "nbd" + COUNTER.incrementAndGet(),
                exportName,
                optionMode,
                structuredReplies,
                extendedHeaders,
                requestBlockSize,
                fullInfo,
                requestMetaContexts,
                metaContexts,
                handshakeFlags,
                tlsMode,
                tlsOptions,
                connectTimeout,
                handshakeTimeout,
                drainTimeout,
                graceTimeout,
                killTimeout,
                stallTimeout,
                requestTimeout,
                busyPoll,
                maxRequestsInFlight,
                maxBytesInFlight,
                maxRequestsWaiting,
                eventLoopGroup,
                completionExecutor,
                allocator,
                strictMode,
                capture,
                uriPolicy));
    }

    private static Duration positive(Duration timeout) {
        if (timeout.isNegative() || timeout.isZero() || timeout.compareTo(MAX_TIMEOUT) > 0) {
            throw new IllegalArgumentException("a timeout must be positive, and at most 365 days: " + timeout);
        }
        return timeout;
    }
}
