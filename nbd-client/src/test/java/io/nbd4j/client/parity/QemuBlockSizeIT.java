package io.nbd4j.client.parity;

import static io.nbd4j.client.contract.Outcomes.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.server.Content;
import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.testkit.RealServer;
import io.nbd4j.testkit.junit.RequiresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * libnbd's {@code interop-qemu-block-size}: what qemu-nbd says of its minimum block, whose format it guesses or is told. Unlike
 * libnbd, INFO succeeds for a client that did not ask for size constraints, since it is asked again. Qemu tells them unasked in
 * the answer to GO, and then they are other ones. The time limit only ends what hangs.
 */
@RequiresServer("qemu-nbd")
@Timeout(120)
class QemuBlockSizeIT {
    private static final int MEBI = 1024 * 1024;

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({"false, 512", "true, 1"})
    void aClientThatAsksLearnsTheMinimumBlock(boolean raw, int minimum) throws IOException {
        try (RealServer server = serve(raw);
                NbdClient nbd = connected(server, true)) {
            // When
            ExportInfo information = await(nbd.negotiation().info());
            await(nbd.negotiation().go());

            // Then
            assertThat(minimumOf(information)).isEqualTo(minimum);
            assertThat(minimumOf(nbd.export())).isEqualTo(minimum);
        }
    }

    @Test
    void aClientThatDoesNotAskIsServedAnyRangeOfARawDisk() throws IOException {
        try (RealServer server = serve(true);
                NbdClient nbd = connected(server, false)) {
            // When
            await(nbd.negotiation().info());
            await(nbd.negotiation().go());

            // Then
            assertThat(minimumOf(nbd.export())).isEqualTo(1);
            Content.writeAndReadBack(nbd, Content.random(7, 1), 3);
        }
    }

    @Test
    void infoIsAskedAgainWhereTheServerInsistsOnTheMinimumBlockAndGoIsNot() throws IOException {
        try (RealServer server = serve(false);
                NbdClient nbd = connected(server, false)) {
            // When
            ExportInfo information = await(nbd.negotiation().info());
            await(nbd.negotiation().go());

            // Then
            assertThat(minimumOf(information)).isEqualTo(512);
            assertThat(minimumOf(nbd.export())).isEqualTo(1);
            Content.writeAndReadBack(nbd, Content.random(7, 2), 3);
        }
    }

    private static long minimumOf(ExportInfo export) {
        SizeConstraints constraints = export.constraints();
        return Objects.requireNonNull(constraints).minimumBlock();
    }

    private RealServer serve(boolean raw) throws IOException {
        Path image = Files.write(directory.resolve("image"), new byte[MEBI]);
        return raw ? RealServer.qemuNbd(image, "-f", "raw") : RealServer.qemuNbd(image);
    }

    private static NbdClient connected(RealServer server, boolean requestBlockSize) {
        NbdClient nbd = NbdClient.builder()
                .optionMode(true)
                .requestBlockSize(requestBlockSize)
                .build();
        await(nbd.connectUnix(server.unixSocket()));
        return nbd;
    }
}
