package io.nbd4j.testkit;

import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.TransmissionFlags;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionReplyEncoder;
import io.nbd4j.codec.handshake.OptionType;
import io.nbd4j.testkit.internal.ExportSettings;
import io.nbd4j.testkit.internal.NbdUris;
import io.nbd4j.testkit.internal.ServedExport;
import io.nbd4j.testkit.internal.ServerInitializer;
import io.nbd4j.testkit.internal.ServerProfile;
import io.nbd4j.testkit.internal.ServerShutdown;
import io.nbd4j.testkit.internal.ServerTransport;
import io.nbd4j.testkit.internal.StreamChannel;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.ScatteringByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
    private final Channel listener;
    private final ChannelGroup connections;
    private final @Nullable Path socketPath;
    private final @Nullable Path ownDirectory;

    private TestServer(
            ServerTransport transport,
            Channel listener,
            ChannelGroup connections,
            @Nullable Path socketPath,
            @Nullable Path ownDirectory) {
        this.transport = transport;
        this.listener = listener;
        this.connections = connections;
        this.socketPath = socketPath;
        this.ownDirectory = ownDirectory;
    }

    /** Returns a builder of a server without exports. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns the NBD URI of the default export. */
    public String uri() {
        return uri("");
    }

    /** Returns the NBD URI of the export called {@code export}. */
    public String uri(String export) {
        return socketPath == null ? NbdUris.tcp(port(), export) : NbdUris.unix(socketPath, export);
    }

    /**
     * Returns the port on 127.0.0.1.
     *
     * @throws IllegalStateException if the server listens on a Unix socket
     */
    public int port() {
        if (socketPath != null) {
            throw new IllegalStateException("the server listens on " + socketPath);
        }
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    /**
     * Returns the Unix socket.
     *
     * @throws IllegalStateException if the server listens on TCP
     */
    public Path socketPath() {
        if (socketPath == null) {
            throw new IllegalStateException("the server listens on TCP port " + port());
        }
        return socketPath;
    }

    /**
     * Closes the socket and all connections, and waits for that. Requests that have been read are answered before, unless
     * their client takes longer than a second over the replies. Not for use on an event loop.
     */
    @Override
    public void close() {
        listener.close().syncUninterruptibly();
        connections.forEach(connection -> connection.pipeline().fireUserEventTriggered(ServerShutdown.INSTANCE));
        connections.newCloseFuture().awaitUninterruptibly(GRACE_MILLIS);
        connections.close().awaitUninterruptibly();
        transport.group().shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
        try {
            if (socketPath != null) {
                Files.deleteIfExists(socketPath);
            }
            if (ownDirectory != null) {
                Files.deleteIfExists(ownDirectory);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
        private int port;
        private boolean unix;
        private @Nullable Path socketPath;

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

        /** Makes the server listen on a port of the loopback interface. By default it takes a free one. */
        public Builder tcp(int port) {
            this.port = port;
            unix = false;
            return this;
        }

        /** Makes the server listen on a Unix socket in a temporary directory, which it removes when it is closed. */
        public Builder unixSocket() {
            unix = true;
            socketPath = null;
            return this;
        }

        /** Makes the server listen on a Unix socket that must not exist, and which it removes when it is closed. */
        public Builder unixSocket(Path path) {
            unix = true;
            socketPath = path;
            return this;
        }

        /**
         * Starts the server, which listens when this returns.
         *
         * @throws IllegalStateException if the settings contradict each other
         * @throws UncheckedIOException if the port or the socket can't be used
         */
        public TestServer start() {
            ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
            ServerInitializer initializer = initializer(connections);
            ServerTransport transport = new ServerTransport();
            boolean started = false;
            try {
                TestServer server = unix
                        ? startUnix(transport, initializer, connections)
                        : new TestServer(transport, transport.listenTcp(port, initializer), connections, null, null);
                started = true;
                return server;
            } finally {
                if (!started) {
                    transport.group().shutdownGracefully(0, 0, TimeUnit.SECONDS).awaitUninterruptibly();
                }
            }
        }

        private TestServer startUnix(
                ServerTransport transport, ServerInitializer initializer, ChannelGroup connections) {
            Path given = socketPath;
            if (given != null) {
                return new TestServer(transport, transport.listenUnix(given, initializer), connections, given, null);
            }
            try {
                Path directory = Files.createTempDirectory("nbd4j");
                Path path = directory.resolve("socket");
                return new TestServer(transport, transport.listenUnix(path, initializer), connections, path, directory);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /**
         * Serves one client over two blocking byte channels and returns when the connection has ended. The settings of
         * where to listen don't matter. Closes both channels.
         *
         * @throws IllegalStateException if the settings contradict each other
         */
        public void serve(ScatteringByteChannel in, GatheringByteChannel out) {
            ServerInitializer initializer = initializer(new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true));
            DefaultEventLoop loop = new DefaultEventLoop(new DefaultThreadFactory("nbd-test-server", true));
            StreamChannel channel = new StreamChannel(in, out);
            channel.pipeline().addLast(initializer);
            loop.register(channel).syncUninterruptibly();
            channel.closeFuture().awaitUninterruptibly();
            loop.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
        }

        private ServerInitializer initializer(ChannelGroup connections) {
            requireConsistent();
            Map<String, ServedExport> copy = Collections.unmodifiableMap(new LinkedHashMap<>(exports));
            ServerProfile profile =
                    new ServerProfile(copy, handshake, structuredReplies, extendedHeaders, tls, sslContext);
            return new ServerInitializer(profile, connections);
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
