package io.nbd4j.testkit;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The handshakes of before fixed newstyle, byte for byte. Typed from the specification. */
@Timeout(60)
class HandshakeStyleIT {
    private static final String READ = "25609513 0000 0000 00000000000000a2 0000000000000ff8 00000008";
    private static final String READ_ANSWERED = "67446698 00000000 00000000000000a2 0000000000000ff8";
    private static final String DISC = "25609513 0000 0002 0000000000000000 0000000000000000 00000000";

    @Test
    void oldstyleGreetsWithTheSizeAndServes() throws IOException {
        try (TestServer server = start(HandshakeStyle.OLDSTYLE);
                RawClient client = connect(server)) {
            client.expect("'NBDMAGIC' 0000420281861253 0000000000001000 0000 050f 00*124")
                    .send(READ)
                    .expect(READ_ANSWERED)
                    .send(DISC)
                    .expectEnd();
        }
    }

    @Test
    void oldstyleServesWhatCameBeforeItGreeted() throws IOException {
        try (TestServer server = start(HandshakeStyle.OLDSTYLE);
                RawClient client = connect(server)) {
            client.send(READ + DISC)
                    .expect("'NBDMAGIC' 0000420281861253 0000000000001000 0000 050f 00*124")
                    .expect(READ_ANSWERED)
                    .expectEnd();
        }
    }

    @Test
    void newstyleTakesAnExportNameAndPads() throws IOException {
        try (TestServer server = start(HandshakeStyle.NEWSTYLE);
                RawClient client = connect(server)) {
            client.expect("'NBDMAGIC' 'IHAVEOPT' 0000")
                    .send("00000000 'IHAVEOPT' 00000001 00000000")
                    .expect("0000000000001000 050f 00*124")
                    .send(READ)
                    .expect(READ_ANSWERED)
                    .send(DISC)
                    .expectEnd();
        }
    }

    @Test
    void newstyleHangsUpOnFlagsThatItDoesNotOfferAndOnOtherOptions() throws IOException {
        try (TestServer server = start(HandshakeStyle.NEWSTYLE);
                RawClient flagged = connect(server);
                RawClient haggling = connect(server);
                RawClient misnaming = connect(server)) {
            flagged.expect("'NBDMAGIC' 'IHAVEOPT' 0000").send("00000001").expectEnd();
            haggling.expect("'NBDMAGIC' 'IHAVEOPT' 0000")
                    .send("00000000 'IHAVEOPT' 00000003 00000000")
                    .expectEnd();
            misnaming
                    .expect("'NBDMAGIC' 'IHAVEOPT' 0000")
                    .send("00000000 'IHAVEOPT' 00000001 00000004 'none'")
                    .expectEnd();
        }
    }

    private static TestServer start(HandshakeStyle style) {
        return TestServer.builder()
                .handshake(style)
                .unixSocket()
                .export("", PatternExport.ofSize(4096))
                .start();
    }

    private static RawClient connect(TestServer server) throws IOException {
        return RawClient.connect(UnixDomainSocketAddress.of(server.socketPath()));
    }
}
