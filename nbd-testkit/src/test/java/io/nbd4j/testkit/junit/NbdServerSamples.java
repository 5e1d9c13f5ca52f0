package io.nbd4j.testkit.junit;

import static io.nbd4j.testkit.junit.NbdServer.Transport.UNIX;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.nbd4j.codec.CommandType;
import io.nbd4j.testkit.HandshakeStyle;
import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.PatternExport;
import io.nbd4j.testkit.TestCertificates;
import io.nbd4j.testkit.TestServer;
import io.nbd4j.testkit.TlsMode;
import io.nbd4j.testkit.page.DiskClient;
import java.io.Closeable;
import java.io.IOException;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Test classes that other tests run, on both lines of JUnit. Some of them must fail. */
final class NbdServerSamples {
    /** The URIs of all servers that tests have used, once each. Those with a port may come again, so Unix it is. */
    static final Set<String> USED = Collections.synchronizedSet(new LinkedHashSet<>());

    private NbdServerSamples() {}

    private static void use(TestServer server) throws IOException {
        USED.add(server.uri());
        try (DiskClient client = DiskClient.connect(server.uri())) {
            assertThat(client.read(0, 8)).isEqualTo(new byte[8]);
        }
    }

    /** Uses a server that no other element or test has. */
    private static void useNew(TestServer server) throws IOException {
        assertThat(USED).doesNotContain(server.uri());
        use(server);
    }

    static class Everywhere {
        @NbdServer(transport = UNIX)
        static TestServer ofTheClass;

        @NbdServer(transport = UNIX)
        private TestServer ofTheTest;

        Everywhere(@NbdServer(transport = UNIX) TestServer server) throws IOException {
            useNew(server);
        }

        @BeforeAll
        static void beforeAll(@NbdServer(transport = UNIX) TestServer server) throws IOException {
            useNew(server);
            useNew(ofTheClass);
        }

        @BeforeEach
        void beforeEach(@NbdServer(transport = UNIX) TestServer server) throws IOException {
            useNew(server);
            useNew(ofTheTest);
        }

        @Test
        void one(@NbdServer(transport = UNIX) TestServer first, @NbdServer(transport = UNIX) TestServer second)
                throws IOException {
            useNew(first);
            useNew(second);
            use(ofTheTest);
            use(ofTheClass);
        }

        @ParameterizedTest(name = "each of many {0}")
        @ValueSource(ints = {1, 2})
        void eachOfMany(int number, @NbdServer(transport = UNIX) TestServer server) throws IOException {
            useNew(server);
            use(ofTheTest);
            use(ofTheClass);
        }

        @AfterEach
        void afterEach(@NbdServer(transport = UNIX) TestServer server) throws IOException {
            useNew(server);
            use(ofTheTest);
        }

        @AfterAll
        static void afterAll(@NbdServer(transport = UNIX) TestServer server) throws IOException {
            useNew(server);
            use(ofTheClass);
        }

        @Nested
        class Inside {
            @NbdServer(transport = UNIX)
            TestServer inner;

            @Test
            void hasThoseAroundIt() throws IOException {
                useNew(inner);
                use(ofTheTest);
                use(ofTheClass);
            }
        }
    }

    abstract static class Inherited {
        @NbdServer(transport = UNIX)
        TestServer inherited;
    }

    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    static class OneInstance extends Inherited {
        private final TestServer ofTheConstructor;

        OneInstance(@NbdServer(transport = UNIX) TestServer server) {
            ofTheConstructor = server;
        }

        @BeforeAll
        void before() throws IOException {
            useNew(ofTheConstructor);
        }

        @Test
        void one() throws IOException {
            use(ofTheConstructor);
            useNew(inherited);
        }

        @Test
        void other() throws IOException {
            use(ofTheConstructor);
            useNew(inherited);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    static class InParallel {
        private static final CyclicBarrier ALL_RUN = new CyclicBarrier(2);

        @NbdServer(transport = UNIX)
        private TestServer field;

        @ParameterizedTest(name = "has its own {0}")
        @ValueSource(ints = {1, 2})
        void hasItsOwn(int number, @NbdServer(transport = UNIX) TestServer server) throws Exception {
            use(field);
            use(server);
            ALL_RUN.await(60, TimeUnit.SECONDS);
            use(field);
            use(server);
        }
    }

    static class Settings {
        @Test
        void sizeAndName(@NbdServer(size = 1L << 40, exportName = "disk one") TestServer server) throws IOException {
            try (DiskClient client = DiskClient.connect(server.uri("disk one"))) {
                assertThat(client.size()).isEqualTo(1L << 40);
            }
        }

        @Test
        void pattern(@NbdServer(content = NbdServer.Content.PATTERN, transport = UNIX) TestServer server)
                throws IOException {
            assertThat(server.socketPath()).exists();
            try (DiskClient client = DiskClient.connect(server.uri())) {
                assertThat(client.read(8, 8)).containsExactly(0, 0, 0, 0, 0, 0, 0, 8);
            }
        }

        @Test
        void greeting(@NbdServer(handshake = HandshakeStyle.OLDSTYLE, size = 512) TestServer server)
                throws IOException {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
                byte[] greeting = socket.getInputStream().readNBytes(24);
                assertThat(new String(greeting, 0, 8, StandardCharsets.US_ASCII))
                        .isEqualTo("NBDMAGIC");
                assertThat(greeting).endsWith(new byte[] {0, 0, 0, 0, 0, 0, 2, 0});
            }
        }

        @Test
        void tls(@NbdServer(tls = TlsMode.REQUIRED) TestServer server, TestCertificates certificates) throws Exception {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
                socket.getInputStream().readNBytes(18);
                byte[] startTls = {0, 0, 0, 3, 'I', 'H', 'A', 'V', 'E', 'O', 'P', 'T', 0, 0, 0, 5, 0, 0, 0, 0};
                socket.getOutputStream().write(startTls);
                assertThat(socket.getInputStream().readNBytes(20)).endsWith(new byte[] {0, 0, 0, 1, 0, 0, 0, 0});
                SSLContext context = Trust.in(certificates.authority());
                try (SSLSocket tls =
                        (SSLSocket) context.getSocketFactory().createSocket(socket, "localhost", server.port(), true)) {
                    tls.startHandshake();
                    assertThat(tls.getSession().isValid()).isTrue();
                }
            }
        }

        @Test
        void configured(@NbdServer(configuredBy = TwoDisks.class) TestServer server) throws IOException {
            try (DiskClient client = DiskClient.connect(server.uri("two"))) {
                assertThat(client.size()).isEqualTo(2);
            }
            assertThat(TwoDisks.OPEN).hasValue(1);
        }

        @Test
        void composed(@Tiny TestServer server) throws IOException {
            try (DiskClient client = DiskClient.connect(server.uri())) {
                assertThat(client.size()).isEqualTo(16);
            }
        }
    }

