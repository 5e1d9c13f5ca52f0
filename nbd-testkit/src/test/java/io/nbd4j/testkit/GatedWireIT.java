package io.nbd4j.testkit;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.AfterEach;

/** A server whose faults never happen, and which keeps a transcript, says on the wire what any other says. */
class GatedWireIT extends WireContract {
    private final TestServer server = TestServer.builder()
            .export("", MemoryExport.ofSize(64 << 20))
            .faults("on READ nth 1000000: drop", "on GO export 'none' nth 1000: drop")
            .recordTranscript(10)
            .start();

    @AfterEach
    void stop() {
        server.close();
    }

    @Override
    RawClient connect() throws Exception {
        return RawClient.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
    }
}
