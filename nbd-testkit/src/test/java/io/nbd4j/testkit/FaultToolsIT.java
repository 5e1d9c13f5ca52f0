package io.nbd4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.handshake.OptionType;
import io.nbd4j.testkit.junit.RequiresServer;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What libnbd, which nobody here has written, makes of faults. */
@Timeout(120)
class FaultToolsIT {
    private static final int SIZE = 16 << 20;

    @TempDir
    Path directory;

    @Test
    @RequiresServer("nbdcopy")
    void whatTheSpecificationAllowsHarmsNoCopy() throws Exception {
        // Given
        Path copy = directory.resolve("copy");
        try (TestServer server = TestServer.builder()
                .export("", PatternExport.ofSize(SIZE))
                .faults(
                        "on READ rate 0.2 seed 1: split 4096",
                        "on READ rate 0.2 seed 2: delay 1ms",
                        "on GO always: unknown info 0x7777 length 300",
                        "on OPTION rate 0.5 seed 3: delay 1ms",
                        "on CONNECT always: delay 1ms")
                .recordTranscript()
                .start()) {
            // When
            Tool.run("nbdcopy", "--connections=4", "--requests=16", server.uri(), copy.toString());

            // Then
            assertThat(server.faults().unusedRules()).isEmpty();
            assertThat(server.transcript().connections()).isPositive(); // It decides by the number of processors.
        }
        ByteBuffer content = ByteBuffer.wrap(Files.readAllBytes(copy));
        assertThat(content.capacity()).isEqualTo(SIZE);
        for (int word = 0; word < SIZE; word += 8) {
            assertThat(content.getLong(word)).isEqualTo(word);
        }
    }

    @Test
    @RequiresServer("nbdcopy")
    void aCopyFailsWithTheErrorOfTheFault() throws Exception {
        try (TestServer server = TestServer.builder()
                .export("", PatternExport.ofSize(SIZE))
                .faults("on READ at 8m+1 always: refuse EIO 'bad sector'")
                .recordTranscript()
                .start()) {
            int status = Tool.status(
                    "nbdcopy", server.uri(), directory.resolve("copy").toString());

            assertThat(status).isNotZero();
            assertThat(server.faults().unusedRules()).isEmpty();
            assertThat(server.transcript().requests(CommandType.READ)).isNotEmpty();
        }
    }

    @Test
    @RequiresServer("nbdinfo")
    void aRefusedGoKeepsAClientFromTransmission() throws Exception {
        try (TestServer server = TestServer.builder()
                .export("", PatternExport.ofSize(SIZE))
                .faults("on GO always: refuse ERR_POLICY 'go away'")
                .recordTranscript()
                .start()) {
            int status = Tool.status("nbdinfo", server.uri());

            assertThat(status).isNotZero();
            assertThat(server.faults().unusedRules()).isEmpty();
            assertThat(server.transcript().options()).contains(OptionType.GO);
            assertThat(server.transcript().requests()).isEmpty();
            assertThat(server.transcript().bytesAfterDisc()).isZero();
        }
    }
}
