package io.nbd4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Faults around STARTTLS, and below TLS. */
@Timeout(120)
class FaultTlsIT {
    private static final String GREETING = "'NBDMAGIC' 'IHAVEOPT' 0003";
    private static final String REPLY = "0003e889045565a9";
    private static final String STARTTLS = "'IHAVEOPT' 00000005 00000000";
    private static final String STARTTLS_ACK = REPLY + "00000005 00000001 00000000";
    private static final String GO = "'IHAVEOPT' 00000007 00000006 00000000 0000";
    private static final int GO_LENGTH = 20 + 12 + 20;
    private static final String READ = "25609513 0000 0000 00000000000000a2 0000000000000ff8 00000008";

    private final TestCertificates certificates = TestCertificates.create();

    @ParameterizedTest
    @ValueSource(strings = {"delay 20ms", "split 4", "wrong cookie"})
    void commandsUnderTlsHaveFaultsToo(String fault) throws Exception {
        try (TestServer server = start("on READ nth 1: " + fault, "on STARTTLS always: delay 5ms");
                Socket socket = connect(server)) {
            client(socket).expect(GREETING).send("00000003").send(STARTTLS).expect(STARTTLS_ACK);
            RawClient secure = client(secure(socket));
            secure.send("'IHAVEOPT' 00000008 00000000").expect(REPLY + "00000008 00000001 00000000");
            secure.send(GO).read(GO_LENGTH);
            String answer = switch (fault) {
                case "split 4" ->
                    "668e33ef 0000 0001 00000000000000a2 0000000c 0000000000000ff8 00000000"
                            + "668e33ef 0001 0001 00000000000000a2 0000000c 0000000000000ffc 00000ff8";
                case "wrong cookie" -> "668e33ef 0001 0001 ffffffffffffff5d 00000010 0000000000000ff8 0000000000000ff8";
                default -> "668e33ef 0001 0001 00000000000000a2 00000010 0000000000000ff8 0000000000000ff8";
            };
            secure.send(READ).expect(answer);
            assertThat(server.faults().unusedRules()).isEmpty();
        }
    }

    @Test
    void plaintextFollowsTheAcknowledgement() throws Exception {
        try (TestServer server = start("on STARTTLS always: plaintext");
                Socket socket = connect(server)) {
            client(socket)
                    .expect(GREETING)
                    .send("00000003")
                    .send(STARTTLS)
                    .expect(STARTTLS_ACK + REPLY + "00000008 00000001 00000000");
            assertThat(server.faults().unusedRules()).isEmpty();
        }
    }

    @Test
    void aRefusedStarttlsLeavesTheConnectionInTheClear() throws Exception {
        try (TestServer server = start("on STARTTLS nth 1: refuse ERR_POLICY 'no'");
                Socket socket = connect(server)) {
            client(socket)
                    .expect(GREETING)
                    .send("00000003")
                    .send(STARTTLS + GO)
                    .expect(REPLY + "00000005 80000002 00000002 'no'")
                    .read(GO_LENGTH);
        }
    }

    @Test
    void whatAClientSendsBehindStarttlsIsCountedAndIsNoTls() throws Exception {
        try (TestServer server = start();
                Socket socket = connect(server)) {
            RawClient client = client(socket).expect(GREETING).send("00000003");
            client.send(STARTTLS + GO).expect(STARTTLS_ACK);
            client.read(7); // An alert.
            assertThatThrownBy(() -> {
                        client.send(GO);
                        client.expect("00");
                    })
                    .isInstanceOfAny(IOException.class, AssertionError.class);
            assertThat(server.transcript().plaintextAfterStarttls()).isEqualTo(22);
            assertThat(server.transcript().options()).hasSize(1);
        }
    }

    private TestServer start(String... faults) throws Exception {
        return TestServer.builder()
                .tls(TlsMode.OPTIONAL, certificates.serverContext(certificates.server("localhost", "127.0.0.1")))
                .export("", PatternExport.ofSize(65536))
                .faults(faults)
                .recordTranscript()
                .start();
    }

    private static Socket connect(TestServer server) throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), server.port());
    }

    private static RawClient client(Socket socket) throws IOException {
        return new RawClient(socket.getInputStream(), socket.getOutputStream(), socket);
    }

    private SSLSocket secure(Socket socket) throws Exception {
        SslContext context = SslContextBuilder.forClient()
                .sslProvider(SslProvider.JDK)
                .trustManager(certificates.authority())
                .build();
        SSLSocket secure = (SSLSocket) ((JdkSslContext) context)
                .context()
                .getSocketFactory()
                .createSocket(socket, "localhost", socket.getPort(), true);
        secure.startHandshake();
        return secure;
    }
}
