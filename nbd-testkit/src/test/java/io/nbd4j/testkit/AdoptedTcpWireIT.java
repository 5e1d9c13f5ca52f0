package io.nbd4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.testkit.junit.RequiresServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A TCP port on which somebody else listens already, for all interfaces. */
@RequiresServer("perl")
class AdoptedTcpWireIT extends WireContract {
    private AdoptingServer server;

    @BeforeEach
    void start() throws IOException {
        server = AdoptingServer.tcp();
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    @Override
    RawClient connect() throws Exception {
        int port = URI.create(server.uri()).getPort();
        return RawClient.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }

    @Test
    void theUriNamesAnAddressThatClientsReach() {
        assertThat(server.uri()).matches("nbd://127\\.0\\.0\\.1:[0-9]+/");
    }
}
