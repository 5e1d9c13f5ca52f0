package io.nbd4j.client.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.testkit.junit.RequiresServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The log of a whole connection, in a JVM of its own, whose levels the test sets. The time limit only ends what hangs. */
@RequiresServer("nbdkit")
@Timeout(120)
class LoggingIT {
    private static List<String> lines(String... levels) {
        List<String> argv = new ArrayList<>();
        argv.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        argv.addAll(List.of(
                "-XX:+IgnoreUnrecognizedVMOptions", "--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1"));
        Stream.of(levels)
                .map(level -> "-Dorg.slf4j.simpleLogger.log.io.nbd4j.client" + level)
                .forEach(argv::add);
        argv.addAll(List.of("-cp", System.getProperty("java.class.path"), LoggedConnection.class.getName()));
        argv.addAll(List.of("nbdkit", "-s", "memory", "1M"));
        return Program.run(argv.toArray(String[]::new)).lines().toList();
    }

    @Test
    void eachLayerTellsWhatItDoesUnderTheNameOfTheHandle() {
        // When
        List<String> lines = lines("=trace");

        // Then
        assertThat(lines)
                .anySatisfy(line -> assertThat(line).contains("DEBUG io.nbd4j.client.handle - disk-7: connects to"))
                .anySatisfy(line -> assertThat(line).contains("disk-7: CREATED -> CONNECTING"))
                .anySatisfy(line -> assertThat(line).contains("disk-7: CONNECTING -> READY"))
                .anySatisfy(line -> assertThat(line).contains("disk-7: READY -> CLOSED"))
                .anySatisfy(line -> assertThat(line).contains("DEBUG io.nbd4j.client.transport - disk-7:"))
                .anySatisfy(line -> assertThat(line).contains("DEBUG io.nbd4j.client.subprocess - disk-7: process"))
                .anySatisfy(line -> assertThat(line).contains("disk-7: the child has ended: "))
                .anySatisfy(line -> assertThat(line).contains("DEBUG io.nbd4j.client.negotiation - disk-7: greeting"))
                .anySatisfy(line -> assertThat(line).contains("disk-7: option Go[exportName="))
                .anySatisfy(line -> assertThat(line).contains("disk-7: reply to GO: Ack"))
                .anySatisfy(line -> assertThat(line)
                        .contains("TRACE io.nbd4j.client.transmission - disk-7: request WRITE, ")
                        .contains(", offset 1024, length 512, cookie 0x"))
                .anySatisfy(line ->
                        assertThat(line).contains("disk-7: reply to WRITE, ").endsWith(": success"))
                .anySatisfy(line -> assertThat(line).contains("disk-7: request DISC"));
    }

    @Test
    void aLayerIsSwitchedOnByItsName() {
        // When
        List<String> lines = lines(".handle=debug", ".transmission=debug");

        // Then
        assertThat(lines).isNotEmpty().allMatch(line -> line.contains(" DEBUG io.nbd4j.client.handle - disk-7: "));
    }

    @Test
    void nothingIsSaidByDefault() {
        assertThat(lines()).isEmpty();
    }
}
