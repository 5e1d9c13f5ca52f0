package io.nbd4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.testkit.junit.RequiresServer;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A Unix socket that somebody else has made. */
@RequiresServer("perl")
class AdoptedUnixWireIT extends WireContract {
    @TempDir
    Path directory;

    private AdoptingServer server;

    @BeforeEach
    void start() throws IOException {
        server = AdoptingServer.unix(socket());
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
        assertThat(socket()).as("the socket of somebody else, after the end").exists();
    }

    private Path socket() {
        return directory.resolve("a socket");
    }

    @Override
    RawClient connect() throws Exception {
        return RawClient.connect(UnixDomainSocketAddress.of(socket()));
    }

    @Test
    void theUriNamesThePath() {
        assertThat(server.uri())
                .isEqualTo("nbd+unix:///?socket=" + socket().toString().replace(" ", "%20"));
    }

    /** The socket is a blocking one: who looks for a client in vain looks for ever. */
    @Test
    void clientsThatComeAtOnceAreAllServed() throws Exception {
        RawClient[] clients = new RawClient[12];
        for (int i = 0; i < clients.length; i++) {
            clients[i] = connect();
        }
        for (RawClient client : clients) {
            client.expect("'NBDMAGIC' 'IHAVEOPT' 0003");
            client.close();
        }
    }
}
