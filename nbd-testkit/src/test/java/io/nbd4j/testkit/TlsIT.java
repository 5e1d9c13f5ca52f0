package io.nbd4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.nbd4j.testkit.TestCertificates.Identity;
import io.nbd4j.testkit.junit.RequiresServer;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** TLS on the wire, with the JDK's own sockets and with libnbd on the other side. */
@Timeout(120)
class TlsIT {
    private static final String GREETING = "'NBDMAGIC' 'IHAVEOPT' 0003";
    private static final String REPLY = "0003e889045565a9";
    private static final String STARTTLS = "'IHAVEOPT' 00000005 00000000";
    private static final String STARTTLS_ACK = REPLY + "00000005 00000001 00000000";
    private static final String GO = "'IHAVEOPT' 00000007 00000006 00000000 0000";
    private static final String GO_ANSWERED =
            REPLY + "00000007 00000003 0000000c 0000 0000000000001000 050f" + REPLY + "00000007 00000001 00000000";
    private static final String READ = "25609513 0000 0000 00000000000000a2 0000000000000ff8 00000008";
    private static final String READ_ANSWERED = "67446698 00000000 00000000000000a2 0000000000000ff8";
    private static final String DISC = "25609513 0000 0002 0000000000000000 0000000000000000 00000000";

    private final TestCertificates certificates = TestCertificates.create();
    private final Identity identity = certificates.server("localhost", "127.0.0.1", "::1");

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void servesUnderTlsAndEndsWithIt(String version) throws Exception {
        // Given
        try (TestServer server = start(TlsMode.REQUIRED, certificates.serverContext(identity));
                Socket socket = connect(server)) {
            RawClient plain = client(socket);
            plain.expect(GREETING)
                    .send("00000003")
                    .send(GO)
                    .expect(REPLY + "00000007 80000005 0000001b 'TLS has to be started first'")
                    .send(STARTTLS)
                    .expect(STARTTLS_ACK);

            // When
            SSLSocket secure = secure(socket, clientContext(null), version);

            // Then
            assertThat(secure.getSession().getProtocol()).isEqualTo(version);
            client(secure)
                    .send(STARTTLS)
                    .expect(REPLY + "00000005 80000003 00000017 'TLS was started already'")
                    .send(GO)
                    .expect(GO_ANSWERED)
                    .send(READ)
                    .expect(READ_ANSWERED)
                    .send(DISC)
                    .expectEnd();
        }
    }

    @Test
    void forgetsWhatWasAgreedInTheClear() throws Exception {
        try (TestServer server = start(TlsMode.OPTIONAL, certificates.serverContext(identity));
                Socket socket = connect(server)) {
            // Given
            client(socket)
                    .expect(GREETING)
                    .send("00000003 'IHAVEOPT' 0000000b 00000000")
                    .expect(REPLY + "0000000b 00000001 00000000")
                    .send(STARTTLS)
                    .expect(STARTTLS_ACK);

            // When // Then
            client(secure(socket, clientContext(null), "TLSv1.3"))
                    .send(GO)
                    .expect(GO_ANSWERED)
                    .send(READ)
                    .expect(READ_ANSWERED);
        }
    }

    @Test
    void aClientThatDoesNotWantTlsNeedNoneWhereItIsOptional() throws Exception {
        try (TestServer server = start(TlsMode.OPTIONAL, certificates.serverContext(identity));
                Socket socket = connect(server)) {
            client(socket).expect(GREETING).send("00000003").send(GO).expect(GO_ANSWERED);
        }
    }

    @Test
    void hangsUpOnPlaintextBehindStarttls() throws Exception {
        try (TestServer server = start(TlsMode.OPTIONAL, certificates.serverContext(identity));
                Socket socket = connect(server)) {
            RawClient client = client(socket).expect(GREETING);
            client.send("00000003" + STARTTLS + GO).expect(STARTTLS_ACK);
            // An alert of TLS may come, and then the end; an answer to the option never does.
            assertThat(client.readToTheEnd()).hasSizeLessThan(20);
        }
    }

    @Test
    void endsWhenTheClientEndsTlsWithoutDisconnecting() throws Exception {
        try (TestServer server = start(TlsMode.OPTIONAL, certificates.serverContext(identity));
                Socket socket = connect(server)) {
            client(socket).expect(GREETING).send("00000003").send(STARTTLS).expect(STARTTLS_ACK);
            SSLSocket secure = secure(socket, clientContext(null), "TLSv1.3");
            RawClient client = client(secure).send(GO).expect(GO_ANSWERED);

            // When
            secure.shutdownOutput();

            // Then
            client.expectEnd();
        }
    }

