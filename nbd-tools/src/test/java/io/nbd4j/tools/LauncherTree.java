package io.nbd4j.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The launcher in a source tree of its own, with a Maven and JDKs that only write down how they were called. */
final class LauncherTree {
    private static final Path LAUNCHER = Path.of("..", "nbd");

    private final Path temporary;
    private final Path root;
    private final Path source;
    private final Path mavenLog;
    private final Path archiveLog;

    private LauncherTree(Path temporary) {
        this.temporary = temporary;
        this.root = temporary.resolve("a tree");
        this.source = root.resolve("nbd-tools/src/main/java/Main.java");
        this.mavenLog = temporary.resolve("maven.log");
        this.archiveLog = temporary.resolve("archive.log");
    }

    /** What a run left behind. */
    record Result(int exitStatus, List<String> out, List<String> err) {}

    /** Lays a tree out in a directory, without a Maven. */
    static LauncherTree in(Path temporary) throws IOException {
        LauncherTree tree = new LauncherTree(temporary);
        write(tree.source, "");
        write(tree.root.resolve("pom.xml"), "");
        write(tree.root.resolve("nbd-tools/pom.xml"), "");
        Files.copy(LAUNCHER, tree.launcher());
        for (String tool : List.of("find", "readlink", "mkdir", "rm", "mv", "sed", "flock", "chmod")) {
            executable(tree.bin().resolve(tool), "exec " + onThePath(tool) + " \"$@\"\n");
        }
        return tree;
    }

    Path launcher() {
        return root.resolve("nbd");
    }

    Path source() {
        return source;
    }

    Path target() throws IOException {
        return root.toRealPath().resolve("nbd-tools/target");
    }

    /** Returns how Maven was called, a line for each time. */
    Path mavenLog() {
        return mavenLog;
    }

    /** Returns how JDKs were called to make an archive, a line for each time. */
    Path archiveLog() {
        return archiveLog;
    }

    /** Builds. Times are set, not waited for: sources are 20 seconds old, and the build is 10 seconds old. */
    void buildTenSecondsAgo() throws Exception {
        fakeMaven("");
        run(Map.of("JAVA_HOME", fakeJdk("17").toString()));
        Instant now = Instant.now();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.setLastModifiedTime(file, FileTime.from(now.minusSeconds(20)));
            }
        }
        Files.setLastModifiedTime(target().resolve("nbd.stamp"), FileTime.from(now.minusSeconds(10)));
    }

    /** Puts a Maven on the PATH that ends with the shell command {@code last}. */
    void fakeMaven(String last) throws IOException {
        executable(bin().resolve("mvn"), """
                echo "$*, JAVA_HOME=$JAVA_HOME" >>'%s'
                echo words of Maven
                mkdir -p nbd-tools/target/lib
                : >nbd-tools/target/nbd-tools-1.jar
                : >nbd-tools/target/nbd-tools-1-tests.jar
                : >nbd-tools/target/lib/a-library.jar
                : >nbd-tools/target/lib/nbd-client-1.jar
                : >nbd-tools/target/lib/picocli-1.jar
                %s
                """.formatted(mavenLog, last));
    }

    /** Returns the home of a JDK that prints its version and its arguments, and can't make an archive. */
    Path fakeJdk(String version) throws IOException {
        return fakeJdk("jdk", version);
    }

    /** Returns the same one, which is below this directory. */
    Path fakeJdk(String directory, String version) throws IOException {
        return fakeJdk(directory, version, "exit 1");
    }

    /** Returns the home of a JDK that can, takes a while to, and makes a file that nobody may write, as real ones do. */
    Path fakeArchivingJdk(String version) throws IOException {
        String work = "i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; ";
        return fakeJdk("archiving", version, work + "echo classes >\"${word#*=}\" && chmod 444 \"${word#*=}\"; exit");
    }

    private Path fakeJdk(String directory, String version, String archive) throws IOException {
        Path home = temporary.resolve(directory).resolve(version);
        write(home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\nOS_NAME=\"Linux\"\n");
        executable(home.resolve("bin/java"), """
                for word; do
                    case $word in
                        -XX:ArchiveClassesAtExit=* | -XX:AOTCacheOutput=*)
                            echo "$*; $JAVA_TOOL_OPTIONS$JDK_JAVA_OPTIONS$_JAVA_OPTIONS$JDK_AOT_VM_OPTIONS" >>'%s'
                            %s
                            ;;
                    esac
                done
                printf '%%s\\n' %s "$@"
                exit 7
                """.formatted(archiveLog, archive, version));
        executable(home.resolve("bin/javac"), "exit 1\n");
        return home;
    }

    /** Runs the launcher to its end, with a PATH that has next to nothing and these variables. */
    Result run(Map<String, String> environment, String... arguments) throws Exception {
        return run(launcher(), environment, arguments);
    }

    Result run(Path launcher, Map<String, String> environment, String... arguments) throws Exception {
        return finish(start(launcher, environment, arguments));
    }

    Process start(Path launcher, Map<String, String> environment, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(launcher.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(temporary.toFile());
        builder.environment().clear();
        builder.environment().put("PATH", bin().toString());
        builder.environment().putAll(environment);
        return builder.start();
    }

    static Result finish(Process process) throws Exception {
        // Both are a few lines, which fit the pipes.
        process.getOutputStream().close();
        List<String> out = lines(process.getInputStream().readAllBytes());
        List<String> err = lines(process.getErrorStream().readAllBytes());
        return new Result(process.waitFor(), out, err);
    }

    private static List<String> lines(byte[] text) {
        return new String(text, StandardCharsets.UTF_8).lines().toList();
    }

    private Path bin() {
        return temporary.resolve("bin");
    }

    private static Path onThePath(String tool) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator, -1))
                .map(directory -> Path.of(directory, tool))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new AssertionError(tool + " is not on the PATH"));
    }

    private static void executable(Path file, String script) throws IOException {
        write(file, "#!/bin/sh\n" + script);
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    private static Path write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }
}
