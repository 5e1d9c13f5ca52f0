package io.nbd4j.tools.load;

import io.nbd4j.client.NbdTarget;
import java.nio.file.Path;
import java.util.List;

/** What is measured if no target is given: {@code nbd serve}, by the JVM and from the class path that run this. */
final class BuiltInServer {
    private static final String SIZE = "1g";

    private BuiltInServer() {}

    static NbdTarget.Command command() {
        return NbdTarget.command(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        // Room for the disk, and no collector beside the test that takes the cores from it.
                        "-Xmx1536m",
                        "-XX:+UseSerialGC",
                        // Netty's use of native code is as welcome in the child as it is here, on JDKs that ask.
                        "-XX:+IgnoreUnrecognizedVMOptions",
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "io.nbd4j.tools.Main",
                        "serve",
                        "--stdio",
                        "--memory",
                        SIZE))
                // Not an argument, or every error about the server would quote it.
                .withEnvironment("CLASSPATH", System.getProperty("java.class.path"));
    }
}
