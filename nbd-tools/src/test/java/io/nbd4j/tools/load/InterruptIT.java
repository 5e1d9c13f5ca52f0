package io.nbd4j.tools.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.testkit.junit.RequiresServer;
import io.nbd4j.tools.NbdCommand;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ctrl-C, which the terminal sends to the command and to its server. */
@RequiresServer("nbdkit")
class InterruptIT {
    private static final String ENDLESS = "--warmup=0 --runtime=600";

    @TempDir
    Path directory;

    @Test
    void printsTheFiguresAndExitsWith130() throws Exception {
        // Given
        NbdCommand command = startAndAwaitAnswers(ENDLESS);

        // When
        NbdCommand.interrupt(command.process());

        // Then
        NbdCommand.Result result = command.await();
        assertThat(result.status()).isEqualTo(130);
        assertThat(result.err()).isEmpty();
        assertThat(result.out()).startsWith("randread 4 KiB").containsPattern("\nIOPS +[0-9,]*[1-9]");
    }

    @Test
    void whatFailsSinceTheServerWasInterruptedTooIsNoError() throws Exception {
        // Given
        NbdCommand command = startAndAwaitAnswers(ENDLESS + " --json");
        List<ProcessHandle> servers = command.process().children().toList();

        // When
        for (ProcessHandle server : servers) {
            NbdCommand.interrupt(server);
        }
        NbdCommand.interrupt(command.process());

        // Then
        NbdCommand.Result result = command.await();
        assertThat(servers).hasSize(1);
        assertThat(result.err()).isEmpty();
        assertThat(result.status()).isEqualTo(130);
        Map<String, Object> figures = Json.parse(result.out());
        assertThat(figures).containsEntry("errors", 0L);
        assertThat((Double) figures.get("iops")).isPositive();
    }

    @Test
    void endsAnOpenLoopThatWaits() throws Exception {
        // Given: one request at the start, and the next far away
        NbdCommand command = startAndAwaitAnswers("--warmup=60 --rate=1 --json");

        // When
        NbdCommand.interrupt(command.process());

        // Then
        NbdCommand.Result result = command.await();
        assertThat(result.status()).isEqualTo(130);
        assertThat(result.err()).isEmpty();
        assertThat(Json.parse(result.out())).containsEntry("iops", 0.0);
    }

    @Test
    void printsNothingBeforeThereIsAConnection() throws Exception {
        // Given: a server that says nothing
        NbdCommand command = NbdCommand.start(directory, "load", "[", "sleep", "600", "]");
        Awaitility.await().until(() -> command.process().children().findAny().isPresent());

        // When
        NbdCommand.interrupt(command.process());

        // Then
        assertThat(command.await()).isEqualTo(new NbdCommand.Result(130, "", ""));
    }

    private NbdCommand startAndAwaitAnswers(String options) throws Exception {
        Path log = directory.resolve("log");
        NbdCommand command = NbdCommand.start(
                directory,
                ("load [ nbdkit -s --filter=log memory 1M logfile=" + log + " ] --iodepth=1 " + options).split(" "));
        Awaitility.await().until(() -> ServerLog.hasRead(log));
        return command;
    }
}
