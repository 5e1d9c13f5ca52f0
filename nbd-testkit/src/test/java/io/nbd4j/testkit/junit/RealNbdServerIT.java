package io.nbd4j.testkit.junit;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.testkit.RealServer;
import io.nbd4j.testkit.page.DiskClient;
import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

/** The static classes are not run by the build but by these tests. */
@ResourceLock(Resources.SYSTEM_PROPERTIES)
class RealNbdServerIT {
    @Nested
    class OnThePath {
        @Test
        void nbdkit(@RealNbdServer({"nbdkit", "memory", "1M"}) RealServer server) throws IOException {
            assertSize(server.uri(), 1 << 20);
        }

        @Test
        void nbdkitOnTcp(
                @RealNbdServer(
                                value = {"nbdkit", "--filter=readahead", "pattern", "1M"},
                                transport = NbdServer.Transport.TCP)
                        RealServer server)
                throws IOException {
            try (DiskClient client = DiskClient.connect(server.uri())) {
                assertThat(server.port()).isPositive();
                assertThat(client.read(8, 8)).containsExactly(0, 0, 0, 0, 0, 0, 0, 8);
            }
        }

        @Test
        void qemuNbd(
                @RealNbdServer(
                                value = {"qemu-nbd", "-r"},
                                image = 1 << 20)
                        RealServer server)
                throws IOException {
            assertSize(server.uri(), 1 << 20);
        }

        @Test
        void nbdServer(
                @RealNbdServer(
                                value = {"nbd-server", "flush = true"},
                                image = 1 << 20)
                        RealServer server)
                throws IOException {
            assertSize(server.uri("disk"), 1 << 20);
        }
    }

    private static void assertSize(String uri, long size) throws IOException {
        try (DiskClient client = DiskClient.connect(uri)) {
            assertThat(client.size()).isEqualTo(size);
        }
    }

    @Nested
    class Rules {
        private final String before = System.getProperty(RequiresServer.PROPERTY, "");

        @BeforeEach
        void makeServersOptional() {
            System.clearProperty(RequiresServer.PROPERTY);
        }

        @AfterEach
        void restore() {
            System.setProperty(RequiresServer.PROPERTY, before);
        }

        @Test
        void aTestWithoutItsProgramIsSkippedAndTheOthersRun() {
            // Given // When
            EngineRun run = EngineRun.of(Skipped.class);

            // Then
            assertThat(run.failed).isEmpty();
            assertThat(run.skipped.get("needsIt(RealServer)")).contains("not on the PATH: no-such-server");
            assertThat(run.successful).contains("doesNot()");
        }

        @Test
        void aClassWithoutTheProgramOfAFieldOrOfALifecycleMethodIsSkipped() {
            assertThat(EngineRun.of(SkippedForAField.class).skipped).containsOnlyKeys("SkippedForAField");
            assertThat(EngineRun.of(SkippedForAMethod.class).skipped).containsOnlyKeys("SkippedForAMethod");
        }

        @Test
        void failsWhenServersAreRequired() {
            // Given
            System.setProperty(RequiresServer.PROPERTY, RequiresServer.REQUIRED);

            // When
            EngineRun run = EngineRun.of(Skipped.class);

            // Then
            assertThat(run.skipped).isEmpty();
            assertThat(run.failure("needsIt(RealServer)")).hasStackTraceContaining("no-such-server");
        }

        @Test
        @RequiresServer({"nbdkit", "qemu-nbd", "nbd-server"})
        void whatCannotBeIsSaidInOneLine() {
            // Given // When
            EngineRun run = EngineRun.of(Contradictions.class);

            // Then
            assertFails(run, "nothing(RealServer)", "'' is none of nbdkit, qemu-nbd and nbd-server");
            assertFails(run, "other(RealServer)", "'sh' is none of nbdkit, qemu-nbd and nbd-server");
            assertFails(run, "nbdkitWithImage(RealServer)", "nbdkit takes no image: its plugin makes the disk");
            assertFails(run, "qemuWithout(RealServer)", "qemu-nbd needs an image, of more than 0 bytes");
            assertFails(run, "qemuOnTcp(RealServer)", "qemu-nbd is started on a Unix socket only");
        }

        private void assertFails(EngineRun run, String test, String why) {
            String name = test.substring(0, test.indexOf('('));
            assertThat(run.failure(test))
                    .hasMessageEndingWith(
                            "@RealNbdServer on parameter 'server' of Contradictions." + name + ": " + why);
        }

        @Test
        @RequiresServer("nbdkit")
        void whatTheServerHasWrittenIsShownIfTheTestFailsAndTheServerIsGoneThen() {
            // Given // When
            EngineRun run = EngineRun.of(Failing.class);

            // Then
            assertThat(run.failure("fails()")).hasMessage("on purpose");
            assertThat(run.failure("fails()").getSuppressed()[0])
                    .hasMessageStartingWith("field 'server' of Failing:\n")
                    .hasMessageContaining("nbdkit: debug: ");
            assertThat(run.reported.get("fails()")).containsKey("field 'server' of Failing");
            assertThat(Failing.used.filter(ProcessHandle::isAlive)).isEmpty();
        }
    }

    static class Skipped {
        @Test
        void needsIt(@RealNbdServer("no-such-server") RealServer server) {}

        @Test
        void doesNot() {}
    }

    static class SkippedForAField {
        @RealNbdServer("no-such-server")
        RealServer server;

        @Test
        void isNotReached() {}
    }

    static class SkippedForAMethod {
        @BeforeEach
        void before(@RealNbdServer("no-such-server") RealServer server) {}

        @Test
        void isNotReached() {}
    }

    static class Contradictions {
        @Test
        void nothing(@RealNbdServer({}) RealServer server) {}

        @Test
        void other(@RealNbdServer("sh") RealServer server) {}

        @Test
        void nbdkitWithImage(
                @RealNbdServer(
                                value = {"nbdkit", "memory", "1M"},
                                image = 1)
                        RealServer server) {}

        @Test
        void qemuWithout(@RealNbdServer("qemu-nbd") RealServer server) {}

        @Test
        void qemuOnTcp(
                @RealNbdServer(value = "qemu-nbd", image = 512, transport = NbdServer.Transport.TCP)
                        RealServer server) {}
    }

    static class Failing {
        static Optional<ProcessHandle> used = Optional.empty();

        @RealNbdServer({"nbdkit", "--verbose", "memory", "1M"})
        RealServer server;

        @Test
        void fails() {
            used = ProcessHandle.of(server.pid());
            throw new AssertionError("on purpose");
        }
    }
}
