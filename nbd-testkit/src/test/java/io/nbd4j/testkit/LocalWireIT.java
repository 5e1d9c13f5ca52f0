package io.nbd4j.testkit;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The server inside of this JVM, over Netty's local channels. */
class LocalWireIT extends WireContract {
    private final LocalClients clients = new LocalClients();
    private final TestServer server = TestServer.builder()
            .export("", MemoryExport.ofSize(64 << 20))
            .local()
            .start();

    @AfterEach
    void stop() {
        server.close();
        clients.close();
    }

    @Override
    RawClient connect() throws Exception {
        return clients.connect(server.localAddress());
    }

    @Test
    void endsThoughAClientDoesNotRead() throws Exception {
        try (RawClient client = clients.connect(server.localAddress(), false)) {
            client.send("00000003 'IHAVEOPT' 00000002 00000000");
            server.close();
            client.expectEnd();
        }
    }

    @Test
    void hasNoAddressOutsideOfTheJvm() {
        assertThatThrownBy(server::uri)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("in this JVM only");
        assertThatThrownBy(server::port).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(server::socketPath).isInstanceOf(IllegalStateException.class);
    }
}
