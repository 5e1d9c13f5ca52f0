package io.nbd4j.client.parity;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.MetaContext;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.ReadChunk;
import io.nbd4j.client.server.Content;
import io.nbd4j.testkit.junit.RequiresServer;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * libnbd's {@code oldstyle} and {@code newstyle-limited}: servers without the fixed newstyle handshake, which have none of what
 * is negotiated by it. The time limit only ends what hangs.
 */
@RequiresServer("nbdkit")
@Timeout(120)
class OldHandshakesIT {
    private static final int MEBI = 1024 * 1024;

    /** A handshake, and the option of nbdkit for it. */
    enum Handshake {
        OLDSTYLE("-o", ExportInfo.Protocol.OLDSTYLE),
        NEWSTYLE("--mask-handshake=0", ExportInfo.Protocol.NEWSTYLE);

        private final String option;
        private final ExportInfo.Protocol protocol;

        Handshake(String option, ExportInfo.Protocol protocol) {
            this.option = option;
            this.protocol = protocol;
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatCannotBeNegotiatedIsNotThereAndTheRestWorks(Handshake handshake) {
        try (NbdClient nbd = connected(handshake)) {
            // Given
            ExportInfo export = nbd.export();
            assertThat(export.protocol()).isEqualTo(handshake.protocol);
            assertThat(export.size()).isEqualTo(MEBI);

            // When // Then
            assertThat(export.structuredReplies()).isFalse();
            assertThat(export.extendedHeaders()).isFalse();
            assertThat(export.canDf()).isFalse();
            assertThat(export.metaContexts()).isEmpty();
            assertThat(export.canMetaContext(MetaContext.BASE_ALLOCATION)).isFalse();
            assertThat(nbd.isTlsActive()).isFalse();
            // Nothing else: oldstyle nbdkit advertises flush, trim and write-zeroes, and refuses them to anybody.
            Content.writeAndReadBack(nbd, Content.random(MEBI / 2, 1), 512);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aReadIsOneChunk(Handshake handshake) {
        try (NbdClient nbd = connected(handshake)) {
            // Given
            byte[] written = Content.random(512, 2);
            await(nbd.pwrite(Unpooled.wrappedBuffer(written), 512));
            List<byte[]> chunks = new ArrayList<>();

            // When
            await(nbd.preadChunks(1024, 0, chunk -> {
                assertThat(chunk).isInstanceOf(ReadChunk.Data.class);
                assertThat(chunk.offset()).isZero();
                chunks.add(ByteBufUtil.getBytes(((ReadChunk.Data) chunk).content()));
            }));

            // Then
            assertThat(chunks).hasSize(1);
            byte[] expected = new byte[1024];
            System.arraycopy(written, 0, expected, 512, 512);
            assertThat(chunks.get(0)).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatAListenerThrowsFailsItsReadAlone(Handshake handshake) {
        try (NbdClient nbd = connected(handshake)) {
            // Given
            IllegalStateException thrown = new IllegalStateException("not this one");

            // When
            IllegalStateException failure = failureOf(
                    nbd.preadChunks(512, 0, chunk -> {
                        throw thrown;
                    }),
                    IllegalStateException.class);

            // Then
            assertThat(failure).isSameAs(thrown);
            Content.assertRead(nbd, new byte[512], 0);
        }
    }

    private static NbdClient connected(Handshake handshake) {
        NbdClient nbd =
                NbdClient.builder().metaContexts(MetaContext.BASE_ALLOCATION).build();
        try {
            await(nbd.connectCommand(Arrays.asList("nbdkit", "-s", handshake.option, "memory", "1M")));
        } catch (Throwable t) {
            nbd.close();
            throw t;
        }
        return nbd;
    }
}
