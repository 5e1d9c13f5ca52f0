package io.nbd4j.client.internal.subprocess.socketpair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nbd4j.client.StderrPolicy;
import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.client.internal.subprocess.ChildProcess;
import io.nbd4j.client.internal.subprocess.ChildrenAtExit;
import io.nbd4j.client.internal.subprocess.CommandLookup;
import io.nbd4j.client.internal.subprocess.LaunchSpec;
import io.nbd4j.client.internal.subprocess.ladder.Launcher;
import io.nbd4j.client.internal.subprocess.ladder.RungLadder;
import io.nbd4j.client.internal.subprocess.socketpair.ChildJvm.Outcome;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The exit of a JVM ends the children that nobody closed. */
@Timeout(120)
class ChildrenAtExitIT {
    @TempDir
    Path directory;

    /** How the JVM comes to its end. */
    enum Exit {
        FROM_MAIN {
            @Override
            void exit(EventLoop loop) {
                System.exit(0);
            }
        },
        /** The loop is blocked from here on: it can neither signal nor reap. */
        FROM_THE_EVENT_LOOP {
            @Override
            void exit(EventLoop loop) {
                loop.execute(() -> System.exit(0));
            }
        },
        BY_SIGTERM {
            @Override
            void exit(EventLoop loop) throws Exception {
                new ProcessBuilder(
                                "kill",
                                "-TERM",
                                Long.toString(ProcessHandle.current().pid()))
                        .start()
                        .waitFor();
                Thread.currentThread().join();
            }
        };

        abstract void exit(EventLoop loop) throws Exception;
    }

    @BeforeEach
    void requireRung() {
        String reason = LibcProbe.ofThisJvm().reason();
        assumeTrue(reason == null, "no socketpair: " + reason);
    }

    @ParameterizedTest
    @EnumSource(Exit.class)
    void endsAChildThatDoesNotReadItsInput(Exit exit) throws Exception {
        // When
        Outcome outcome = ChildJvm.run(
                directory,
                StartAndExit.class,
                List.of("--enable-native-access=ALL-UNNAMED"),
                exit.name(),
                "echo ready >&2; exec sleep 1000");

        // Then
        assertChildIsGone(outcome);
    }

    @ParameterizedTest
    @EnumSource(Exit.class)
    void killsAChildThatIgnoresSigterm(Exit exit) throws Exception {
        // When
        Outcome outcome = ChildJvm.run(
                directory,
                StartAndExit.class,
                List.of("--enable-native-access=ALL-UNNAMED"),
                exit.name(),
                "trap '' TERM; echo ready >&2; exec sleep 1000");

        // Then
        assertChildIsGone(outcome);
    }

    private static void assertChildIsGone(Outcome outcome) {
        assertThat(outcome.output()).startsWith("pid ");
        String pid = outcome.output().lines().findFirst().orElseThrow().substring("pid ".length());
        await().until(() -> hasEnded(Path.of("/proc", pid, "stat")));
    }

    /** Whoever inherits the child need not reap it, so a zombie has ended, too. */
    private static boolean hasEnded(Path stat) throws IOException {
        try {
            String line = Files.readString(stat);
            return line.charAt(line.lastIndexOf(')') + 2) == 'Z';
        } catch (NoSuchFileException e) {
            return true;
        }
    }

    /** Starts a child with a shell script and exits without closing it. */
    public static final class StartAndExit {
        private StartAndExit() {}

        public static void main(String[] arguments) throws Exception {
            EventLoop loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory()).next();
            LaunchSpec spec = new LaunchSpec(List.of("sh", "-c", arguments[1]), Map.of(), null, StderrPolicy.CAPTURE);
            Launcher launcher = new Launcher(
                    CommandLookup.ofThisProcess(),
                    new RungLadder(List.of(new SocketpairRung())),
                    ChildrenAtExit.ofThisJvm());
            Launcher.Launch launch =
                    launcher.launch(spec, SubprocessTransport.SOCKETPAIR, loop).join();
            ChildProcess child = launch.launched().child();
            await().until(() -> child.stderrTail().equals("ready\n"));
            System.out.print("pid " + child.pid() + "\n");
            System.out.flush();
            Exit.valueOf(arguments[0]).exit(loop);
        }
    }
}
