package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.MetaContext;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.Negotiation;
import io.nbd4j.client.NegotiationRefusedException;
import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.testkit.RealServer;
import io.nbd4j.testkit.junit.RequiresServer;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The meta contexts of qemu-nbd: several, of two namespaces, one for each dirty bitmap. The time limit only ends what hangs. */
@RequiresServer({"qemu-nbd", "qemu-img"})
@Timeout(120)
class MetaContextsOfQemuIT {
    private static final String BITMAP = MetaContext.QEMU_DIRTY_BITMAP + "b0";
    private static final String[] ALL = {MetaContext.BASE_ALLOCATION, MetaContext.QEMU_ALLOCATION_DEPTH, BITMAP};

    @TempDir
    Path directory;

    private RealServer server() {
        Path image = directory.resolve("image");
        Program.run("qemu-img", "create", "-q", "-f", "qcow2", image.toString(), "1M");
        Program.run("qemu-img", "bitmap", "--add", "-f", "qcow2", image.toString(), "b0");
        return RealServer.qemuNbd(image, "-f", "qcow2", "-A", "-B", "b0", "-x", "disk");
    }

    private static NbdClient connect(RealServer server, NbdClientBuilder builder) {
        NbdClient nbd = builder.build();
        await(nbd.connectUnix(server.unixSocket()));
        return nbd;
    }

    @Test
    void allOfThemAreSelected() {
        try (RealServer server = server();
                NbdClient nbd =
                        connect(server, NbdClient.builder().exportName("disk").metaContexts(ALL))) {
            // When
            List<MetaContext> contexts = nbd.export().metaContexts();

            // Then
            assertThat(contexts).extracting(MetaContext::name).containsExactlyInAnyOrder(ALL);
            assertThat(contexts).extracting(MetaContext::id).doesNotHaveDuplicates();
            assertThat(Stream.of(ALL)).allMatch(nbd.export()::canMetaContext);
            Content.writeAndReadBack(nbd, Content.random(4096, 1), 0);
        }
    }

    @Test
    void whatDoesNotExistIsLeftOut() {
        try (RealServer server = server();
                NbdClient nbd = connect(
                        server,
                        NbdClient.builder()
                                .exportName("disk")
                                .metaContexts(MetaContext.QEMU_DIRTY_BITMAP + "b1", BITMAP))) {
            assertThat(nbd.export().metaContexts())
                    .extracting(MetaContext::name)
                    .containsExactly(BITMAP);
        }
    }

    @Test
    void theyAreListedByName() {
        try (RealServer server = server();
                NbdClient nbd = connect(server, NbdClient.builder().optionMode(true))) {
            // Given
            Negotiation negotiation = nbd.negotiation().exportName("disk");

            // When // Then
            assertThat(await(negotiation.listMetaContexts())).containsExactlyInAnyOrder(ALL);
            assertThat(await(negotiation.listMetaContexts("qemu:")))
                    .containsExactlyInAnyOrder(MetaContext.QEMU_ALLOCATION_DEPTH, BITMAP);
            assertThat(await(negotiation.listMetaContexts(MetaContext.QEMU_DIRTY_BITMAP)))
                    .containsExactly(BITMAP);
            assertThat(await(negotiation.setMetaContexts("qemu:")))
                    .as("no wildcards")
                    .isEmpty();
            NegotiationRefusedException unknown =
                    failureOf(negotiation.exportName("other").listMetaContexts(), NegotiationRefusedException.class);
            assertThat(unknown.reason()).isEqualTo(OptionReplyType.ERR_UNKNOWN);
            assertThat(unknown.serverMessage()).contains("other");
        }
    }

    @Test
    void aRefusedGoForgetsThemHereToo() {
        try (RealServer server = server();
                NbdClient nbd = connect(server, NbdClient.builder().optionMode(true))) {
            // Given
            Negotiation negotiation = nbd.negotiation().exportName("disk").metaContexts(List.of(BITMAP));
            assertThat(await(negotiation.info()).metaContexts()).hasSize(1);

            // When
            failureOf(negotiation.exportName("other").go(), NegotiationRefusedException.class);

            // Then
            assertThat(negotiation.status().metaContexts()).isEmpty();
            await(negotiation.exportName("disk").go());
            assertThat(nbd.export().canMetaContext(BITMAP)).isTrue();
        }
    }

    @Test
    void sizeConstraintsAreTheTrueOnesIfTheyAreAskedFor() {
        // Given
        Path image = directory.resolve("raw");
        Program.run("qemu-img", "create", "-q", "-f", "raw", image.toString(), "1M");
        try (RealServer server = RealServer.qemuNbd(image, "-f", "raw");
                NbdClient nbd = connect(server, NbdClient.builder().optionMode(true))) {
            // When
            ExportInfo asked = await(nbd.negotiation().info());
            ExportInfo unasked = await(nbd.negotiation().requestBlockSize(false).info());
            await(nbd.negotiation().go());

            // Then: qemu tells them in any case
            SizeConstraints constraints = Objects.requireNonNull(asked.constraints());
            assertThat(constraints.minimumBlock()).isGreaterThanOrEqualTo(1);
            assertThat(Objects.requireNonNull(unasked.constraints()).minimumBlock())
                    .isOne();
            assertThat(nbd.export().size()).isEqualTo(1 << 20);
        }
    }
}
