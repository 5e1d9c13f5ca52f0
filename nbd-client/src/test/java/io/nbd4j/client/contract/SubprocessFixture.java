package io.nbd4j.client.contract;

import static io.nbd4j.client.contract.Outcomes.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.testkit.junit.RequiresServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Commands on one rung of the ladder, and clients that are closed at the end. What extends it is true on every rung. The time
 * limit only ends what hangs.
 */
@RequiresServer("nbdkit")
@Timeout(120)
abstract class SubprocessFixture {
    static final int BLOCK = 4096;
    static final Duration SHORT = Duration.ofMillis(200);
    static final Duration LONG = Duration.ofSeconds(60);

    final SubprocessTransport rung;

    private final List<NbdClient> clients = new ArrayList<>();

    @TempDir
    Path directory;

    SubprocessFixture(SubprocessTransport rung) {
        this.rung = rung;
    }

    @BeforeEach
    void requireRung() {
        String reason = new ChildSetting(rung).unavailableBecause();
        assumeTrue(reason == null, reason);
    }

    @AfterEach
    void closeClients() {
        clients.forEach(nbd -> await(nbd.closeAsync()));
    }

    NbdTarget.Command command(String... argv) {
        return NbdTarget.command(argv).withTransport(rung);
    }

    NbdTarget.Command nbdkit(String... arguments) {
        return command(
                Stream.concat(Stream.of("nbdkit", "-s"), Stream.of(arguments)).toArray(String[]::new));
    }

    NbdTarget.Command shell(String script) {
        return command("sh", "-c", script);
    }

    /**
     * A child that serves, and then stays: it ignores EOF, but not what a shell can't.
     *
     * @param onSigterm what it does then; empty if it ignores that too
     */
    NbdTarget.Command stayer(String onSigterm) throws IOException {
        // Opened for both directions: it can be opened at once, and reading from it never ends.
        return shell("trap '" + onSigterm + "' TERM; nbdkit -s memory 1M; read word <>" + fifo("never"));
    }

    Path fifo(String name) throws IOException {
        Path fifo = directory.resolve(name);
        Process make = new ProcessBuilder("mkfifo", fifo.toString()).inheritIO().start();
        assertThat(make.onExit().orTimeout(10, TimeUnit.SECONDS).join().exitValue())
                .isZero();
        return fifo;
    }

    NbdClient client() {
        return client(NbdClient.builder());
    }

    NbdClient client(NbdClientBuilder builder) {
        NbdClient nbd = builder.build();
        clients.add(nbd);
        return nbd;
    }

    static void requireEpoll() {
        String reason = Loops.EPOLL.unavailableBecause();
        assumeTrue(reason == null, reason);
    }

    static void assertWorks(NbdClient nbd) {
        await(nbd.pread(BLOCK, 0)).release();
    }
}
