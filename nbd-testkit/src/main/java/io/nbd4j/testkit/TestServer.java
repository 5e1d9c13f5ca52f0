package io.nbd4j.testkit;

import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.TransmissionFlags;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionReplyEncoder;
import io.nbd4j.codec.handshake.OptionType;
import io.nbd4j.testkit.fault.FaultPlan;
import io.nbd4j.testkit.internal.Endpoint;
import io.nbd4j.testkit.internal.ExportSettings;
import io.nbd4j.testkit.internal.Listener;
import io.nbd4j.testkit.internal.ServedExport;
import io.nbd4j.testkit.internal.ServerInitializer;
import io.nbd4j.testkit.internal.ServerProfile;
import io.nbd4j.testkit.internal.ServerShutdown;
import io.nbd4j.testkit.internal.ServerTransport;
import io.nbd4j.testkit.internal.StreamChannel;
import io.nbd4j.testkit.internal.fault.FaultGates;
import io.nbd4j.testkit.transcript.Transcript;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.UncheckedIOException;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.ScatteringByteChannel;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An NBD server that runs inside of a program or a test.
 *
 * <pre>{@code
 * try (TestServer server = TestServer.builder().export("", MemoryExport.ofSize(1 << 20)).start()) {
 *     connectTo(server.uri());
 * }
 * }</pre>
 *
 * <p>It listens on a free port of the loopback interface unless told otherwise, and serves any number of clients. It
 * speaks fixed newstyle, and offers structured replies, extended headers and the meta context {@code base:allocation};
 * the builder takes each of them away, and adds TLS.
 */
public final class TestServer implements AutoCloseable {
    private static final long GRACE_MILLIS = 1000;

    private final ServerTransport transport;
    private final Listener listener;
    private final ChannelGroup connections;
    private final FaultGates gates;
    private final TlsMode tls;

    private TestServer(
            ServerTransport transport, Listener listener, ChannelGroup connections, FaultGates gates, TlsMode tls) {
        this.transport = transport;
        this.listener = listener;
        this.connections = connections;
        this.gates = gates;
        this.tls = tls;
    }

    /** Returns a builder of a server without exports. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Returns the NBD URI of the default export.
     *
     * @throws IllegalStateException if the server listens inside of this JVM only
     */
    public String uri() {
        return uri("");
    }

    /**
     * Returns the NBD URI of the export called {@code export}. Its scheme asks for TLS if the server requires it.
     *
     * @throws IllegalStateException if the server listens inside of this JVM only
     */
    public String uri(String export) {
        return listener.uri(tls == TlsMode.REQUIRED, export);
    }

    /**
     * Returns the TCP port.
     *
     * @throws IllegalStateException if the server does not listen on TCP
     */
    public int port() {
        return listener.port();
    }

    /**
     * Returns the Unix socket.
     *
     * @throws IllegalStateException if the server does not listen on a Unix socket
     */
    public Path socketPath() {
        return listener.socketPath();
    }

    /**
     * Returns what a Netty {@link LocalChannel} in this JVM connects to.
     *
     * @throws IllegalStateException if the server does not listen inside of this JVM
     */
    public LocalAddress localAddress() {
        return listener.localAddress();
    }

    /** Returns what goes wrong on purpose; a plan without rules unless the builder was given one. */
    public FaultPlan faults() {
        return gates.faults();
    }

    /**
     * Returns what has been said on all connections so far. It can be asked also when the server is closed.
     *
     * @throws IllegalStateException if the builder was not told to {@linkplain Builder#recordTranscript() record} it
     */
    public Transcript transcript() {
        Transcript transcript = gates.transcript();
        if (transcript == null) {
            throw new IllegalStateException("no transcript is recorded: the builder has recordTranscript()");
        }
        return transcript;
    }

    /**
     * Closes the socket and all connections, and waits for that. Requests that have been read are answered before, unless
     * their client takes longer than a second over the replies. Not for use on an event loop.
     */
    @Override
    public void close() {
        listener.close();
        connections.forEach(connection -> connection.pipeline().fireUserEventTriggered(ServerShutdown.INSTANCE));
        connections.newCloseFuture().awaitUninterruptibly(GRACE_MILLIS);
        connections.close().awaitUninterruptibly();
        transport.close();
        listener.deleteFiles();
    }

    /** Says what a server serves, and where. */
    public static final class Builder {
        private final Map<String, ServedExport> exports = new LinkedHashMap<>();
        private HandshakeStyle handshake = HandshakeStyle.FIXED_NEWSTYLE;
        private boolean structuredReplies = true;
        private boolean extendedHeaders = true;
        private ExportSettings settings = ExportSettings.DEFAULT;
        private TlsMode tls = TlsMode.OFF;
        private @Nullable SslContext sslContext;
        private Endpoint endpoint = new Endpoint.Tcp(0);
        private FaultPlan faults = FaultPlan.of();
        private int transcriptCapacity;

        private Builder() {}

        /** Adds an export without a description. The name of the default export is empty. */
        public Builder export(String name, Export export) {
            return export(name, export, "");
        }

