package io.nbd4j.tools.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The log of nbdkit's log filter, which says how far a test has come. */
final class ServerLog {
    private ServerLog() {}

    /** Returns whether the server has answered a read. */
    static boolean hasRead(Path log) throws IOException {
        return Files.exists(log) && Files.readString(log).contains("...Read ");
    }
}