    @Test
    void theAuthorityTellsGoodFromBadAndTheServerOutlivesThoseWhoHangUp() throws Exception {
        // Given
        Identity[] bad = {
            certificates.expiredServer("127.0.0.1"),
            certificates.server("elsewhere.example"),
            TestCertificates.create().server("127.0.0.1")
        };
        for (Identity served : bad) {
            try (TestServer server = start(TlsMode.REQUIRED, certificates.serverContext(served))) {
                for (int i = 0; i < 2; i++) {
                    try (Socket socket = connect(server)) {
                        client(socket)
                                .expect(GREETING)
                                .send("00000003")
                                .send(STARTTLS)
                                .expect(STARTTLS_ACK);

                        // When // Then
                        assertThatExceptionOfType(SSLException.class)
                                .as(served.certificate().toString())
                                .isThrownBy(() -> secure(socket, clientContext(null), "TLSv1.3"));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void knowsItsClientsByTheirCertificates(String version) throws Exception {
        SslContext known = certificates.serverContextForKnownClients(identity);
        try (TestServer server = start(TlsMode.REQUIRED, known);
                Socket friend = startTls(server);
                Socket stranger = startTls(server);
                Socket forger = startTls(server)) {
            // Given
            Identity client = certificates.client("alice");
            Identity forged = TestCertificates.create().client("alice");

            // When // Then
            client(secure(friend, clientContext(client), version)).send(GO).expect(GO_ANSWERED);
            // With TLS 1.3 a client learns of it only when it reads.
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> client(secure(stranger, clientContext(null), version))
                            .send(GO)
                            .expect(GO_ANSWERED));
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> client(secure(forger, clientContext(forged), version))
                            .send(GO)
                            .expect(GO_ANSWERED));
        }
    }

    @Test
    @RequiresServer({"nbdinfo", "nbdcopy"})
    void libnbdTakesTheCertificatesAndCopiesUnderTls() throws Exception {
        // Given
        byte[] content = new byte[4 << 20];
        new Random(2).nextBytes(content);
        Path image = Files.write(directory.resolve("image"), content);
        Path copy = directory.resolve("copy");
        Path pem = Files.createDirectory(directory.resolve("pki"));
        certificates.writePem(pem, identity, certificates.client("alice"));
        Path socket = directory.resolve("socket");
        String uri = "nbds+unix:///?socket=" + socket + "&tls-certificates=" + pem;

        try (TestServer server = TestServer.builder()
                .unixSocket(socket)
                .tls(TlsMode.REQUIRED, certificates.serverContextForKnownClients(identity))
                .export("", MemoryExport.ofSize(content.length))
                .start()) {
            // When
            Tool.run("nbdcopy", image.toString(), uri);
            Tool.run("nbdcopy", uri, copy.toString());

            // Then
            assertThat(Tool.run("nbdinfo", uri)).contains("using structured packets", "with TLS");
            assertThat(copy).hasSameBinaryContentAs(image);
            assertThat(Tool.status("nbdinfo", server.uri())).isNotZero();
        }
    }

    private static TestServer start(TlsMode mode, SslContext context) {
        return TestServer.builder()
                .tls(mode, context)
                .export("", PatternExport.ofSize(4096))
                .start();
    }

    private Socket startTls(TestServer server) throws IOException {
        Socket socket = connect(server);
        client(socket).expect(GREETING).send("00000003").send(STARTTLS).expect(STARTTLS_ACK);
        return socket;
    }

    private static Socket connect(TestServer server) throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), server.port());
    }

    private static RawClient client(Socket socket) throws IOException {
        return new RawClient(socket.getInputStream(), socket.getOutputStream(), socket);
    }

    private JdkSslContext clientContext(@Nullable Identity client) throws SSLException {
        SslContextBuilder builder =
                SslContextBuilder.forClient().sslProvider(SslProvider.JDK).trustManager(certificates.authority());
        if (client != null) {
            builder.keyManager(client.privateKey(), client.certificate());
        }
        return (JdkSslContext) builder.build();
    }

    /** Lets TLS begin on a socket, as a client that checks the server's certificate against 127.0.0.1. */
    private static SSLSocket secure(Socket socket, JdkSslContext context, String version) throws IOException {
        SSLSocket secure = (SSLSocket) context.context().getSocketFactory().createSocket(socket, "127.0.0.1", 0, true);
        secure.setEnabledProtocols(new String[] {version});
        SSLParameters parameters = secure.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        secure.setSSLParameters(parameters);
        secure.startHandshake();
        return secure;
    }
}
