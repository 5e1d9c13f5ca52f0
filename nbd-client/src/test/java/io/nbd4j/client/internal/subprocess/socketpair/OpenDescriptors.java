package io.nbd4j.client.internal.subprocess.socketpair;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What this process has open, without the files that class loading opens whenever it likes. */
public final class OpenDescriptors {
    private static final Path DIRECTORY = Path.of("/proc/self/fd");

    private OpenDescriptors() {}

    /** Returns the sockets, pipes and pidfds of this process, sorted. */
    public static List<String> ofThisProcess() {
        try (Stream<Path> entries = Files.list(DIRECTORY)) {
            return entries.map(OpenDescriptors::target)
                    .filter(target -> target.startsWith("socket:")
                            || target.startsWith("pipe:")
                            || target.startsWith("anon_inode:[pidfd]"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String target(Path entry) {
        try {
            return Files.readSymbolicLink(entry).toString();
        } catch (IOException e) {
            // Closed since the directory was read.
            return "";
        }
    }
}
