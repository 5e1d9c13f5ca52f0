package io.nbd4j.testkit.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.MetaContext;
import io.nbd4j.testkit.PatternExport;
import io.nbd4j.testkit.TestCertificates;
import io.nbd4j.testkit.TestServer;
import io.nbd4j.testkit.TlsMode;
import io.nbd4j.testkit.Tool;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** libnbd's own calls, from Python: each option and command, and the texts of errors. */
@Timeout(120)
class PythonLibnbdIT {
    private static final String SYSTEM_PYTHON = "/usr/bin/python3";
    private static final String SYSTEM_HINT = "install Debian's python3-libnbd";

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource
    @RequiresCommand(
            value = {SYSTEM_PYTHON, "-c", "import nbd"},
            hint = SYSTEM_HINT)
    void walksTheInterface(Transport transport) throws Exception {
        try (TestServer server = exports(transport.server()).start()) {
            walk(SYSTEM_PYTHON, server.uri(), "structured");
        }
    }

    @Test
    @RequiresCommand(
            value = {SYSTEM_PYTHON, "-c", "import nbd"},
            hint = SYSTEM_HINT)
    void walksTheInterfaceUnderTls() throws Exception {
        // Given
        TestCertificates certificates = TestCertificates.create();
        TestCertificates.Identity identity = certificates.server("localhost", "127.0.0.1");
        certificates.writePem(directory, identity, certificates.client("alice"));

        // When // Then
        try (TestServer server = exports(Transport.TCP.server())
                .tls(TlsMode.REQUIRED, certificates.serverContextForKnownClients(identity))
                .start()) {
            String uri = "nbds://localhost:" + server.port() + "/?tls-certificates=" + directory;
            walk(SYSTEM_PYTHON, uri, "structured", "tls");
        }
    }

    @ParameterizedTest
    @EnumSource
    @RequiresCommand(
            value = {NewerTool.PYTHON, "-c", "import nbd"},
            hint = NewerTool.HINT)
    void walksTheInterfaceWithExtendedHeaders(Transport transport) throws Exception {
        try (TestServer server = exports(transport.server()).start()) {
            walk(NewerTool.PYTHON, server.uri(), "structured", "extended");
        }
    }

    private static TestServer.Builder exports(TestServer.Builder builder) {
        return builder.holes(true)
                .metaContexts(MetaContext.of("x-test:dirty", new MetaContext.Extent(4096, 1)))
                .export("", MemoryExport.ofSize(64L << 30), "a disk")
                .metaContexts()
                .export("read only", PatternExport.ofSize(1 << 20));
    }

    private static void walk(String python, String uri, String... agreed) throws Exception {
        String script =
                Path.of(PythonLibnbdIT.class.getResource("walk.py").toURI()).toString();
        assertThat(Tool.run(python, script, uri, String.join(",", agreed))).endsWith("done\n");
    }
}