        /**
         * Adds an export. The settings of exports made so far hold for it: sizes, holes, meta contexts, withheld flags,
         * TLS only.
         *
         * @param name not yet used; empty for the default export
         * @param description a text for humans
         * @throws IllegalArgumentException if the name is used already, or a text is none of the protocol's
         */
        public Builder export(String name, Export export, String description) {
            requireFitsTheWire(new OptionReply.Server(OptionType.LIST.wire(), name, description));
            ServedExport served = new ServedExport(name, description, export, settings);
            if (exports.putIfAbsent(name, served) != null) {
                throw new IllegalArgumentException("two exports called '" + name + "'");
            }
            return this;
        }

        private static void requireFitsTheWire(OptionReply reply) {
            ByteBuf scrap = Unpooled.buffer();
            OptionReplyEncoder.encode(reply, scrap);
            scrap.release();
        }

        /**
         * Sets how a connection begins, {@link HandshakeStyle#FIXED_NEWSTYLE} by default. What a style has no way to
         * negotiate is not offered either. An oldstyle server has exactly one export.
         */
        public Builder handshake(HandshakeStyle style) {
            handshake = style;
            return this;
        }

        /**
         * Sets whether clients may agree on extended headers, which are experimental. They may by default, also where
         * structured replies are not offered.
         */
        public Builder extendedHeaders(boolean offered) {
            extendedHeaders = offered;
            return this;
        }

        /** Sets whether clients may agree on structured replies. They may by default. */
        public Builder structuredReplies(boolean offered) {
            structuredReplies = offered;
            return this;
        }

        /**
         * Sets whether structured replies name the holes of exports that are added from now on, instead of sending
         * their zeroes. They do not by default.
         */
        public Builder holes(boolean named) {
            settings = settings.withHoles(named);
            return this;
        }

        /**
         * Sets what requests for exports that are added from now on have to respect. By default it is
         * {@link SizeConstraints#DEFAULT}.
         *
         * @throws IllegalArgumentException if the specification does not allow such constraints
         */
        public Builder sizes(SizeConstraints constraints) {
            if (!constraints.isPlausible()) {
                throw new IllegalArgumentException("implausible sizes: " + constraints);
            }
            settings = settings.withSizes(constraints);
            return this;
        }

        /**
         * Sets the meta contexts of exports that are added from now on. Each has {@code base:allocation} besides, unless
         * one of these bears that name. By default there are no others.
         *
         * @throws IllegalArgumentException if two have the same name, or a name has no namespace or is none of the
         *     protocol's
         */
        public Builder metaContexts(MetaContext... contexts) {
            Set<String> names = new HashSet<>();
            for (MetaContext context : contexts) {
                String name = context.name();
                if (name.indexOf(':') < 1) {
                    throw new IllegalArgumentException("the meta context '" + name + "' has no namespace");
                }
                requireFitsTheWire(new OptionReply.MetaContextReply(OptionType.LIST_META_CONTEXT.wire(), 0, name));
                if (!names.add(name)) {
                    throw new IllegalArgumentException("two meta contexts called '" + name + "'");
                }
            }
            settings = settings.withContexts(List.of(contexts));
            return this;
        }

        /**
         * Keeps exports that are added from now on from advertising something that they could do, and the server from
         * doing it.
         *
         * @param flags bits of {@link TransmissionFlags}, 0 to withhold nothing; {@code HAS_FLAGS} and {@code READ_ONLY}
         *     say what is so and cannot be withheld
         * @throws IllegalArgumentException for those two
         */
        public Builder withhold(int flags) {
            if ((flags & (TransmissionFlags.HAS_FLAGS | TransmissionFlags.READ_ONLY)) != 0) {
                throw new IllegalArgumentException("HAS_FLAGS and READ_ONLY cannot be withheld");
            }
            settings = settings.withWithheldFlags(flags);
            return this;
        }

        /**
         * Sets whether exports that are added from now on can be used only by clients that have started TLS, which
         * {@link TlsMode#OPTIONAL} leaves to them. By default they need not.
         */
        public Builder tlsOnly(boolean required) {
            settings = settings.withTlsOnly(required);
            return this;
        }

        /**
         * Sets what is done about TLS. By default it is {@link TlsMode#OFF}.
         *
         * @param context of a server; decides on versions, certificates, and whether clients need one, too. It stays the
         *     caller's
         */
        public Builder tls(TlsMode mode, SslContext context) {
            if (!context.isServer()) {
                throw new IllegalArgumentException("the TLS context is one for clients");
            }
            tls = mode;
            sslContext = context;
            return this;
        }

        /** Sets what goes wrong on purpose. By default, nothing does. */
        public Builder faults(FaultPlan plan) {
            faults = plan;
            return this;
        }

        /**
         * Sets what goes wrong on purpose, as text such as {@code on READ nth 5: refuse EIO}.
         *
         * @throws IllegalArgumentException if that is no rule; the message is one line and says what is wrong, and where
         */
        public Builder faults(String... rules) {
            return faults(FaultPlan.parse(rules));
        }

