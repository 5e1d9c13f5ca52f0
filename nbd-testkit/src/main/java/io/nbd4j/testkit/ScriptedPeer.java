package io.nbd4j.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A server that says exactly the bytes that a test tells it to say, and expects exactly the bytes that it is told to
 * expect. It knows nothing of NBD: what a client under test and a codec got wrong together shows against typed bytes.
 *
 * <pre>{@code
 * try (ScriptedPeer peer = ScriptedPeer.tcp()) {
 *     client.connect("127.0.0.1", peer.port());
 *     peer.accept()
 *             .send("'NBDMAGIC' 'IHAVEOPT' 0003")
 *             .expect("00000003")
 *             .expect("'IHAVEOPT' 00000002 00000000")
 *             .hangUp();
 * }
 * }</pre>
 *
 * <p>It listens on the loopback interface, or on a Unix socket in a directory of its own. A script runs on the thread that
 * calls, or on one of its own ({@link #play}). Each wait is bounded ({@link #patience}), and a failure is an
 * {@link AssertionError} that shows what was expected, what came, and all that was said before.
 *
 * <p>Not thread-safe, but for {@link #close}: one script at a time talks over a connection.
 */
public final class ScriptedPeer implements AutoCloseable {
    /** How long each wait lasts at most, unless {@link #patience} says otherwise. It only ends what hangs. */
    public static final Duration PATIENCE = Duration.ofSeconds(10);

    /** How bytes that are sent are cut into segments. */
    public enum Delivery {
        /** Each {@code send} is one write. */
        NORMAL,
        /** Each byte is a write of its own. */
        BYTE_BY_BYTE,
        /** All that is sent in one go, up to the next time that the script reads, waits or hangs up, is one write. */
        COALESCED
    }

    /** What a peer does, on a thread of its own. */
    @FunctionalInterface
    public interface Script {
        /** Talks to the clients of {@code peer}. */
        void play(ScriptedPeer peer) throws Exception;
    }

    private final ServerSocketChannel listener;
    private final Selector selector;
    private final @Nullable Path directory;
    private final List<ScriptedConnection> connections = new CopyOnWriteArrayList<>();
    private volatile Delivery delivery = Delivery.NORMAL;
    private volatile Duration patience = PATIENCE;

    private ScriptedPeer(ServerSocketChannel listener, @Nullable Path directory) throws IOException {
        this.listener = listener;
        this.directory = directory;
        listener.configureBlocking(false);
        selector = Selector.open();
        listener.register(selector, SelectionKey.OP_ACCEPT);
    }

    /** Returns a peer that listens on a free TCP port of the loopback interface. */
    public static ScriptedPeer tcp() {
        try {
            ServerSocketChannel listener = ServerSocketChannel.open();
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            return new ScriptedPeer(listener, null);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns a peer that listens on a Unix socket, in a temporary directory that {@link #close} removes. */
    public static ScriptedPeer unix() {
        try {
            Path directory = Files.createTempDirectory("nbd4j");
            ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            listener.bind(UnixDomainSocketAddress.of(directory.resolve("peer")));
            return new ScriptedPeer(listener, directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sets how bytes are delivered on the connections that are accepted from now on. */
    public ScriptedPeer delivery(Delivery how) {
        delivery = how;
        return this;
    }

    /** Sets how long each wait lasts at most, on the connections that are accepted from now on. */
    public ScriptedPeer patience(Duration atMost) {
        patience = atMost;
        return this;
    }

    /** Sets how much the kernel takes from a client while the script does not read, about; on TCP only. In bytes. */
    public ScriptedPeer receiveBuffer(int size) {
        if (directory == null) {
            try {
                listener.setOption(StandardSocketOptions.SO_RCVBUF, size);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return this;
    }

    /**
     * Returns the port.
     *
     * @throws IllegalStateException if this peer listens on a Unix socket
     */
    public int port() {
        if (address() instanceof InetSocketAddress inet) {
            return inet.getPort();
        }
        throw new IllegalStateException("a Unix socket has no port");
    }

    /**
     * Returns the path of the Unix socket.
     *
     * @throws IllegalStateException if this peer listens on a TCP port
     */
    public Path socket() {
        if (address() instanceof UnixDomainSocketAddress unix) {
            return unix.getPath();
        }
        throw new IllegalStateException("a TCP port has no path");
    }

    /** Returns where it listens. */
    public SocketAddress address() {
        try {
            return listener.getLocalAddress();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Waits for the next client. The ones before stay connected.
     *
     * @return closed with this peer, if not before
     * @throws AssertionError if none comes in time
     */
    public ScriptedConnection accept() {
        try {
            SocketChannel channel = listener.accept();
            if (channel == null) {
                selector.select(patience.toMillis());
                selector.selectedKeys().clear();
                channel = listener.accept();
            }
            if (channel == null) {
                throw new AssertionError("no client came within " + patience.toMillis() + " ms");
            }
            ScriptedConnection connection = new ScriptedConnection(channel, delivery, patience);
            connections.add(connection);
            return connection;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Plays a script on a thread of its own, a daemon.
     *
     * @return completes when the script has ended, exceptionally with what it throws
     */
    @SuppressWarnings("CatchThrowable") // an AssertionError above all
    public CompletableFuture<@Nullable Void> play(Script script) {
        CompletableFuture<@Nullable Void> end = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        script.play(this);
                        end.complete(null);
                    } catch (Throwable e) {
                        end.completeExceptionally(e);
                    }
                },
                "scripted-peer");
        thread.setDaemon(true);
        thread.start();
        return end;
    }

    /** Hangs up on all clients, and stops listening. A script that still runs fails. */
    @Override
    public void close() {
        try {
            listener.close();
            // It wakes up who waits, and lets go of the listener.
            selector.close();
            connections.forEach(ScriptedConnection::close);
            if (directory != null) {
                Files.deleteIfExists(directory.resolve("peer"));
                Files.deleteIfExists(directory);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
