package io.nbd4j.testkit;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.nbd4j.codec.TransmissionFlags;
import org.junit.jupiter.api.Test;

class ServerBuilderTest {
    private final TestServer.Builder builder = TestServer.builder();

    @Test
    void aMetaContextNeedsANamespaceAndAnHonestName() {
        for (String name : new String[] {"", "allocation", ":allocation", "x:\0", "x:" + "y".repeat(4095)}) {
            assertThatIllegalArgumentException().as(name).isThrownBy(() -> builder.metaContexts(MetaContext.of(name)));
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.metaContexts(MetaContext.of("x:y"), MetaContext.of("x:y")))
                .withMessageContaining("x:y");
    }

    @Test
    void anExtentHasALength() {
        assertThatIllegalArgumentException().isThrownBy(() -> new MetaContext.Extent(0, 1));
    }

    @Test
    void whatIsSoCannotBeWithheld() {
        assertThatIllegalArgumentException().isThrownBy(() -> builder.withhold(TransmissionFlags.READ_ONLY));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.withhold(TransmissionFlags.HAS_FLAGS));
    }

    @Test
    void anOldstyleServerHasExactlyOneExport() {
        builder.handshake(HandshakeStyle.OLDSTYLE);
        assertThatIllegalStateException().isThrownBy(builder::start).withMessageContaining("oldstyle");
        builder.export("a", MemoryExport.ofSize(1)).export("b", MemoryExport.ofSize(1));
        assertThatIllegalStateException().isThrownBy(builder::start).withMessageContaining("2");
    }

    @Test
    void anExportForTlsOnlyNeedsTls() {
        builder.tlsOnly(true).export("", MemoryExport.ofSize(1));
        assertThatIllegalStateException().isThrownBy(builder::start).withMessageContaining("TLS");
    }
}
