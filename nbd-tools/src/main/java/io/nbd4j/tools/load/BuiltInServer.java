package io.nbd4j.tools.load;

import io.nbd4j.client.NbdTarget;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What is measured if no target is given: {@code nbd serve}, by the JVM and from the class path that run this. */
public final class BuiltInServer {
    // An argument would be quoted by every error about the server.
    private static final String CLASS_PATH = "CLASSPATH";

    private BuiltInServer() {}

    /** Returns the server that a client starts, with a disk of 1 GiB. */
    static NbdTarget.Command command() {
        return NbdTarget.command(argv("--stdio", "--memory", "1g")).withEnvironment(CLASS_PATH, classPath());
    }

    /** Returns what starts {@code nbd serve} with these arguments, in a process of its own. */
    public static ProcessBuilder process(String... arguments) {
        ProcessBuilder process = new ProcessBuilder(argv(arguments));
        process.environment().put(CLASS_PATH, classPath());
        return process;
    }

    private static List<String> argv(String... arguments) {
        List<String> argv = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                // Room for the disk, and no collector beside the test that takes the cores from it.
                "-Xmx1536m",
                "-XX:+UseSerialGC",
                // Netty's use of native code is as welcome in the child as it is here, on JDKs that ask.
                "-XX:+IgnoreUnrecognizedVMOptions",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "io.nbd4j.tools.Main",
                "serve"));
        argv.addAll(List.of(arguments));
        return argv;
    }

    private static String classPath() {
        return System.getProperty("java.class.path");
    }
}
