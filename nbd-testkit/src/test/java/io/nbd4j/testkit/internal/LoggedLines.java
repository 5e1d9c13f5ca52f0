package io.nbd4j.testkit.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** What the code under test logs as a warning or an error, through the logger of the tests, which writes to System.err. */
final class LoggedLines {
    private LoggedLines() {}

    /** Runs {@code work}, and requires that it gave no reason to warn. */
    static void requireNone(Runnable work) {
        PrintStream before = System.err;
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        System.setErr(new PrintStream(written, true, StandardCharsets.UTF_8));
        try {
            work.run();
        } finally {
            System.setErr(before);
        }
        // The fuzzer itself writes here too, which classes it follows.
        String text = written.toString(StandardCharsets.UTF_8);
        if (!text.isEmpty()) {
            before.print(text);
        }
        assertThat(text).doesNotContain("] WARN ", "] ERROR ");
    }
}
