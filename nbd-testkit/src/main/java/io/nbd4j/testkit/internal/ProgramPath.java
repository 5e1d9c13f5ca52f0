package io.nbd4j.testkit.internal;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds programs as a shell would. */
public final class ProgramPath {
    private ProgramPath() {}

    /** Returns where {@code program} stands in the directories of the PATH variable. */
    public static Optional<Path> find(String program) {
        return find(program, System.getenv("PATH"));
    }

    @SuppressWarnings("StringSplitter") // An empty element at the end is as good as none.
    static Optional<Path> find(String program, @Nullable String path) {
        if (path == null) {
            return Optional.empty();
        }
        for (String directory : path.split(File.pathSeparator)) {
            Path candidate;
            try {
                candidate = Path.of(directory, program);
            } catch (InvalidPathException e) {
                continue; // A shell skips an entry that no file can have.
            }
            if (Files.isRegularFile(candidate) && Files.isExecutable(candidate)) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }
}
