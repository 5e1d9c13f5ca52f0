package io.nbd4j.client.internal.subprocess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nbd4j.client.StderrPolicy;
import io.nbd4j.client.internal.subprocess.CommandLookupException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisabledOnOs(value = OS.WINDOWS, disabledReason = "permission bits and PATH are those of POSIX")
class CommandLookupTest {
    @TempDir
    Path root;

    private final Map<String, String> environment = new HashMap<>();
    private CommandLookup lookup;

    @BeforeEach
    void createLookup() {
        lookup = new CommandLookup(environment::get, root);
    }

    @Test
    void findsTheFirstExecutableOnThePath() throws IOException {
        // Given
        Path first = file("one/serve", "rwxr-xr-x");
        file("two/serve", "rwxr-xr-x");
        environment.put("PATH", root.resolve("missing") + ":" + first.getParent() + ":" + root.resolve("two"));

        // When
        Executable found = lookup.find(spec("serve"));

        // Then
        assertThat(found.file()).isEqualTo(first);
    }

    @Test
    void keepsWhatWasAskedFor() throws IOException {
        // Given
        file("serve", "rwxr-xr-x");
        LaunchSpec spec = spec("./serve", "an argument");

        // When
        Executable found = lookup.find(spec);

        // Then
        assertThat(found.spec()).isSameAs(spec);
        assertThat(found.file().normalize()).isEqualTo(root.resolve("serve"));
    }

    @Test
    void goesOnBehindAFileThatIsNotExecutable() throws IOException {
        // Given
        Path plain = file("one/serve", "rw-r--r--");
        Path good = file("two/serve", "rwxr-xr-x");
        environment.put("PATH", plain.getParent() + ":" + good.getParent());

        // When
        Executable found = lookup.find(spec("serve"));

        // Then
        assertThat(found.file()).isEqualTo(good);
    }

    @Test
    void goesOnBehindAPathElementThatIsAFile() throws IOException {
        // Given
        Path plain = file("plain", "rwxr-xr-x");
        Path good = file("two/serve", "rwxr-xr-x");
        environment.put("PATH", plain + ":" + good.getParent());

        // When
        Executable found = lookup.find(spec("serve"));

        // Then
        assertThat(found.file()).isEqualTo(good);
    }

    @Test
    void remembersTheFirstFileThatWasNotExecutable() throws IOException {
        // Given
        Path plain = file("one/serve", "rw-r--r--");
        Files.createDirectories(root.resolve("two/serve"));
        environment.put("PATH", plain.getParent() + ":" + root.resolve("two") + ":" + root.resolve("missing"));

        // When // Then
        assertRefused(spec("serve"), Reason.NOT_EXECUTABLE, "not executable: " + plain);
    }

    @Test
    void saysThatTheOnlyMatchOnThePathIsADirectory() throws IOException {
        // Given
        Path directory = Files.createDirectories(root.resolve("bin/serve"));
        environment.put("PATH", root.resolve("bin").toString());

        // When // Then
        assertRefused(spec("serve"), Reason.IS_A_DIRECTORY, "is a directory: " + directory);
    }

    @Test
    void saysThatACommandIsNotFound() {
        // Given
        environment.put("PATH", root.toString());

        // When // Then
        assertRefused(spec("no-such-server"), Reason.COMMAND_NOT_FOUND, "command not found: no-such-server");
        assertRefused(spec("./no-such-server"), Reason.COMMAND_NOT_FOUND, "command not found: ./no-such-server");
    }

    @Test
    void saysThatAFileIsNotExecutable() throws IOException {
        // Given
        file("serve", "rw-rw-rw-");

        // When // Then
        assertRefused(spec("./serve"), Reason.NOT_EXECUTABLE, "not executable: ./serve");
    }

    @Test
    void saysThatADirectoryIsOne() throws IOException {
        // Given
        Files.createDirectory(root.resolve("serve"));

        // When // Then
        assertRefused(spec("./serve"), Reason.IS_A_DIRECTORY, "is a directory: ./serve");
    }

    @Test
    void saysThatADeviceIsNotExecutable() {
        // When // Then
        assertRefused(spec("/dev/null"), Reason.NOT_EXECUTABLE, "not executable: /dev/null");
    }

    @Test
    void saysThatAFileBelowAFileIsNotFound() throws IOException {
        // Given
        file("plain", "rwxr-xr-x");

        // When // Then
        assertRefused(spec("./plain/serve"), Reason.COMMAND_NOT_FOUND, "command not found: ./plain/serve");
    }

