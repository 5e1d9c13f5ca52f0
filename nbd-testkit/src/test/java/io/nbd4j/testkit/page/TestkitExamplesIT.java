package io.nbd4j.testkit.page;

import static io.nbd4j.testkit.fault.FaultRule.when;
import static io.nbd4j.testkit.fault.Matcher.command;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.TransmissionFlags;
import io.nbd4j.testkit.Export;
import io.nbd4j.testkit.FileExport;
import io.nbd4j.testkit.HandshakeStyle;
import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.MetaContext;
import io.nbd4j.testkit.PatternExport;
import io.nbd4j.testkit.ReadOnlyExport;
import io.nbd4j.testkit.RealServer;
import io.nbd4j.testkit.ScriptedPeer;
import io.nbd4j.testkit.TestCertificates;
import io.nbd4j.testkit.TestServer;
import io.nbd4j.testkit.TlsMode;
import io.nbd4j.testkit.fault.Fault;
import io.nbd4j.testkit.fault.FaultPlan;
import io.nbd4j.testkit.fault.Hold;
import io.nbd4j.testkit.junit.LeakPresence;
import io.nbd4j.testkit.junit.NbdServer;
import io.nbd4j.testkit.junit.NbdServerConfigurer;
import io.nbd4j.testkit.junit.RealNbdServer;
import io.nbd4j.testkit.junit.RequiresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples of docs/testkit.md, which repeats them word for word. */
class TestkitExamplesIT {
    @TempDir
    Path directory;

    @Test
    void embed() throws Exception {
        try (TestServer server = TestServer.builder()
                        .export("", MemoryExport.ofSize(1 << 20))
                        .start();
                DiskClient client = DiskClient.connect(server.uri())) {
            client.write(4096, new byte[] {1, 2, 3});
            assertThat(client.read(4096, 4)).containsExactly(1, 2, 3, 0);
        }
    }

    @Test
    void exports() throws Exception {
        Export disk = MemoryExport.ofSize(1L << 40);
        TestServer.Builder builder = TestServer.builder()
                .export("", disk, "a sparse disk in memory: what is not written occupies nothing")
                .export("pattern", PatternExport.ofSize(1 << 20), "each eight bytes hold their own offset")
                .export("frozen", new ReadOnlyExport(disk));
        try (TestServer server = builder.start();
                DiskClient client = DiskClient.connect(server.uri("pattern"))) {
            assertThat(client.read(0x1f0, 8)).containsExactly(0, 0, 0, 0, 0, 0, 1, 0xf0);
        }
    }

    @Test
    void file() throws Exception {
        Path image = Files.write(directory.resolve("disk.img"), new byte[65536]);
        try (FileExport file = FileExport.open(image);
                TestServer server = TestServer.builder().export("", file).start();
                DiskClient client = DiskClient.connect(server.uri())) {
            client.write(512, new byte[] {42});
        }
        assertThat(Files.readAllBytes(image)[512]).isEqualTo((byte) 42);
    }

    @Test
    void protocol() throws Exception {
        TestServer.Builder builder = TestServer.builder()
                .handshake(HandshakeStyle.FIXED_NEWSTYLE) // or NEWSTYLE, or OLDSTYLE
                .structuredReplies(false) // clients cannot agree on them
                .extendedHeaders(false)
                // What follows holds for the exports that come after it.
                .sizes(new SizeConstraints(512, 4096, 1 << 20)) // minimum, preferred, maximum payload
                .holes(true) // reads name holes instead of sending zeroes
                .withhold(TransmissionFlags.SEND_TRIM | TransmissionFlags.SEND_CACHE)
                .metaContexts(MetaContext.of("x-backup:dirty", new MetaContext.Extent(65536, 1)))
                .export("", MemoryExport.ofSize(1 << 20));
        try (TestServer server = builder.start();
                DiskClient client = DiskClient.connect(server.uri())) {
            assertThatIOException().isThrownBy(() -> client.read(1, 1)); // the smallest block has 512 bytes
        }
    }

    @Test
    void tls() throws Exception {
        TestCertificates certificates = TestCertificates.create();
        TestCertificates.Identity identity = certificates.server("localhost", "127.0.0.1");
        certificates.writePem(directory, identity, certificates.client("me")); // for clients that want files
        try (TestServer server = TestServer.builder()
                .tls(TlsMode.REQUIRED, certificates.serverContext(identity))
                .export("", MemoryExport.ofSize(1 << 20))
                .start()) {
            assertThat(server.port()).isPositive();
            assertThat(directory.resolve("ca-cert.pem")).exists(); // what the client is to trust
        }
    }

    @Test
    void faults() throws Exception {
        try (TestServer server = TestServer.builder()
                        .export("", MemoryExport.ofSize(1 << 20))
                        .faults(FaultPlan.of(
                                when(command(CommandType.READ)).nth(2).then(Fault.refuse(NbdError.EIO)),
                                when(command(CommandType.WRITE).at(65536, 4096))
                                        .always()
                                        .then(Fault.refuse(NbdError.ENOSPC))))
                        .start();
                DiskClient client = DiskClient.connect(server.uri())) {
            client.read(0, 512);
            assertThatIOException().isThrownBy(() -> client.read(0, 512));
            assertThatIOException().isThrownBy(() -> client.write(65536, new byte[512]));
            assertThat(server.faults().unusedRules()).isEmpty();
        }
    }

