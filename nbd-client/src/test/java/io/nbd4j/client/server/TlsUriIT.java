package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdTlsException;
import io.nbd4j.client.NbdUri;
import io.nbd4j.codec.NbdError;
import io.nbd4j.testkit.RealServer;
import io.nbd4j.testkit.junit.RequiresServer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a URI says about TLS is done, and said again by the handle's own URI. The time limit only ends what hangs. */
@RequiresServer("nbdkit")
@Timeout(120)
class TlsUriIT {
    private static final String NAME = "server.test";

    @TempDir
    Path directory;

    private static NbdClientBuilder trusting() {
        return NbdClient.builder().uriAllowLocalFiles(true);
    }

    private static void assertConnects(String uri) {
        try (NbdClient nbd = trusting().build()) {
            await(nbd.connectUri(uri));
            assertThat(nbd.isTlsActive()).as(uri).isTrue();
            assertThat(nbd.uri()).contains(NbdUri.parse(uri));
            await(nbd.pread(512, 0)).release();
        }
    }

    private static void assertTlsFails(String uri) {
        try (NbdClient nbd = trusting().build()) {
            failureOf(nbd.connectUri(uri), NbdTlsException.class);
            assertThat(nbd.isDead()).isTrue();
        }
    }

    private String unix(RealServer server, String parameters) {
        return "nbds+unix:///?socket=" + server.unixSocket() + parameters;
    }

    @Test
    void aDirectoryOfCertificatesIsUsedAndTheHostsNameVerified() throws Exception {
        Path pki = new Certificates(directory).forServer(NAME);
        try (RealServer tcp = RealServer.nbdkitTcp("--tls=require", "--tls-certificates=" + pki, "memory", "1M");
                RealServer unix = RealServer.nbdkit("--tls=require", "--tls-certificates=" + pki, "memory", "1M")) {
            String certificates = "tls-certificates=" + pki;
            assertConnects("nbds://127.0.0.1:" + tcp.port() + "/?" + certificates);
            assertConnects("nbds://127.0.0.1:" + tcp.port() + "/?tls-hostname=" + NAME + "&" + certificates);
            assertConnects(unix(unix, "&tls-hostname=" + NAME + "&" + certificates));
            assertTlsFails(unix(unix, "&tls-hostname=other.test&" + certificates));
            // Nobody whom this machine trusts has signed.
            assertTlsFails(unix(unix, "&tls-hostname=" + NAME));
        }
    }

    @Test
    void aCertificateIsNotVerifiedIfTheUriSaysSo() throws Exception {
        Path pki = new Certificates(directory).forServer(NAME);
        try (RealServer unix = RealServer.nbdkit("--tls=require", "--tls-certificates=" + pki, "memory", "1M")) {
            assertConnects(unix(unix, "&tls-verify-peer=0"));
            try (NbdClient nbd = trusting().build()) {
                await(nbd.connectUri(unix(unix, "&tls-verify-peer=false&tls-type=x509")));
                assertThat(nbd.uri()).contains(NbdUri.parse(unix(unix, "&tls-verify-peer=0")));
            }
        }
    }

    @Test
    void aFileOfKeysIsUsedForTheUserOfTheUri() throws Exception {
        Path keys = Files.writeString(directory.resolve("keys.psk"), "alice:" + "0123456789abcdef".repeat(4) + "\n");
        try (RealServer unix = RealServer.nbdkit("--tls=require", "--tls-psk=" + keys, "memory", "1M");
                RealServer tcp = RealServer.nbdkitTcp("--tls=require", "--tls-psk=" + keys, "memory", "1M")) {
            assertConnects("nbds+unix://alice@/?socket=" + unix.unixSocket() + "&tls-psk-file=" + keys);
            assertConnects("nbds://alice@127.0.0.1:" + tcp.port() + "/?tls-psk-file=" + keys);
            assertTlsFails("nbds+unix://eve@/?socket=" + unix.unixSocket() + "&tls-psk-file=" + keys);
        }
    }

    @Test
    void whatTlsCannotDoIsRefusedBeforeAnythingIsStarted() {
        for (String wrong : new String[] {
            "nbds://h/?tls-type=anon",
            "nbds://h/?tls-type=psk",
            "nbds://h/?tls-type=x509&tls-psk-file=/k",
            "nbds://h/?tls-certificates=/c&tls-psk-file=/k"
        }) {
            try (NbdClient nbd = trusting().build()) {
                InvalidRequestException failure = failureOf(nbd.connectUri(wrong), InvalidRequestException.class);
                assertThat(failure.errno()).as(wrong).isEqualTo(NbdError.EINVAL);
                assertThat(nbd.isCreated()).isTrue();
            }
        }
    }
}
