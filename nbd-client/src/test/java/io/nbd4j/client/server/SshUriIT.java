package io.nbd4j.client.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.testkit.RealServer;
import io.nbd4j.testkit.junit.RequiresServer;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * URIs through ssh. In the place of ssh is a script that does what ssh does, on this machine: hands what follows the host
 * to a shell, as one text. In the place of nc is one that carries bytes to a Unix socket. The time limit only ends what hangs.
 */
@RequiresServer({"nbdkit", "perl"})
@Timeout(120)
class SshUriIT {
    @TempDir
    Path directory;

    @BeforeEach
    void makePrograms() throws IOException {
        program("ssh", "echo \"$*\" >" + directory.resolve("ssh-said") + "; shift 3; exec sh -c \"$*\"");
        program(
                "nc",
                "for word; do echo \"<$word>\"; done >" + directory.resolve("nc-said") + "; exec perl " + relay() + " "
                        + directory.resolve("socket"));
    }

    private void program(String name, String script) throws IOException {
        Path file = Files.writeString(directory.resolve(name), "#!/bin/sh\n" + script + "\n");
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    private static String relay() {
        try {
            return Path.of(Objects.requireNonNull(SshUriIT.class.getResource("/conformance/relay.pl"))
                            .toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private String connect(String uri) throws IOException {
        try (RealServer server = RealServer.nbdkit("memory", "1M")) {
            Files.createSymbolicLink(directory.resolve("socket"), server.unixSocket());
            return Program.run(
                    "env",
                    "PATH=" + directory + ":" + System.getenv("PATH"),
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:+IgnoreUnrecognizedVMOptions",
                    "--enable-native-access=ALL-UNNAMED",
                    "-cp",
                    System.getProperty("java.class.path"),
                    ConnectByUri.class.getName(),
                    uri);
        }
    }

    @Test
    void aUriOfSshReachesTheServerThatTheOtherHostReachesOnItsPort() throws IOException {
        // When
        String output = connect("nbd+ssh://alice@server.example/");

        // Then
        assertThat(output.lines()).contains("size 1048576, uri false");
        assertThat(directory.resolve("ssh-said")).hasContent("-p 22 server.example nc localhost 10809\n");
        assertThat(directory.resolve("nc-said")).hasContent("<localhost>\n<10809>\n");
    }

    @Test
    void aUriOfSshReachesASocketOfTheOtherHost() throws IOException {
        // When
        String output = connect("NBD+SSH://server.example:2222/?SOCKET=/it%27s%20a%20$(socket)");

        // Then
        assertThat(output.lines()).contains("size 1048576, uri false");
        assertThat(directory.resolve("ssh-said")).hasContent("-p 2222 server.example nc -U '/it'\\''s a $(socket)'\n");
        assertThat(directory.resolve("nc-said")).hasContent("<-U>\n</it's a $(socket)>\n");
    }
}
