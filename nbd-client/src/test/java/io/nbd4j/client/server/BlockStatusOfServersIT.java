package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.BlockStatus;
import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.Extent;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.MetaContext;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdRange;
import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.NbdError;
import io.nbd4j.testkit.RealServer;
import io.nbd4j.testkit.junit.RequiresServer;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The block status of real servers. The time limit only ends what hangs. */
@Timeout(120)
class BlockStatusOfServersIT {
    private static final String BASE = MetaContext.BASE_ALLOCATION;
    private static final String DEPTH = MetaContext.QEMU_ALLOCATION_DEPTH;
    private static final String BITMAP = MetaContext.QEMU_DIRTY_BITMAP + "b0";
    private static final int KIBI = 1024;
    private static final int MEBI = 1024 * 1024;
    private static final long GIBI = 1L << 30;
    /** A hole that reads as zeroes. */
    private static final long HOLE_AND_ZERO = 3;

    @TempDir
    Path directory;

    private static NbdClient connect(Path socket, NbdClientBuilder builder) {
        NbdClient nbd = builder.build();
        await(nbd.connectUnix(socket));
        return nbd;
    }

    private static NbdClient connect(RealServer server, String... contexts) {
        return connect(
                server.unixSocket(), NbdClient.builder().extendedHeaders(true).metaContexts(contexts));
    }

    private static List<Extent> walk(NbdClient nbd, String context) {
        List<Extent> extents = new ArrayList<>();
        await(nbd.extents(context).forEach(extents::add));
        return extents;
    }

    // ---- nbdkit

    /** A disk of 64 KiB: 8 KiB of data, as much of a hole, 16 KiB of zeroes, and 32 KiB of a hole with undefined content. */
    private static RealServer nbdkitWithExtents() {
        return RealServer.nbdkit(
                "eval",
                "get_size=echo 65536",
                "pread=dd if=/dev/zero count=$3 iflag=count_bytes 2>/dev/null",
                "extents=echo 0 8192; echo 8192 8192 hole,zero; echo 16384 16384 zero; echo 32768 32768 hole");
    }

    @Test
    @RequiresServer("nbdkit")
    void nbdkitTellsTheExtentsOfARange() {
        try (RealServer server = nbdkitWithExtents();
                NbdClient nbd = connect(server, BASE, "x-bogus:context")) {
            assertThat(nbd.export().canMetaContext("x-bogus:context")).isFalse();
            assertThat(await(nbd.blockStatus(65536, 0)).extents(BASE))
                    .containsExactly(
                            new Extent(0, 8192, 0),
                            new Extent(8192, 8192, 3),
                            new Extent(16384, 16384, 2),
                            new Extent(32768, 32768, 1));
            // What is told beyond the range is cut off.
            assertThat(await(nbd.blockStatus(1024, 32768 - 512)).extents(BASE))
                    .containsExactly(new Extent(32768 - 512, 512, 2), new Extent(32768, 512, 1));
            assertThat(await(nbd.blockStatus(NbdRange.of(8192, 32768), CommandFlag.REQ_ONE))
                            .extents(BASE))
                    .containsExactly(new Extent(8192, 8192, 3));
        }
    }

    @Test
    @RequiresServer("nbdkit")
    void whatIsWrittenToNbdkitsMemoryIsData() {
        try (RealServer server = RealServer.nbdkit("memory", "8G");
                NbdClient nbd = connect(server, BASE)) {
            // Given
            await(nbd.pwrite(Unpooled.wrappedBuffer(Content.random(32 * KIBI, 1)), 5 * GIBI));

            // When
            BlockStatus status = await(nbd.blockStatus(8 * GIBI, 0));

            // Then: without extended headers, by three requests
            List<Extent> expected = List.of(
                    new Extent(0, 5 * GIBI, HOLE_AND_ZERO),
                    new Extent(5 * GIBI, 32 * KIBI, 0),
                    new Extent(5 * GIBI + 32 * KIBI, 3 * GIBI - 32 * KIBI, HOLE_AND_ZERO));
            assertThat(nbd.export().extendedHeaders()).isFalse();
            assertThat(status.extents(BASE)).isEqualTo(expected);
            assertThat(nbd.statistics().requestsSent()).isEqualTo(1 + 3);
            assertThat(walk(nbd, BASE)).isEqualTo(expected);
        }
    }