    @Retention(RetentionPolicy.RUNTIME)
    @NbdServer(size = 16)
    @interface Tiny {}

    static final class TwoDisks implements NbdServerConfigurer, Closeable {
        static final AtomicInteger OPEN = new AtomicInteger();

        @Override
        public void configure(TestServer.Builder server) {
            OPEN.incrementAndGet();
            server.export("one", MemoryExport.ofSize(1)).export("two", PatternExport.ofSize(2));
        }

        @Override
        public void close() {
            OPEN.decrementAndGet();
        }
    }

    static final class Refuses implements NbdServerConfigurer, Closeable {
        @Override
        public void configure(TestServer.Builder server) throws IOException {
            TwoDisks.OPEN.incrementAndGet();
            throw new IOException("no such disk");
        }

        @Override
        public void close() {
            TwoDisks.OPEN.decrementAndGet();
        }
    }

    record NeedsAnArgument(int size) implements NbdServerConfigurer {
        @Override
        public void configure(TestServer.Builder server) {
            server.export("", MemoryExport.ofSize(size));
        }
    }

    static class Contradictions {
        @Test
        void tlsWithOldstyle(
                @NbdServer(tls = TlsMode.REQUIRED, handshake = HandshakeStyle.OLDSTYLE) TestServer server) {}

        @Test
        void nameWithOldstyle(@NbdServer(exportName = "disk", handshake = HandshakeStyle.OLDSTYLE) TestServer server) {}

        @Test
        void negativeSize(@NbdServer(size = -1) TestServer server) {}

        @Test
        void implausibleSizes(@NbdServer(minimumBlock = 3) TestServer server) {}

        @Test
        void sizeOfConfigured(@NbdServer(size = 1, configuredBy = TwoDisks.class) TestServer server) {}

        @Test
        void configuredInVain(@NbdServer(configuredBy = Refuses.class) TestServer server) {}

        @Test
        void configuredByNobody(@NbdServer(configuredBy = NeedsAnArgument.class) TestServer server) {}

        @Test
        void wrongType(@NbdServer String server) {}
    }

    static class FinalField {
        @NbdServer
        final @Nullable TestServer server = null;

        @Test
        void isNotReached() {}
    }

    static class Failing {
        @NbdServer
        static TestServer ofTheClass;

        @Test
        void fails(@NbdServer TestServer server) throws IOException {
            use(server);
            throw new AssertionError("on purpose");
        }

        @Test
        void isAborted(@NbdServer TestServer server) throws IOException {
            use(server);
            Assumptions.abort("on purpose");
        }
    }

    static class Faulty {
        @Test
        void theRuleFires(@NbdServer(faults = "on READ nth 2: refuse EIO") TestServer server) throws IOException {
            try (DiskClient client = DiskClient.connect(server.uri())) {
                client.read(0, 8);
                assertThatIOException().isThrownBy(() -> client.read(0, 8)).withMessageContaining("error 5");
            }
            assertThat(server.transcript().requests(CommandType.READ)).hasSize(2);
        }

        @Test
        void theRuleDoesNot(
                @NbdServer(faults = {"on READ nth 1: delay 1ms", "on WRITE nth 1: refuse EIO"}) TestServer server)
                throws IOException {
            use(server);
        }

        @Test
        void theRuleNeedNot(
                @NbdServer(faults = "on WRITE nth 1: refuse EIO", allowUnusedFaults = true) TestServer server)
                throws IOException {
            use(server);
        }

        @Test
        void isNoRule(@NbdServer(faults = "on READ sometimes: refuse EIO") TestServer server) {}

        @Test
        void replacesARule(
                @NbdServer(configuredBy = RefusesReads.class, faults = "on READ nth 1: delay 1ms") TestServer server)
                throws IOException {
            use(server);
        }
    }

    static class FaultyClass {
        @NbdServer(faults = "on WRITE nth 1: refuse EIO")
        static TestServer ofTheClass;

        @Test
        void passes() throws IOException {
            use(ofTheClass);
        }
    }

    static final class RefusesReads implements NbdServerConfigurer {
        @Override
        public void configure(TestServer.Builder server) {
            server.export("", MemoryExport.ofSize(512)).faults("on READ always: refuse EIO");
        }
    }

    @LeakPresence
    static class WithLeakPresence {
        @NbdServer
        static TestServer ofTheClass;

        @Test
        void releasesAllOfIt(@NbdServer TestServer server) throws IOException {
            use(server);
            use(ofTheClass);
        }
    }
}
