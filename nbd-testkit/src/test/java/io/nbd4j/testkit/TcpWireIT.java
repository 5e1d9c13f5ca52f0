package io.nbd4j.testkit;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.AfterEach;

class TcpWireIT extends WireContract {
    private final TestServer server =
            TestServer.builder().export("", MemoryExport.ofSize(64 << 20)).start();

    @AfterEach
    void stop() {
        server.close();
    }

    @Override
    RawClient connect() throws Exception {
        return RawClient.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
    }
}