    @Test
    @RequiresServer("nbdkit")
    void anErrorOfNbdkitIsTold() {
        try (RealServer server = RealServer.nbdkit(
                        "eval",
                        "get_size=echo 65536",
                        "pread=dd if=/dev/zero count=$3 iflag=count_bytes 2>/dev/null",
                        "extents=echo EIO no luck >&2; exit 1");
                NbdClient nbd = connect(server, BASE)) {
            assertThat(failureOf(nbd.blockStatus(65536, 0), CommandRefusedException.class)
                            .errno())
                    .isEqualTo(NbdError.EIO);
            Content.assertRead(nbd, new byte[512], 0);
        }
    }

    // ---- qemu-nbd

    private Path withABitmap() {
        Path image = directory.resolve("image");
        Program.run("qemu-img", "create", "-q", "-f", "qcow2", image.toString(), "1M");
        Program.run("qemu-io", "-f", "qcow2", "-c", "write -P 1 512k 64k", image.toString());
        Program.run("qemu-img", "bitmap", "--add", "-f", "qcow2", image.toString(), "b0");
        Program.run("qemu-io", "-f", "qcow2", "-c", "write -P 2 64k 128k", image.toString());
        return image;
    }

    private static void assertDirty(NbdClient nbd) {
        BlockStatus status = await(nbd.blockStatus(MEBI, 0));
        assertThat(status.extents(BASE))
                .containsExactly(
                        new Extent(0, 64 * KIBI, HOLE_AND_ZERO),
                        new Extent(64 * KIBI, 128 * KIBI, 0),
                        new Extent(192 * KIBI, 320 * KIBI, HOLE_AND_ZERO),
                        new Extent(512 * KIBI, 64 * KIBI, 0),
                        new Extent(576 * KIBI, 448 * KIBI, HOLE_AND_ZERO));
        assertThat(status.extents(BITMAP))
                .containsExactly(
                        new Extent(0, 64 * KIBI, 0),
                        new Extent(64 * KIBI, 128 * KIBI, 1),
                        new Extent(192 * KIBI, 832 * KIBI, 0));
        BlockStatus one = await(nbd.blockStatus(MEBI, 0, CommandFlag.REQ_ONE));
        assertThat(one.extents(BITMAP)).containsExactly(new Extent(0, 64 * KIBI, 0));
        assertThat(one.extents(BASE)).containsExactly(new Extent(0, 64 * KIBI, HOLE_AND_ZERO));
        assertThat(walk(nbd, BITMAP)).isEqualTo(status.extents(BITMAP));
        assertThat(walk(nbd, BASE)).isEqualTo(status.extents(BASE));
    }

    @Test
    @RequiresServer({"qemu-nbd", "qemu-img", "qemu-io"})
    void qemuTellsWhatIsDirty() {
        try (RealServer server = RealServer.qemuNbd(withABitmap(), "-f", "qcow2", "-B", "b0");
                NbdClient nbd = connect(server, BASE, BITMAP)) {
            assertDirty(nbd);
        }
    }

    @Test
    @RequiresServer({"qemu-nbd", "qemu-img", "qemu-io"})
    void qemuTellsInWhichLayerTheDataIs() {
        // Given
        Path base = directory.resolve("base");
        Path top = directory.resolve("top");
        Program.run("qemu-img", "create", "-q", "-f", "qcow2", base.toString(), "1M");
        Program.run("qemu-io", "-f", "qcow2", "-c", "write -P 1 0 128k", base.toString());
        Program.run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", base.toString(), top.toString());
        Program.run("qemu-io", "-f", "qcow2", "-c", "write -P 2 64k 128k", top.toString());
        try (RealServer server = RealServer.qemuNbd(top, "-f", "qcow2", "-A");
                NbdClient nbd = connect(server, DEPTH)) {
            // When
            List<Extent> extents = walk(nbd, DEPTH);

            // Then
            assertThat(extents).extracting(Extent::allocationDepth).containsExactly(2L, 1L, 0L);
            assertThat(extents).extracting(Extent::length).containsExactly(64L * KIBI, 128L * KIBI, 832L * KIBI);
        }
    }