    @Test
    void readsAnEmptyPathElementAsTheCurrentDirectory() throws IOException {
        // Given
        Path here = file("serve", "rwxr-xr-x");

        for (String path : List.of(":", root.resolve("missing") + ":", ":" + root.resolve("missing"), "/dev::/dev")) {
            environment.put("PATH", path);

            // When
            Executable found = lookup.find(spec("serve"));

            // Then
            assertThat(found.file()).as(path).isEqualTo(here);
        }
    }

    @Test
    void findsNothingOnAnEmptyPath() throws IOException {
        // Given
        file("serve", "rwxr-xr-x");
        environment.put("PATH", "");

        // When // Then
        assertRefused(spec("serve"), Reason.COMMAND_NOT_FOUND, "command not found: serve");
    }

    @Test
    void looksOnTheDefaultPathWhenNoneIsSet() throws IOException {
        // When
        Executable found = lookup.find(spec("sh"));

        // Then
        assertThat(found.file()).isIn(Path.of("/bin/sh"), Path.of("/usr/bin/sh"));
    }

    @Test
    void prefersThePathOfTheChild() throws IOException {
        // Given
        file("one/serve", "rwxr-xr-x");
        Path its = file("two/serve", "rwxr-xr-x");
        environment.put("PATH", root.resolve("one").toString());
        LaunchSpec spec = new LaunchSpec(
                List.of("serve"), Map.of("PATH", root.resolve("two").toString()), null, StderrPolicy.CAPTURE);

        // When
        Executable found = lookup.find(spec);

        // Then
        assertThat(found.file()).isEqualTo(its);
    }

    @Test
    void takesRelativeNamesFromTheDirectoryOfTheChild() throws IOException {
        // Given
        Path expected = file("work/bin/serve", "rwxr-xr-x");
        environment.put("PATH", "bin");

        for (String name : List.of("bin/serve", "serve")) {
            // When
            Executable found = lookup.find(specIn(Path.of("work"), name));

            // Then
            assertThat(found.file()).as(name).isEqualTo(expected);
        }
    }

    @Test
    void saysThatTheWorkingDirectoryIsMissingOrNone() throws IOException {
        // Given
        Path plain = file("plain", "rw-r--r--");
        Path missing = root.resolve("missing");

        // When // Then
        assertRefused(specIn(missing, "sh"), Reason.NO_SUCH_DIRECTORY, "no such working directory: " + missing);
        assertRefused(specIn(plain, "sh"), Reason.NOT_A_DIRECTORY, "not a directory: " + plain);
    }

    @Test
    void refusesTextThatNoProcessCanBeGiven() {
        // Given
        LaunchSpec nulInArgument = spec("sh", "-c", "a\0b");
        LaunchSpec nulInCommand = spec("s\0h");
        LaunchSpec nulInVariable = specWith("NAME", "a\0b");
        LaunchSpec equalsInName = specWith("NA=ME", "value");
        LaunchSpec noName = specWith("", "value");

        // When // Then
        assertRefused(
                nulInArgument,
                Reason.INVALID_TEXT,
                "cannot be handed to a process: argument 2 (it has a NUL character)");
        assertRefused(
                nulInCommand,
                Reason.INVALID_TEXT,
                "cannot be handed to a process: the command (it has a NUL character)");
        assertRefused(
                nulInVariable,
                Reason.INVALID_TEXT,
                "cannot be handed to a process: the environment variable NAME (it has a NUL character)");
        assertRefused(
                equalsInName,
                Reason.INVALID_TEXT,
                "cannot be handed to a process: the environment variable \"NA=ME\" (its name)");
        assertRefused(
                noName, Reason.INVALID_TEXT, "cannot be handed to a process: the environment variable \"\" (its name)");
    }

    private void assertRefused(LaunchSpec spec, Reason reason, String message) {
        assertThatThrownBy(() -> lookup.find(spec))
                .isInstanceOfSatisfying(
                        CommandLookupException.class,
                        e -> assertThat(e.reason()).isEqualTo(reason))
                .hasMessage(message);
    }

    private Path file(String name, String permissions) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        Files.createFile(file);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
    }

    private static LaunchSpec spec(String... argv) {
        return new LaunchSpec(List.of(argv), Map.of(), null, StderrPolicy.CAPTURE);
    }

    private static LaunchSpec specWith(String name, String value) {
        return new LaunchSpec(List.of("sh"), Map.of(name, value), null, StderrPolicy.CAPTURE);
    }

    private static LaunchSpec specIn(@Nullable Path directory, String command) {
        return new LaunchSpec(List.of(command), Map.of(), directory, StderrPolicy.CAPTURE);
    }
}
