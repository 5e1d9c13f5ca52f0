package io.nbd4j.client.contract;

import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.testkit.RealServer;
import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The server listens on a Unix socket. */
record UnixSetting(Loops loops) implements Setting {
    @Override
    public String transport() {
        return "unix";
    }

    @Override
    public @Nullable String unavailableBecause() {
        return loops.unavailableBecause();
    }

    @Override
    public NbdClientBuilder builder() {
        return loops.builder();
    }

    @Override
    public IoEventLoop loop() {
        return loops.loop();
    }

    @Override
    public Served nbdkit(String... arguments) {
        RealServer server = RealServer.nbdkit(arguments);
        return Served.listening(NbdTarget.unix(server.unixSocket()), server);
    }

    @Override
    public Served silent() {
        try {
            Path directory = Files.createTempDirectory("nbd4j");
            Path socket = directory.resolve("silent");
            ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            server.bind(UnixDomainSocketAddress.of(socket));
            return new Served(NbdTarget.unix(socket), null, () -> {
                server.close();
                Files.delete(socket);
                Files.delete(directory);
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public boolean receivesDirectly() {
        return true;
    }
}