    // ---- A qemu-nbd with extended headers

    @Test
    @RequiresServer({"qemu-img", "qemu-io"})
    void qemuTellsTheSameWithExtendedHeaders() {
        try (NewerQemu server = NewerQemu.start(withABitmap(), "-f", "qcow2", "-B", "b0");
                NbdClient nbd = connect(
                        server.unixSocket(),
                        NbdClient.builder().extendedHeaders(true).metaContexts(BASE, BITMAP))) {
            assertThat(nbd.export().extendedHeaders()).isTrue();
            assertDirty(nbd);
            Content.writeAndReadBack(nbd, Content.random(100_000, 3), 12_345);
        }
    }

    @Test
    @RequiresServer("qemu-img")
    void qemuTakesRangesOfMoreThan4Gib() {
        // Given
        Path image = directory.resolve("image");
        Program.run("qemu-img", "create", "-q", "-f", "qcow2", image.toString(), "1T");
        try (NewerQemu server = NewerQemu.start(image, "-f", "qcow2", "--discard=unmap");
                NbdClient nbd = connect(
                        server.unixSocket(),
                        NbdClient.builder().extendedHeaders(true).metaContexts(BASE))) {
            await(nbd.pwrite(Unpooled.wrappedBuffer(Content.random(64 * KIBI, 1)), 600 * GIBI));

            // When
            await(nbd.trim(8 * GIBI, 0));
            await(nbd.zero(6 * GIBI, 100 * GIBI));
            BlockStatus status = await(nbd.blockStatus(1024 * GIBI, 0));

            // Then: one request each
            assertThat(nbd.statistics().requestsSent()).isEqualTo(4);
            assertThat(status.coveredLength(BASE)).isGreaterThan(4 * GIBI);
            assertThat(walk(nbd, BASE)).contains(new Extent(600 * GIBI, 64 * KIBI, 0));
        }
    }

    @Test
    @RequiresServer({"qemu-img", "qemu-io"})
    void qemuAnswersForTheContextsThatAreChosen() {
        try (NewerQemu server = NewerQemu.start(withABitmap(), "-f", "qcow2", "-B", "b0", "-A");
                NbdClient nbd = connect(
                        server.unixSocket(),
                        NbdClient.builder().extendedHeaders(true).metaContexts(BASE, BITMAP, DEPTH))) {
            // Given
            assertThat(nbd.export().canBlockStatusPayload()).isTrue();

            // When // Then
            assertThat(await(nbd.blockStatus(MEBI, 0, List.of(BASE, BITMAP, DEPTH)))
                            .extents())
                    .containsOnlyKeys(BASE, BITMAP, DEPTH);
            assertThat(await(nbd.blockStatus(MEBI, 0, List.of(DEPTH, BASE))).extents())
                    .containsOnlyKeys(BASE, DEPTH);
            assertThat(await(nbd.blockStatus(NbdRange.of(MEBI - 512, 512), List.of(BITMAP)))
                            .extents(BITMAP))
                    .containsExactly(new Extent(MEBI - 512, 512, 0));
            long sent = nbd.statistics().requestsSent();
            failureOf(nbd.blockStatus(MEBI, 0, List.of(BASE, "x-bogus:context")), InvalidRequestException.class);
            assertThat(nbd.statistics().requestsSent()).isEqualTo(sent);
        }
    }

    // ---- nbd-server

    @Test
    @RequiresServer("nbd-server")
    void nbdServerKnowsNothing() throws IOException {
        // Given
        Path image = Files.write(directory.resolve("image"), new byte[MEBI]);
        try (RealServer server = RealServer.nbdServer("[disk]\nexportname = " + image + "\n");
                NbdClient nbd = connect(
                        server.unixSocket(),
                        NbdClient.builder().exportName("disk").metaContexts(BASE))) {
            // When // Then
            assertThat(failureOf(nbd.blockStatus(MEBI, 0), InvalidRequestException.class)
                            .errno())
                    .isEqualTo(NbdError.ENOTSUP);
            assertThat(failureOf(nbd.extents(BASE).next(), InvalidRequestException.class)
                            .errno())
                    .isEqualTo(NbdError.ENOTSUP);
        }
    }
}
