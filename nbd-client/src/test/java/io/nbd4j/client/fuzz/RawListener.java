package io.nbd4j.client.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A Unix socket that somebody else's code listens on: neither Netty's nor this project's. */
final class RawListener implements AutoCloseable {
    private final Path directory;
    private final Path socket;
    private final ServerSocketChannel channel;

    RawListener() throws IOException {
        directory = Files.createTempDirectory("nbd4j");
        socket = directory.resolve("socket");
        channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        channel.bind(UnixDomainSocketAddress.of(socket));
        channel.configureBlocking(false);
    }

    Path path() {
        return socket;
    }

    /** Returns the next client, null if there is none yet. */
    @Nullable
    RawPeer accept() {
        try {
            SocketChannel accepted = channel.accept();
            return accepted == null ? null : new RawPeer(accepted);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
        Files.deleteIfExists(socket);
        Files.deleteIfExists(directory);
    }
}