    @Test
    void faultsAsText() throws Exception {
        try (TestServer server = TestServer.builder()
                        .export("", MemoryExport.ofSize(1 << 20))
                        .faults("on READ nth 2: refuse EIO", "on WRITE at 64k+4k always: refuse ENOSPC 'disk full'")
                        .start();
                DiskClient client = DiskClient.connect(server.uri())) {
            client.read(0, 512);
            assertThatIOException().isThrownBy(() -> client.read(0, 512));
            assertThatIOException().isThrownBy(() -> client.write(65536, new byte[512]));
        }
    }

    @Test
    void hold() throws Exception {
        Hold hold = Fault.hold();
        try (TestServer server = TestServer.builder()
                        .export("", MemoryExport.ofSize(1 << 20))
                        .faults(FaultPlan.of(
                                when(command(CommandType.WRITE)).nth(1).then(hold)))
                        .start();
                DiskClient client = DiskClient.connect(server.uri())) {
            CompletableFuture<Void> write = CompletableFuture.runAsync(() -> client.writeUnchecked(0, new byte[512]));
            hold.held(1).get(10, TimeUnit.SECONDS); // the server has written, and keeps its answer
            assertThat(write).isNotDone();
            hold.release();
            write.get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void transcript() throws Exception {
        try (TestServer server = TestServer.builder()
                .export("", MemoryExport.ofSize(1 << 20))
                .recordTranscript()
                .start()) {
            try (DiskClient client = DiskClient.connect(server.uri())) {
                client.read(0, 512);
            }
            assertThat(server.transcript().requests(CommandType.READ))
                    .as("reads in%n%s", server.transcript()) // made for failure messages
                    .singleElement()
                    .satisfies(read -> assertThat(read.length()).isEqualTo(512));
        }
    }

    @Test
    void scriptedPeer() throws Exception {
        try (ScriptedPeer peer = ScriptedPeer.tcp()) {
            CompletableFuture<?> script = peer.play(p -> p.accept()
                    .send("'NBDMAGIC' 'IHAVEOPT' 0003") // the greeting, and its flags
                    .expect("00000003") // the client's flags
                    .expect("'IHAVEOPT' 00000001 00000000") // EXPORT_NAME, of the default export
                    .send("0000000000100000 0001 # 1 MiB, flags")
                    .expect("25609513 0000 0000")
                    .hangUp());
            try (DiskClient client = DiskClient.connect("nbd://127.0.0.1:" + peer.port() + "/")) {
                assertThatIOException().isThrownBy(() -> client.read(0, 512));
            }
            script.get(10, TimeUnit.SECONDS); // fails if the client said something else
        }
    }

    @Nested
    class WithJunit {
        @Test
        void readsZeroes(@NbdServer(size = 4096) TestServer server) throws Exception {
            try (DiskClient client = DiskClient.connect(server.uri())) {
                assertThat(client.read(0, 512)).containsOnly(0);
            }
        }

        @Test
        void readsAgainAfterAnError(@NbdServer(faults = "on READ nth 1: refuse EIO") TestServer server)
                throws Exception {
            try (DiskClient client = DiskClient.connect(server.uri())) {
                assertThatIOException().isThrownBy(() -> client.read(0, 512));
                assertThat(client.read(0, 512)).hasSize(512);
            }
        }
    }

    @Nested
    @LeakPresence
    class ConfiguredTest {
        @NbdServer(configuredBy = TwoDisks.class, transport = NbdServer.Transport.UNIX)
        TestServer server;

        @Test
        void findsBoth() throws Exception {
            try (DiskClient left = DiskClient.connect(server.uri("left"));
                    DiskClient right = DiskClient.connect(server.uri("right"))) {
                assertThat(left.size()).isEqualTo(right.size());
            }
        }
    }

    static class TwoDisks implements NbdServerConfigurer {
        @Override
        public void configure(TestServer.Builder server) {
            server.export("left", MemoryExport.ofSize(4096)).export("right", MemoryExport.ofSize(4096));
        }
    }

    @Test
    void readsFromNbdkit(@RealNbdServer({"nbdkit", "pattern", "64M"}) RealServer server) throws Exception {
        try (DiskClient client = DiskClient.connect(server.uri())) {
            assertThat(client.read(8, 8)).containsExactly(0, 0, 0, 0, 0, 0, 0, 8);
        }
    }

    @Test
    @RequiresServer("qemu-nbd")
    void readsFromQemu() throws IOException {
        Path image = Files.write(directory.resolve("disk.img"), new byte[65536]);
        try (RealServer server = RealServer.qemuNbd(image, "-f", "raw");
                DiskClient client = DiskClient.connect(server.uri())) {
            assertThat(client.size()).isEqualTo(65536);
        }
    }
}
