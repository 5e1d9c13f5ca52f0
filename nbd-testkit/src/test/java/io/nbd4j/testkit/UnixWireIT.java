package io.nbd4j.testkit;

import java.net.UnixDomainSocketAddress;
import org.junit.jupiter.api.AfterEach;

class UnixWireIT extends WireContract {
    private final TestServer server = TestServer.builder()
            .export("", MemoryExport.ofSize(64 << 20))
            .unixSocket()
            .start();

    @AfterEach
    void stop() {
        server.close();
    }

    @Override
    RawClient connect() throws Exception {
        return RawClient.connect(UnixDomainSocketAddress.of(server.socketPath()));
    }
}
