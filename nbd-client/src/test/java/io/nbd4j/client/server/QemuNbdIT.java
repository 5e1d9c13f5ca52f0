package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ExportEntry;
import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NegotiationRefusedException;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.testkit.RealServer;
import io.nbd4j.testkit.junit.RequiresServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** qemu-nbd, which answers out of order and sends holes. qemu-img is the witness. The time limit only ends what hangs. */
@RequiresServer({"qemu-nbd", "qemu-img"})
@Timeout(120)
class QemuNbdIT {
    private static final int BLOCK = 4096;
    private static final int MEBI = 1024 * 1024;

    @TempDir
    Path directory;

    @Test
    void whatIsWrittenToARawImageIsWhatQemuImgFinds() throws IOException {
        // Given
        Path image = Files.write(directory.resolve("image"), new byte[40 * MEBI]);

        // When
        byte[] content = writeAround(image, "raw");

        // Then
        Path expected = Files.write(directory.resolve("expected"), content);
        Program.run("qemu-img", "compare", "-f", "raw", "-F", "raw", image.toString(), expected.toString());
    }

    @Test
    void whatIsWrittenToAQcow2ImageIsWhatQemuImgFinds() throws IOException {
        // Given
        Path image = directory.resolve("image");
        Program.run("qemu-img", "create", "-q", "-f", "qcow2", image.toString(), "40M");

        // When
        byte[] content = writeAround(image, "qcow2");

        // Then
        Path expected = Files.write(directory.resolve("expected"), content);
        Program.run("qemu-img", "compare", "-f", "qcow2", "-F", "raw", image.toString(), expected.toString());
    }

    /** Writes here and there, and returns what the image of 40 MiB should then contain. */
    private static byte[] writeAround(Path image, String format) {
        byte[] content = new byte[40 * MEBI];
        byte[] long1 = Content.random(33 * MEBI, 1);
        byte[] short1 = Content.random(3 * BLOCK, 2);
        System.arraycopy(long1, 0, content, MEBI, long1.length);
        System.arraycopy(short1, 0, content, 39 * MEBI, short1.length);
        Arrays.fill(content, 2 * MEBI, 2 * MEBI + 16 * BLOCK, (byte) 0);
        try (RealServer server = RealServer.qemuNbd(image, "-f", format);
                NbdClient nbd = NbdClient.builder().build()) {
            await(nbd.connectUnix(server.unixSocket()));
            await(nbd.pwrite(Unpooled.wrappedBuffer(long1), MEBI));
            await(nbd.pwrite(Unpooled.wrappedBuffer(short1), 39 * MEBI));
            await(nbd.zero(16 * BLOCK, 2 * MEBI));
            await(nbd.flush());
            Content.assertRead(nbd, content, 0);
        }
        return content;
    }

    @Test
    void holesReadAsZeroes() throws IOException {
        // Given
        Path image = directory.resolve("image");
        Program.run("qemu-img", "create", "-q", "-f", "qcow2", image.toString(), "4M");
        byte[] island = Content.random(BLOCK, 3);
        byte[] expected = new byte[4 * MEBI];
        System.arraycopy(island, 0, expected, MEBI, BLOCK);
        try (RealServer server = RealServer.qemuNbd(image, "-f", "qcow2");
                NbdClient nbd = NbdClient.builder().build()) {
            await(nbd.connectUnix(server.unixSocket()));

            // When
            await(nbd.pwrite(Unpooled.wrappedBuffer(island), MEBI));
            ByteBuf dirty = Unpooled.directBuffer(expected.length).writeBytes(Content.random(expected.length, 4));
            await(nbd.pread(dirty.clear(), 0));

            // Then
            ByteBuf wanted = Unpooled.wrappedBuffer(expected);
            assertThat(dirty.equals(wanted)).isTrue();
            dirty.release();
        }
    }

    @Test
    void repliesOutOfOrderFindTheirRequests() throws IOException {
        // Given
        byte[] content = Content.random(8 * MEBI, 5);
        Path image = Files.write(directory.resolve("image"), content);
        try (RealServer server = RealServer.qemuNbd(image, "-f", "raw");
                NbdClient nbd = NbdClient.builder().build()) {
            await(nbd.connectUnix(server.unixSocket()));

            // When
            List<NbdFuture<ByteBuf>> reads = new ArrayList<>();
            for (int at = 0; at < content.length; at += 2 * BLOCK) {
                reads.add(nbd.pread(at % (16 * BLOCK) == 0 ? 2 * BLOCK : BLOCK, at));
            }

            // Then
            ByteBuf expected = Unpooled.wrappedBuffer(content);
            for (int i = 0; i < reads.size(); i++) {
                ByteBuf read = await(reads.get(i));
                boolean same = read.equals(expected.slice(i * 2 * BLOCK, read.readableBytes()));
                read.release();
                assertThat(same).as("read " + i).isTrue();
            }
        }
    }

    @Test
    void tellsTheFactsOfItsExport() throws IOException {
        // Given
        Path image = Files.write(directory.resolve("image"), new byte[MEBI]);
        try (RealServer server = RealServer.qemuNbd(image, "-f", "raw", "-x", "vol", "-D", "my disk");
                NbdClient nbd =
                        NbdClient.builder().optionMode(true).fullInfo(true).build()) {
            await(nbd.connectUnix(server.unixSocket()));

            // When
            NegotiationRefusedException refusal =
                    failureOf(nbd.negotiation().exportName("other").go(), NegotiationRefusedException.class);
            List<ExportEntry> list = await(nbd.negotiation().list());
            ExportInfo information = await(nbd.negotiation().exportName("vol").info());
            await(nbd.negotiation().go());

            // Then
            assertThat(refusal.reason()).isEqualTo(OptionReplyType.ERR_UNKNOWN);
            assertThat(refusal.serverMessage()).contains("other");
            assertThat(list).containsExactly(new ExportEntry("vol", "my disk"));
            assertThat(information.description()).isEqualTo("my disk");
            assertThat(information.canonicalName()).isEqualTo("vol");
            assertThat(nbd.export().size()).isEqualTo(MEBI);
            assertThat(nbd.export().constraints()).isNotNull();
            assertThat(nbd.export().canMultiConn()).isTrue();
        }
    }

    @Test
    void aReadOnlyExportIsReadOnly() throws IOException {
        // Given
        Path image = Files.write(directory.resolve("image"), new byte[MEBI]);
        try (RealServer server = RealServer.qemuNbd(image, "-f", "raw", "-r");
                NbdClient nbd = NbdClient.builder().build()) {
            // When
            await(nbd.connectUnix(server.unixSocket()));

            // Then
            assertThat(nbd.export().isReadOnly()).isTrue();
            assertThat(nbd.export().canTrim()).isFalse();
        }
    }
}
