package io.nbd4j.client.contract;

import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.testkit.RealServer;
import io.netty.channel.IoEventLoop;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The client is given a channel inside of this JVM, behind which a relay leads to the server. */
record ChannelSetting() implements Setting {
    @Override
    public String transport() {
        return "channel";
    }

    @Override
    public @Nullable String unavailableBecause() {
        return null;
    }

    @Override
    public NbdClientBuilder builder() {
        return NbdClient.builder();
    }

    @Override
    public IoEventLoop loop() {
        return LocalRelay.loop();
    }

    @Override
    public Served nbdkit(String... arguments) {
        RealServer server = RealServer.nbdkit(arguments);
        return Served.listening(NbdTarget.adopted(LocalRelay.connect(server.unixSocket())), server);
    }

    @Override
    public Served silent() {
        Served socket = new UnixSetting(Loops.NIO).silent();
        Path path = Path.of(((NbdTarget.Unix) socket.target()).path());
        return new Served(NbdTarget.adopted(LocalRelay.connect(path)), null, socket.closing());
    }

    @Override
    public boolean receivesDirectly() {
        return false;
    }
}