        /** Keeps a transcript of the last {@value Transcript#DEFAULT_CAPACITY} messages. By default none is kept. */
        public Builder recordTranscript() {
            return recordTranscript(Transcript.DEFAULT_CAPACITY);
        }

        /**
         * Keeps a transcript.
         *
         * @param messages how many are kept, the last ones, at least 1
         */
        public Builder recordTranscript(int messages) {
            if (messages < 1) {
                throw new IllegalArgumentException("a transcript of " + messages + " messages");
            }
            transcriptCapacity = messages;
            return this;
        }

        private FaultGates gates() {
            return new FaultGates(faults, transcriptCapacity == 0 ? null : new Transcript(transcriptCapacity));
        }

        /**
         * Makes the server listen on a port of the loopback interface. By default it takes a free one.
         *
         * @param port 0 for a free one
         */
        public Builder tcp(int port) {
            if (port < 0 || port > 65535) {
                throw new IllegalArgumentException("port " + port + " is not in the range of 0 to 65535");
            }
            endpoint = new Endpoint.Tcp(port);
            return this;
        }

        /** Makes the server listen on a Unix socket in a temporary directory, which it removes when it is closed. */
        public Builder unixSocket() {
            endpoint = new Endpoint.TemporaryUnixSocket();
            return this;
        }

        /** Makes the server listen on a Unix socket that must not exist, and which it removes when it is closed. */
        public Builder unixSocket(Path path) {
            endpoint = new Endpoint.UnixSocket(path);
            return this;
        }

        /**
         * Makes the server listen inside of this JVM, where a Netty {@link LocalChannel} reaches it at
         * {@link TestServer#localAddress()}. No socket is involved, and nothing limits what waits to be read by a client.
         */
        public Builder local() {
            endpoint = new Endpoint.InVm();
            return this;
        }

        /**
         * Makes the server accept connections on a socket that was made by somebody else and listens already, TCP or Unix,
         * as systemd's socket activation hands it over. The server closes the descriptor when it is closed, but leaves
         * the path of a Unix socket to whoever made it. Nobody else may accept connections on it meanwhile. This needs
         * Linux, and Netty's epoll transport.
         *
         * @param descriptor the number of the open file; the first one that systemd hands over is 3
         */
        public Builder adoptedSocket(int descriptor) {
            if (descriptor < 0) {
                throw new IllegalArgumentException("descriptor " + descriptor + " is negative");
            }
            endpoint = new Endpoint.AdoptedSocket(descriptor);
            return this;
        }

        /**
         * Starts the server, which listens when this returns.
         *
         * @throws IllegalStateException if the settings contradict each other
         * @throws UncheckedIOException if it can't; the message is one line that says where, and why not
         */
        public TestServer start() {
            ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
            boolean blocking =
                    exports.values().stream().anyMatch(served -> served.export().isBlocking());
            FaultGates gates = gates();
            ServerTransport transport = ServerTransport.of(endpoint, blocking);
            boolean started = false;
            try {
                Listener listener = transport.listen(endpoint, initializer(connections, gates));
                started = true;
                return new TestServer(transport, listener, connections, gates, tls);
            } finally {
                if (!started) {
                    transport.close();
                }
            }
        }

        /**
         * Serves one client over two blocking byte channels and returns when the connection has ended. The settings of
         * where to listen don't matter. Closes both channels.
         *
         * @throws IllegalStateException if the settings contradict each other
         */
        public void serve(ScatteringByteChannel in, GatheringByteChannel out) {
            ServerInitializer initializer =
                    initializer(new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true), gates());
            DefaultEventLoop loop = new DefaultEventLoop(new DefaultThreadFactory("nbd-test-server", true));
            // Faults may want to do something while the client waits.
            ExecutorService reader = faults.isEmpty()
                    ? null
                    : Executors.newSingleThreadExecutor(new DefaultThreadFactory("nbd-test-server", true));
            StreamChannel channel = new StreamChannel(in, out, reader);
            channel.pipeline().addLast(initializer);
            loop.register(channel).syncUninterruptibly();
            channel.closeFuture().awaitUninterruptibly();
            if (reader != null) {
                reader.shutdown();
            }
            loop.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
        }

        private ServerInitializer initializer(ChannelGroup connections, FaultGates gates) {
            requireConsistent();
            Map<String, ServedExport> copy = Collections.unmodifiableMap(new LinkedHashMap<>(exports));
            ServerProfile profile =
                    new ServerProfile(copy, handshake, structuredReplies, extendedHeaders, tls, sslContext);
            return new ServerInitializer(profile, gates, connections);
        }

        private void requireConsistent() {
            if (handshake == HandshakeStyle.OLDSTYLE && exports.size() != 1) {
                throw new IllegalStateException("an oldstyle server has one export, not " + exports.size());
            }
            if (handshake != HandshakeStyle.FIXED_NEWSTYLE && tls != TlsMode.OFF) {
                throw new IllegalStateException("there is no TLS with " + handshake);
            }
            if (tls == TlsMode.OFF
                    && exports.values().stream()
                            .anyMatch(export -> export.settings().tlsOnly())) {
                throw new IllegalStateException("an export is for TLS only, but TLS is off");
            }
        }
    }
}
