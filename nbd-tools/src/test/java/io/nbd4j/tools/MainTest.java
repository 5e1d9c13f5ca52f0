package io.nbd4j.tools;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.NbdVersion;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @ParameterizedTest
    @ValueSource(strings = {"--version", "-V", "load --version"})
    void printsTheVersionOfTheLibrary(String arguments) {
        // When
        int status = run(arguments.split(" "));

        // Then
        assertThat(status).isZero();
        assertThat(out).hasToString("nbd4j " + NbdVersion.version() + System.lineSeparator());
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void helpOfLoadNamesEveryOption() {
        // When
        int status = run("load", "--help");

        // Then
        assertThat(status).isZero();
        assertThat(out.toString())
                .contains("--rw", "--bs", "--iodepth", "--runtime", "--warmup", "--connections", "--rate")
                .contains("--verify", "--fill", "--subprocess-transport", "--json", "--batch", "--debug", "[TARGET]")
                .contains("--tls-certificates", "--tls-psk-file", "--tls-hostname", "--tls-verify", "--tls-provider");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void helpOfScaleNamesEveryOption() {
        // When
        int status = run("scale", "--help");

        // Then
        assertThat(status).isZero();
        assertThat(out.toString())
                .contains("--connections", "--event-loops", "--iodepth", "--runtime", "--warmup", "--queued", "--json");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void helpOfServeNamesEveryOption() {
        // When
        int status = run("serve", "--help");

        // Then
        assertThat(status).isZero();
        assertThat(out.toString())
                .contains("--memory", "--file", "--pattern", "--unix", "--port", "--stdio", "--size", "--read-only")
                .contains("--export", "--description", "--tls", "--tls-certificate", "--tls-key", "--tls-client-ca")
                .contains("--fault", "--debug");
        assertThat(err.toString()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "--help load", "--debug --help", "--debug --help serve"})
    void helpOfTheCommandNamesEveryVerb(String arguments) {
        // When
        int status = run(arguments.split(" "));

        // Then
        assertThat(status).isZero();
        assertThat(out.toString()).contains("nbd [-hV]", "\n  load ", "\n  serve ", "\n  scale ");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void optionsOfTheCommandMayStandBeforeTheVerb() {
        // When
        int status = run("--debug", "load", "--help");

        // Then
        assertThat(status).isZero();
        assertThat(out.toString()).contains("--iodepth");
    }

    static Stream<Arguments> badArguments() {
        return Stream.of(
                badArguments("a command is missing"),
                badArguments("Unmatched argument", "lead"),
                badArguments("Unknown option: '--foo'", "load", "--foo"),
                badArguments("neither an NBD URI nor [ COMMAND", "load", "nbdkit"),
                badArguments("nbd+foo", "load", "nbd+foo://x"),
                badArguments("URI", "load", "nbd://"),
                badArguments("'[' without ']'", "load", "[", "nbdkit"),
                badArguments("no command", "load", "[", "]"),
                badArguments("Unmatched argument", "load", "nbd://localhost", "[", "nbdkit", "]"),
                badArguments("Unmatched argument", "serve", "--stdio", "--memory", "1m", "[", "nbdkit", "]"),
                badArguments("'4q' is not a size", "load", "--bs", "4q"),
                badArguments("--bs must be 1 to 1g", "load", "--bs", "0"),
                badArguments("--bs must be 1 to 1g", "load", "--bs", "2g"),
                badArguments("'RANDREAD' is none of read, write", "load", "--rw", "RANDREAD"),
                badArguments("--iodepth must be 1 to 65536", "load", "--iodepth", "0"),
                badArguments("'many' is not an int", "load", "--iodepth", "many"),
                badArguments("--runtime must be positive", "load", "--runtime", "0"),
                badArguments("--runtime must be positive", "load", "--runtime", "NaN"),
                badArguments("--warmup must not be negative", "load", "--warmup", "-1"),
                badArguments("--connections must be 1", "load", "--connections", "0"),
                badArguments("--connections must be 1 to 65536: 0", "scale", "--connections", "1,0"),
                badArguments("'ten' is not an int", "scale", "--connections", "10,ten"),
                badArguments("--event-loops must be 1", "scale", "--event-loops", "0"),
                badArguments("--iodepth must be 1", "scale", "--iodepth", "0"),
                badArguments("--runtime must be positive", "scale", "--runtime", "0"),
                badArguments("--queued must be 0 to 1048576: -1", "scale", "--queued", "-1"),
                badArguments("Unmatched argument", "scale", "nbd://localhost"),
                badArguments("--rate must be at least 1", "load", "--rate", "0"),
                badArguments("--rate must be at least 1", "load", "--rate", "-5"),
                badArguments("multiple of 16", "load", "--verify", "--bs", "100"),
                badArguments("is none of auto, socketpair", "load", "--subprocess-transport", "fast"),
                badArguments("not for a URI", "load", "--subprocess-transport", "pipe", "nbd://localhost"),
                badArguments("that requires TLS", "load", "--tls-hostname", "x", "nbd://localhost"),
                badArguments("that requires TLS", "load", "--tls-provider", "jdk", "[", "nbdkit", "]"),
                badArguments(
                        "exclude each other", "load", "--tls-certificates=/x", "--tls-psk-file=/y", "nbds://localhost"),
                badArguments("--tls-hostname: an empty host name", "load", "--tls-hostname=", "nbds://localhost"),
                badArguments("is none of name, chain, none", "load", "--tls-verify=yes", "nbds://localhost"),
                badArguments("is none of auto, jdk, openssl", "load", "--tls-provider=x", "nbds://localhost"),
                badArguments("--bs and --batch exclude", "load", "--batch", "--bs", "4k"),
                badArguments("--json and --batch exclude", "load", "--json", "--batch"),
                badArguments("TARGET and --batch exclude", "load", "--batch", "nbd://localhost"),
                badArguments("TARGET and --batch exclude", "load", "--batch", "[", "nbdkit", "]"),
                badArguments("only once", "load", "--bs", "4k", "--bs", "8k"),
                badArguments("@/etc/hosts", "load", "@/etc/hosts"),
                badArguments("Missing required argument", "serve", "--stdio"),
                badArguments("mutually exclusive", "serve", "--memory", "1m", "--pattern", "1m"),
                badArguments("mutually exclusive", "serve", "--memory", "1m", "--stdio", "--port", "0"),
                badArguments("'1x' is not a size", "serve", "--memory", "1x"),
                badArguments("--tls-key", "serve", "--memory", "1m", "--tls-certificate", "x"),
                badArguments(
                        "/no/cert: no such",
                        "serve",
                        "--memory",
                        "1m",
                        "--tls-certificate",
                        "/no/cert",
                        "--tls-key",
                        "k"),
                badArguments("fault", "serve", "--memory", "1m", "--fault", "on READ nth 5: explode"),
                badArguments("--size is for --file", "serve", "--memory", "1m", "--size", "512"),
                badArguments("/no/such/file: no such file", "serve", "--file", "/no/such/file"),
                badArguments("port 65536 is not in the range", "serve", "--memory", "1m", "--port", "65536"),
                badArguments(
                        "/no/such/directory/sock", "serve", "--memory", "1m", "--unix", "/no/such/directory/sock"));
    }

    private static Arguments badArguments(String complaint, String... arguments) {
        return Arguments.of(complaint, arguments);
    }

    @ParameterizedTest
    @MethodSource("badArguments")
    void badArgumentsExitWithOneAndOneLine(String complaint, String[] arguments) {
        // When
        int status = run(arguments);

        // Then
        assertThat(status).isEqualTo(1);
        assertThat(out.toString()).isEmpty();
        assertThat(err.toString().lines())
                .singleElement()
                .asString()
                .startsWith("nbd")
                .contains(complaint);
    }

    private int run(String... arguments) {
        return new Main().execute(arguments, new PrintWriter(out), new PrintWriter(err));
    }
}
