package io.nbd4j.testkit.internal;

import io.netty.channel.Channel;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A socket that a server listens on. */
public final class Listener {
    private final Channel channel;
    private final SocketAddress address;
    /** In the order in which they are deleted. */
    private final List<Path> ownFiles;

    Listener(Channel channel, SocketAddress address, List<Path> ownFiles) {
        this.channel = channel;
        this.address = address;
        this.ownFiles = List.copyOf(ownFiles);
    }

    /**
     * Returns the NBD URI of an export, as clients on this machine reach it.
     *
     * @param tls whether they have to start TLS
     */
    public String uri(boolean tls, String export) {
        if (address instanceof InetSocketAddress inet) {
            return NbdUris.tcp(tls, inet, export);
        }
        return NbdUris.unix(tls, socketPath().toAbsolutePath(), export);
    }

    /** Returns the TCP port. */
    public int port() {
        if (address instanceof InetSocketAddress inet) {
            return inet.getPort();
        }
        throw elsewhere();
    }

    /** Returns the Unix socket. */
    public Path socketPath() {
        if (address instanceof UnixDomainSocketAddress unix) {
            return unix.getPath();
        }
        if (address instanceof DomainSocketAddress unix) {
            return Path.of(unix.path());
        }
        throw elsewhere();
    }

    /** Returns the address inside of this JVM. */
    public LocalAddress localAddress() {
        if (address instanceof LocalAddress local) {
            return local;
        }
        throw elsewhere();
    }

    private IllegalStateException elsewhere() {
        if (address instanceof InetSocketAddress inet) {
            return new IllegalStateException("the server listens on TCP port " + inet.getPort());
        }
        if (address instanceof LocalAddress local) {
            return new IllegalStateException("the server listens on " + local + " in this JVM only");
        }
        return new IllegalStateException("the server listens on " + socketPath());
    }

    /** Stops to listen, and waits for that. */
    public void close() {
        if (channel.isOpen()) { // Else its event loop may be gone.
            channel.close().syncUninterruptibly();
        }
    }

    /** Deletes what was made in the file system in order to listen. */
    public void deleteFiles() {
        try {
            for (Path file : ownFiles) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
