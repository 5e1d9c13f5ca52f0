package io.nbd4j.client.internal.subprocess;

import io.nbd4j.client.internal.subprocess.CommandLookupException.Reason;
import java.io.File;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Finds the file that a command names, by the rules of {@code execvp}, before any rung is tried. What a rung would
 * report differs between rungs and JDKs; what this reports is the same everywhere.
 *
 * <p>A name with a slash is a path, taken relative to the child's working directory. Any other name is looked for in
 * each element of the child's PATH: an empty element is the child's working directory, an unset PATH is the system's
 * default, an empty PATH holds nothing. An element where the file is missing or may not be executed is passed over; if
 * no later one has it, the first file that was there but could not be executed is what is reported.
 *
 * <p>Touches the file system, so it does not belong on an event loop. Immutable.
 */
public final class CommandLookup {
    /** Where commands are looked for when PATH is not set. */
    static final String DEFAULT_PATH = "/bin" + File.pathSeparatorChar + "/usr/bin";

    /** The variables of this process. */
    @FunctionalInterface
    interface Environment {
        @Nullable
        String get(String name);
    }

    private final Environment environment;
    private final Path currentDirectory;

    CommandLookup(Environment environment, Path currentDirectory) {
        this.environment = environment;
        this.currentDirectory = currentDirectory.toAbsolutePath();
    }

    /** Returns a lookup with the environment and the working directory of this process. */
    public static CommandLookup ofThisProcess() {
        return new CommandLookup(System::getenv, Path.of(""));
    }

    /**
     * Looks the command up.
     *
     * @throws CommandLookupException if it can't be started: not found, not executable, no such working directory…
     */
    public Executable find(LaunchSpec spec) throws CommandLookupException {
        ProcessText.check(spec);
        Path directory = directoryOf(spec);
        String command = spec.argv().get(0);
        return new Executable(
                isPath(command) ? byPath(command, directory) : onSearchPath(command, spec, directory), spec);
    }

    private Path directoryOf(LaunchSpec spec) throws CommandLookupException {
        if (spec.directory() == null) {
            return currentDirectory;
        }
        Path directory = currentDirectory.resolve(spec.directory());
        if (!Files.exists(directory)) {
            throw new CommandLookupException(
                    Reason.NO_SUCH_DIRECTORY, spec.directory().toString(), null);
        }
        if (!Files.isDirectory(directory)) {
            throw new CommandLookupException(
                    Reason.NOT_A_DIRECTORY, spec.directory().toString(), null);
        }
        return directory;
    }

    private static boolean isPath(String command) {
        return command.indexOf('/') >= 0 || command.indexOf(File.separatorChar) >= 0;
    }

    private Path byPath(String command, Path directory) throws CommandLookupException {
        Candidate candidate = examine(directory, command);
        if (candidate.problem != null) {
            throw new CommandLookupException(candidate.problem, command, candidate.cause);
        }
        return candidate.file;
    }

    private Path onSearchPath(String command, LaunchSpec spec, Path directory) throws CommandLookupException {
        Candidate seen = null;
        for (String element : searchPath(spec)) {
            for (String suffix : suffixes()) {
                String file = element.isEmpty() ? command : element + File.separator + command;
                Candidate candidate = examine(directory, file + suffix);
                if (candidate.problem == null) {
                    return candidate.file;
                }
                if (seen == null && candidate.problem != Reason.COMMAND_NOT_FOUND) {
                    seen = candidate;
                }
            }
        }
        if (seen != null && seen.problem != null) {
            throw new CommandLookupException(seen.problem, seen.file.toString(), seen.cause);
        }
        throw new CommandLookupException(Reason.COMMAND_NOT_FOUND, command, null);
    }

    private List<String> searchPath(LaunchSpec spec) {
        String path = spec.environment().getOrDefault("PATH", environment.get("PATH"));
        if (path == null) {
            path = DEFAULT_PATH;
        }
        return path.isEmpty() ? List.of() : List.of(path.split(File.pathSeparator, -1));
    }

    /** On Windows a command is usually named without the ending that its file has. */
    private List<String> suffixes() {
        String endings = File.separatorChar == '\\' ? environment.get("PATHEXT") : null;
        if (endings == null) {
            return List.of("");
        }
        return List.of((";" + endings.toLowerCase(Locale.ROOT)).split(";", -1));
    }

    private static Candidate examine(Path directory, String name) {
        Path file;
        try {
            file = directory.resolve(name);
        } catch (InvalidPathException e) {
            // A name that the file system can't express names no file.
            return new Candidate(directory, Reason.COMMAND_NOT_FOUND, e);
        }
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            if (attributes.isDirectory()) {
                return new Candidate(file, Reason.IS_A_DIRECTORY, null);
            }
            boolean executable = attributes.isRegularFile() && Files.isExecutable(file);
            return new Candidate(file, executable ? null : Reason.NOT_EXECUTABLE, null);
        } catch (AccessDeniedException e) {
            return new Candidate(file, Reason.NOT_EXECUTABLE, e);
        } catch (IOException e) {
            // ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG: execvp goes on to the next element for each of them.
            return new Candidate(file, Reason.COMMAND_NOT_FOUND, e);
        }
    }

    private record Candidate(
            Path file, @Nullable Reason problem, @Nullable Throwable cause) {}
}
