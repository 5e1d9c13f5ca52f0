package io.nbd4j.tools;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The terminal that a person looks at, if there is one. */
public final class Terminal {
    private static final String TO_START_AND_ERASE = "\r\u001b[K";

    private final PrintStream stream;

    private Terminal(PrintStream stream) {
        this.stream = stream;
    }

    /** Returns the terminal on standard error, or one that shows nothing if a file or a pipe is there. */
    public static Terminal onStandardError() {
        return isTerminal(2) ? new Terminal(System.err) : none();
    }

    /** Returns a terminal that shows nothing. */
    public static Terminal none() {
        return new Terminal(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.US_ASCII));
    }

    /** Shows a line in place of the one that was shown before. */
    public void show(String line) {
        stream.print(TO_START_AND_ERASE + line);
        stream.flush();
    }

    /** Takes away the line that was shown. */
    public void clear() {
        show("");
    }

    // Java can't tell one descriptor from another. Where there is no /proc, nobody is shown anything.
    private static boolean isTerminal(int descriptor) {
        Path link = Path.of("/proc/self/fd/" + descriptor);
        if (!Files.isSymbolicLink(link)) {
            return false;
        }
        try {
            String device = Files.readSymbolicLink(link).toString();
            return device.startsWith("/dev/pts/") || device.startsWith("/dev/tty") || device.equals("/dev/console");
        } catch (IOException e) {
            return false;
        }
    }
}
