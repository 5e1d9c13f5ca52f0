package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nbd4j.client.ConnectionState;
import io.nbd4j.client.ExportEntry;
import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.NegotiationRefusedException;
import io.nbd4j.client.SubprocessException;
import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.client.internal.subprocess.ladder.TransportUnavailableException;
import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.testkit.RealServer;
import io.nbd4j.testkit.junit.RequiresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** nbd-server, which tells the size of an export only in the answer to GO. The time limit only ends what hangs. */
@RequiresServer("nbd-server")
@Timeout(120)
class NbdServerIT {
    private static final int BLOCK = 4096;
    private static final int MEBI = 1024 * 1024;

    @TempDir
    Path directory;

    private Path image;

    @BeforeEach
    void createImage() throws IOException {
        image = Files.write(directory.resolve("image"), new byte[MEBI]);
    }

    @Test
    void servesOverTcp() {
        try (RealServer server = RealServer.nbdServerTcp(disk())) {
            serves(NbdTarget.tcp("127.0.0.1", server.port()));
        }
    }

    @Test
    void servesOverAUnixSocket() {
        try (RealServer server = RealServer.nbdServer(disk())) {
            serves(NbdTarget.unix(server.unixSocket()));
        }
    }

    @Test
    void servesOnStandardInputAndOutputIfTheyAreASocket() {
        NbdTarget.Command command = onStandardInput().withTransport(SubprocessTransport.SOCKETPAIR);
        try (NbdClient nbd = NbdClient.builder().exportName("disk").build()) {
            Throwable failure = await(nbd.connect(command).handle((ready, problem) -> problem));
            if (failure != null && failure.getCause() instanceof TransportUnavailableException reason) {
                assumeTrue(false, reason.getMessage());
            }
            assertThat(failure).isNull();
            writesReadsAndFlushes(nbd);
        }
    }

    @Test
    void onPipesTheErrorSaysThatASocketIsNeeded() {
        NbdTarget.Command command = onStandardInput().withTransport(SubprocessTransport.STREAM);
        try (NbdClient nbd = NbdClient.builder().exportName("disk").build()) {
            // When
            SubprocessException failure = failureOf(nbd.connect(command), SubprocessException.class);

            // Then
            assertThat(failure).hasMessageContaining("need a socket as their standard input");
        }
    }

    @Test
    void theInformationHasSizeZeroAndTheExportTheTrueSize() {
        inOptionMode(nbd -> {
            // When
            ExportInfo information = await(nbd.negotiation().exportName("disk").info());
            await(nbd.negotiation().go());

            // Then
            assertThat(information.size()).isZero();
            assertThat(nbd.export().size()).isEqualTo(MEBI);
            writesReadsAndFlushes(nbd);
        });
    }

    @Test
    void listsItsExports() {
        inOptionMode(nbd -> {
            // When // Then
            assertThat(await(nbd.negotiation().list()))
                    .extracting(ExportEntry::name)
                    .contains("disk");
        });
    }

    @Test
    void refusesAnUnknownExportAndTakesAnother() {
        inOptionMode(nbd -> {
            // When
            NegotiationRefusedException refusal =
                    failureOf(nbd.negotiation().exportName("nonesuch").go(), NegotiationRefusedException.class);

            // Then
            assertThat(refusal.reason()).isEqualTo(OptionReplyType.ERR_UNKNOWN);
            await(nbd.negotiation().exportName("disk").go());
            writesReadsAndFlushes(nbd);
        });
    }

    @Test
    void anAbortThatItDoesNotAnswerClosesTheHandle() {
        inOptionMode(nbd -> {
            // When
            await(nbd.negotiation().abort());

            // Then
            assertThat(nbd.state()).isEqualTo(ConnectionState.CLOSED);
        });
    }

    private void inOptionMode(Consumer<NbdClient> test) {
        try (RealServer server = RealServer.nbdServer(disk());
                NbdClient nbd = NbdClient.builder().optionMode(true).build()) {
            await(nbd.connectUnix(server.unixSocket()));
            test.accept(nbd);
        }
    }

    private void serves(NbdTarget target) {
        try (NbdClient nbd = NbdClient.builder().exportName("disk").build()) {
            await(nbd.connect(target));
            writesReadsAndFlushes(nbd);
        }
    }

    private void writesReadsAndFlushes(NbdClient nbd) {
        // Given
        byte[] bytes = Content.random(MEBI / 2, 1);
        assertThat(nbd.export().size()).isEqualTo(MEBI);
        assertThat(nbd.export().structuredReplies()).isFalse();

        // When
        Content.writeAndReadBack(nbd, bytes, BLOCK);
        await(nbd.zero(BLOCK, BLOCK, CommandFlag.FUA));
        await(nbd.trim(BLOCK, 0));
        await(nbd.flush());

        // Then
        byte[] file = read(image);
        Content.assertRead(nbd, file, 0);
        assertThat(file).startsWith(new byte[2 * BLOCK]);
        assertThat(Arrays.copyOfRange(file, 2 * BLOCK, BLOCK + bytes.length))
                .isEqualTo(Arrays.copyOfRange(bytes, BLOCK, bytes.length));
    }

    private static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private NbdTarget.Command onStandardInput() {
        try {
            Path configuration = Files.writeString(directory.resolve("conf"), "[generic]\nport = 0\n" + disk());
            return NbdTarget.command("nbd-server", "-d", "-C", configuration.toString());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private String disk() {
        return "[disk]\nexportname = " + image + "\nflush = true\nfua = true\ntrim = true\n";
    }
}
