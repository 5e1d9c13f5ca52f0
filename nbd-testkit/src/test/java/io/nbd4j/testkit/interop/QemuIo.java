package io.nbd4j.testkit.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.testkit.Tool;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Runs qemu-io, whose exit status does not tell of patterns that differ. */
final class QemuIo {
    private QemuIo() {}

    static void run(String program, String uri, String... commands) throws IOException, InterruptedException {
        List<String> argv = new ArrayList<>(List.of(program, "-f", "raw", uri));
        for (String command : commands) {
            argv.addAll(List.of("-c", command));
        }
        assertThat(Tool.run(argv.toArray(String[]::new)))
                .doesNotContainIgnoringCase("fail")
                .doesNotContainIgnoringCase("error")
                .doesNotContainIgnoringCase("invalid");
    }
}
