package io.nbd4j.client.parity;

import static io.nbd4j.client.contract.Outcomes.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ExportEntry;
import io.nbd4j.client.NbdClient;
import io.nbd4j.testkit.RealServer;
import io.nbd4j.testkit.junit.RequiresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * libnbd's {@code list-exports-nbdkit}, {@code list-exports-nbd-server} and {@code list-exports-qemu-nbd}: exactly the names
 * and descriptions that the servers have. The time limit only ends what hangs.
 */
@Timeout(120)
class ListExportsIT {
    @TempDir
    Path directory;

    @Test
    @RequiresServer("nbdkit")
    void nbdkitTellsNamesAndDescriptions() {
        try (RealServer server = RealServer.nbdkit(
                "eval",
                "list_exports=printf 'INTERLEAVED\\nhello\\ntwo words\\nworld\\n\\nzoe, äöü\\n3\\n'",
                "open=echo handle",
                "get_size=echo 0",
                "pread=exit 1")) {
            assertThat(listOf(server))
                    .containsExactly(
                            new ExportEntry("hello", "two words"),
                            new ExportEntry("world", ""),
                            new ExportEntry("zoe, äöü", "3"));
        }
    }

    @Test
    @RequiresServer("nbd-server")
    void nbdServerTellsNames() throws IOException {
        // Given
        Path image = Files.write(directory.resolve("image"), new byte[4096]);
        String two = "[disk1]\nexportname = " + image + "\n[disk2]\nexportname = " + image + "\n";
        try (RealServer server = RealServer.nbdServer(two)) {
            // When // Then
            assertThat(listOf(server))
                    .containsExactlyInAnyOrder(new ExportEntry("disk1", ""), new ExportEntry("disk2", ""));
        }
    }

    @Test
    @RequiresServer("qemu-nbd")
    void qemuTellsNameAndDescription() throws IOException {
        // Given
        Path image = Files.write(directory.resolve("image"), new byte[4096]);
        try (RealServer server = RealServer.qemuNbd(image, "-f", "raw", "-x", "testing", "-D", "data")) {
            // When // Then
            assertThat(listOf(server)).containsExactly(new ExportEntry("testing", "data"));
        }
    }

    private static List<ExportEntry> listOf(RealServer server) {
        try (NbdClient nbd = NbdClient.builder().optionMode(true).build()) {
            await(nbd.connectUnix(server.unixSocket()));
            return await(nbd.negotiation().list());
        }
    }
}
