package io.nbd4j.client.contract;

import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.testkit.RealServer;
import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.jspecify.annotations.Nullable;

/** The server listens on a TCP port. */
record TcpSetting(Loops loops) implements Setting {
    @Override
    public String transport() {
        return "tcp";
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
        RealServer server = RealServer.nbdkitTcp(arguments);
        return Served.listening(NbdTarget.tcp("127.0.0.1", server.port()), server);
    }

    @Override
    public Served silent() {
        try {
            ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
            return new Served(NbdTarget.tcp("127.0.0.1", server.getLocalPort()), null, server);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public boolean receivesDirectly() {
        return true;
    }
}
