package io.nbd4j.client.internal.subprocess.socketpair;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nbd4j.client.ExitStatus;
import io.nbd4j.client.StderrPolicy;
import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.client.internal.subprocess.ChildrenAtExit;
import io.nbd4j.client.internal.subprocess.CommandLookup;
import io.nbd4j.client.internal.subprocess.Executable;
import io.nbd4j.client.internal.subprocess.LaunchSpec;
import io.nbd4j.client.internal.subprocess.Launched;
import io.nbd4j.client.internal.subprocess.Rung;
import io.nbd4j.client.internal.subprocess.StderrTail;
import io.nbd4j.client.internal.subprocess.ladder.Launcher;
import io.nbd4j.client.internal.subprocess.ladder.RungLadder;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real children on a real socket. The time limit only ends what hangs. */
@Timeout(120)
class SocketpairRungIT {
    @TempDir
    Path directory;

    private final SocketpairRung rung = new SocketpairRung();
    private IoEventLoopGroup group;
    private IoEventLoop loop;

    @BeforeEach
    void createLoop() {
        String reason = LibcProbe.ofThisJvm().reason();
        assumeTrue(reason == null, "no socketpair: " + reason);
        group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        loop = group.next();
        reason = rung.unavailableBecause(loop);
        assumeTrue(reason == null, "no socketpair: " + reason);
    }

    @AfterEach
    void endGroup() {
        if (group != null) {
            group.shutdownGracefully(0, 10, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }

    @Test
    void givesTheChildOneSocketAsItsInputAndOutput() throws IOException {
        // Given
        try (Conversation child = start("readlink /proc/$$/fd/0; readlink /proc/$$/fd/1")) {
            // When
            String[] lines = child.receiveAll().split("\n");

            // Then
            assertThat(lines).hasSize(2).allMatch(line -> line.startsWith("socket:["));
            assertThat(lines[0]).isEqualTo(lines[1]);
        }
    }

    @Test
    void carriesBytesBothWays() throws IOException {
        // Given
        String text = "0123456789abcdef".repeat(64 * 1024);
        try (Conversation child = start(spec("cat"))) {
            // When
            child.send(text);

            // Then
            assertThat(child.receive(received -> received.length() >= text.length()))
                    .isEqualTo(text);
        }
    }

    @Test
    void givesTheChildAnEndThatBlocks() throws IOException {
        // Given
        try (Conversation child = start("grep flags /proc/$$/fdinfo/0; read line; echo got $line")) {
            // When
            String flags = child.receive(received -> received.endsWith("\n"));
            child.send("it\n");

            // Then
            int value = Integer.parseInt(flags.replaceAll("\\D", ""), 8);
            assertThat(value & Descriptor.O_NONBLOCK).isZero();
            assertThat(child.receiveAll()).endsWith("got it\n");
        }
    }

    @Test
    void givesTheChildEofWhenTheChannelIsClosed() throws IOException {
        // Given
        try (Conversation child = start(spec("cat"))) {
            // When
            child.channel().close().syncUninterruptibly();

            // Then
            assertThat(child.exit()).isEqualTo(ExitStatus.exited(0));
        }
    }

    @Test
    void handsArgumentsOnAsTheyAre() throws IOException {
        // Given
        List<String> arguments = List.of("with space", "", "gr\u00fcn \u2603", "\"quoted\" $HOME *", "two\nlines");
        List<String> argv = new ArrayList<>(List.of("sh", "-c", "for a; do printf '<%s>' \"$a\"; done", "sh"));
        argv.addAll(arguments);
        try (Conversation child = start(spec(argv.toArray(String[]::new)))) {
            // When
            String printed = child.receiveAll();

            // Then
            assertThat(printed)
                    .isEqualTo(arguments.stream().map(a -> '<' + a + '>').collect(Collectors.joining()));
        }
    }

    @Test
    void handsTheNameOfTheCommandOnAsItWasGiven() throws IOException {
        // Given
        try (Conversation child = start(spec("cat", "/proc/self/cmdline"))) {
            // When
            String commandLine = child.receiveAll();

            // Then
            assertThat(commandLine).isEqualTo("cat\0/proc/self/cmdline\0");
        }
    }

    @Test
    void addsToTheEnvironmentAndReplacesInIt() throws IOException {
        // Given
        Map<String, String> additions = Map.of("HOME", "/some where", "NBD4J_NEW", "gr\u00fcn=1");
        Map<String, String> expected = new HashMap<>(System.getenv());
        expected.putAll(additions);
        LaunchSpec spec = new LaunchSpec(List.of("env", "-0"), additions, null, StderrPolicy.CAPTURE);
        try (Conversation child = start(spec)) {
            // When
            List<String> variables = List.of(child.receiveAll().split("\0"));

            // Then
            assertThat(variables)
                    .containsExactlyInAnyOrderElementsOf(expected.entrySet().stream()
                            .map(e -> e.getKey() + '=' + e.getValue())
                            .toList());
        }
    }

    @Test
    void startsTheChildInItsDirectory() throws IOException {
        // Given
        LaunchSpec spec = new LaunchSpec(List.of("pwd", "-P"), Map.of(), directory, StderrPolicy.CAPTURE);
        try (Conversation child = start(spec)) {
            // When
            String printed = child.receiveAll();

            // Then
            assertThat(printed.trim()).isEqualTo(directory.toRealPath().toString());
        }
    }

    @Test
    void runsAScriptWithoutAnInterpreterLine() throws IOException {
        // Given
        Path script = directory.resolve("serve");
        Files.writeString(script, "echo \"$0 $1\"\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        try (Conversation child = start(spec(script.toString(), "an argument"))) {
            // When
            String printed = child.receiveAll();

            // Then
            assertThat(printed).isEqualTo(script + " an argument\n");
        }
    }

    @Test
    void capturesALongStderrWithoutLoss() throws IOException {
        // Given
        int last = 50_000;
        try (Conversation child = start(spec("sh", "-c", "exec seq 1 " + last + " >&2"))) {
            // When
            ExitStatus status = child.exit();
            child.child().onStderrEnd().join();

            // Then
            StringBuilder all = new StringBuilder();
            for (int i = 1; i <= last; i++) {
                all.append(i).append('\n');
            }
            assertThat(status).as("seq fails if a write does").isEqualTo(ExitStatus.exited(0));
            assertThat(all).hasSizeGreaterThan(280_000);
            assertThat(child.child().stderrTail()).isEqualTo(all.substring(all.length() - StderrTail.CAPACITY));
        }
    }

    @Test
    void keepsStderrOpenForAGrandchild() throws IOException {
        // Given
        try (Conversation child = start("exec 3<&0; (read line <&3; echo $line >&2) & exit 5")) {
            assertThat(child.exit()).isEqualTo(ExitStatus.exited(5));
            assertThat(child.child().onStderrEnd()).isNotDone();

            // When
            child.send("from the grandchild\n");

            // Then
            child.child().onStderrEnd().join();
            assertThat(child.child().stderrTail()).isEqualTo("from the grandchild\n");
        }
    }

    @Test
    void discardsStderr() throws IOException {
        // Given
        try (Conversation child = start("readlink /proc/$$/fd/2; echo lost >&2", StderrPolicy.DISCARD)) {
            // When
            String printed = child.receiveAll();

            // Then
            assertThat(printed).isEqualTo("/dev/null\n");
            assertThat(child.child().onStderrEnd()).isCompleted();
            assertThat(child.child().stderrTail()).isEmpty();
        }
    }

    @Test
    void handsItsOwnStderrOn() throws IOException {
        // Given
        String own = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
        try (Conversation child = start("readlink /proc/$$/fd/2", StderrPolicy.INHERIT)) {
            // When
            String printed = child.receiveAll();

            // Then
            assertThat(printed.trim()).isEqualTo(own);
            assertThat(child.child().onStderrEnd()).isCompleted();
        }
    }

    @Test
    void reportsHowTheChildEnded() throws IOException {
        // Given
        try (Conversation exiting = start("exit 200");
                Conversation killed = start("kill -SEGV $$");
                Conversation terminated = start(spec("sleep", "1000"))) {
            // When
            terminated.child().terminate();

            // Then
            assertThat(exiting.exit()).isEqualTo(ExitStatus.exited(200));
            assertThat(killed.exit()).isEqualTo(ExitStatus.signalled(11));
            assertThat(terminated.exit()).isEqualTo(ExitStatus.signalled(15));
        }
    }

    @Test
    void killsAChildThatIgnoresSigterm() throws IOException {
        // Given
        try (Conversation child = start("trap '' TERM; echo ready; exec sleep 1000")) {
            child.receive(received -> received.equals("ready\n"));

            // When
            child.child().terminate();
            child.child().kill();

            // Then
            assertThat(child.exit()).isEqualTo(ExitStatus.signalled(9));
            child.child().terminate();
            child.child().kill();
        }
    }

    @Test
    void leavesNoSignalBlockedNorSigpipeIgnored() throws IOException {
        // Given
        int sigpipe = 1 << 12;
        // The C library has two signals of its own behind these, and ignores them in every child.
        int standard = Integer.MAX_VALUE;
        long ownIgnored = signals(Files.readString(Path.of("/proc/self/status")), "SigIgn");
        try (Conversation child = start(spec("cat", "/proc/self/status"))) {
            // When
            String status = child.receiveAll();

            // Then
            assertThat(signals(status, "SigBlk")).isZero();
            assertThat(signals(status, "SigIgn") & standard).isEqualTo(ownIgnored & standard & ~sigpipe);
        }
    }

    @Test
    void leavesNoOtherDescriptorToTheChild() throws IOException {
        // Given
        FileDescriptor[] pipe = FileDescriptor.pipe();
        try (ServerSocketChannel server =
                        ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                Conversation child = start("ls /proc/$$/fd; :")) {
            // When
            String printed = child.receiveAll();

            // Then
            assertThat(server.isOpen()).isTrue();
            assertThat(printed.lines()).containsExactly("0", "1", "2");
        } finally {
            pipe[0].close();
            pipe[1].close();
        }
    }

    @Test
    void keepsAChildAliveWhenTheThreadThatAskedForItEnds() throws Exception {
        // Given
        CompletableFuture<Launcher.Launch> started = new CompletableFuture<>();
        Launcher launcher =
                new Launcher(CommandLookup.ofThisProcess(), new RungLadder(List.of(rung)), ChildrenAtExit.ofThisJvm());
        Thread thread = new Thread(() -> started.complete(
                launcher.launch(spec("setpriv", "--pdeathsig", "KILL", "cat"), SubprocessTransport.AUTO, loop)
                        .join()));

        // When
        thread.start();
        thread.join();

        // Then
        Launcher.Launch launch = started.join();
        assertThat(launch.transport()).isEqualTo(SubprocessTransport.SOCKETPAIR);
        try (Conversation child = new Conversation(launch.launched(), loop)) {
            child.send("still here");
            assertThat(child.receive(received -> received.length() >= 10)).isEqualTo("still here");
        }
    }

    @Test
    void endsAChildThatWasStartedForNobody() throws InterruptedException {
        // Given
        List<String> before = OpenDescriptors.ofThisProcess();
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch cancelled = new CountDownLatch(1);
        Rung slow = new DelegatingRung(rung, started, cancelled);
        ChildrenAtExit atExit = ChildrenAtExit.ofThisJvm();
        Launcher launcher = new Launcher(CommandLookup.ofThisProcess(), new RungLadder(List.of(slow)), atExit);

        // When
        CompletableFuture<?> future = launcher.launch(spec("sleep", "1000"), SubprocessTransport.AUTO, loop);
        started.await();
        assertThat(children()).hasSize(1);
        future.cancel(false);
        cancelled.countDown();

        // Then
        await().untilAsserted(() -> {
            assertThat(children()).isEmpty();
            assertThat(OpenDescriptors.ofThisProcess()).isEqualTo(before);
        });
    }

    @Test
    void leavesNothingBehindAfterAThousandChildren() throws IOException {
        // Given
        runOnce();
        List<String> descriptors = OpenDescriptors.ofThisProcess();
        int threads = Thread.getAllStackTraces().size();

        // When
        for (int i = 0; i < 1000; i++) {
            runOnce();
        }

        // Then
        assertThat(OpenDescriptors.ofThisProcess()).isEqualTo(descriptors);
        assertThat(children()).isEmpty();
        assertThat(Thread.getAllStackTraces().size()).isLessThan(threads + 10);
    }

    @Test
    void leavesNothingBehindWhereverStartingFails() throws IOException {
        // Given
        LaunchSpec spec = new LaunchSpec(List.of("sleep", "1000"), Map.of("A", "b"), directory, StderrPolicy.CAPTURE);
        Libc libc = requireNonNull(LibcProbe.ofThisJvm().libc());
        FailingLibc recorder = new FailingLibc(libc);
        try (Conversation child = start(rungOn(recorder.recording()), spec)) {
            child.child().kill();
            child.exit();
        }
        List<String> calls = List.copyOf(recorder.calls());
        List<String> before = OpenDescriptors.ofThisProcess();
        int started = calls.lastIndexOf("posixSpawn");
        assertThat(calls.subList(0, started)).contains("socketpair", "pipe2", "fcntl", "setsockopt");

        for (int i = 0; i <= started; i++) {
            if (!FailingLibc.canFail(calls.get(i))) {
                continue;
            }
            SocketpairRung failing = rungOn(new FailingLibc(libc).failingAt(i));

            // When // Then
            assertThatThrownBy(() -> start(failing, spec))
                    .as("call %d, %s", i, calls.get(i))
                    .isInstanceOf(IOException.class)
                    .hasMessageContainingAll("could not start sleep", "Cannot allocate memory");
            assertThat(OpenDescriptors.ofThisProcess())
                    .as("call %d, %s", i, calls.get(i))
                    .isEqualTo(before);
            assertThat(children()).isEmpty();
        }
    }

    @Test
    void leavesNothingBehindWhenAChildCannotBeWatched() {
        // Given
        List<String> before = OpenDescriptors.ofThisProcess();
        RuntimeException thrown = new IllegalStateException("thrown on purpose by a test");
        Libc libc = requireNonNull(LibcProbe.ofThisJvm().libc());
        SocketpairRung failing = rungOn(new FailingLibc(libc).throwingAt("syscall", thrown));

        // When // Then
        assertThatThrownBy(() -> start(failing, spec("sleep", "1000"))).isSameAs(thrown);
        assertThat(OpenDescriptors.ofThisProcess()).isEqualTo(before);
        assertThat(children()).isEmpty();
    }

    @Test
    void leavesNothingBehindWhenTheFileCannotBeExecuted() throws IOException {
        // Given
        List<String> before = OpenDescriptors.ofThisProcess();
        Executable gone = new Executable(directory.resolve("gone"), spec("gone"));

        // When // Then
        assertThatThrownBy(() -> rung.launch(gone, loop))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll("could not start gone", "No such file or directory");
        assertThat(OpenDescriptors.ofThisProcess()).isEqualTo(before);
        assertThat(children()).isEmpty();
    }

    @Test
    void asksATimerWhereTheKernelGivesNoPidfd() throws IOException {
        // Given
        Libc libc = requireNonNull(LibcProbe.ofThisJvm().libc());
        SocketpairRung old = rungOn(new FailingLibc(libc).without("syscall"));
        try (Conversation child = start(old, spec("cat"))) {
            child.send("x");
            child.receive(received -> received.equals("x"));

            // When
            child.channel().close().syncUninterruptibly();

            // Then
            assertThat(child.exit()).isEqualTo(ExitStatus.exited(0));
        }
        assertThat(children()).isEmpty();
    }

    @Test
    void reapsAChildThatOutlivesItsLoop() throws IOException {
        // Given
        List<String> before = OpenDescriptors.ofThisProcess();
        Conversation child = start(spec("sleep", "1000"));
        child.channel().close().syncUninterruptibly();

        // When
        endGroup();
        assertThat(child.child().onExit()).isNotDone();
        child.child().terminate();

        // Then
        assertThat(child.exit()).isEqualTo(ExitStatus.signalled(15));
        assertThat(child.child().onStderrEnd().join()).isNull();
        assertThat(children()).isEmpty();
        assertThat(OpenDescriptors.ofThisProcess()).hasSizeLessThanOrEqualTo(before.size());
    }

    @Test
    void startsNothingOnALoopThatEnds() {
        // Given
        endGroup();

        // When // Then
        assertThatThrownBy(() -> start(spec("cat")))
                .isInstanceOf(IOException.class)
                .hasMessage("could not start cat: the event loop is shutting down");
        assertThat(children()).isEmpty();
    }

    @Test
    void isNotAvailableOnAnotherKindOfLoop() {
        // Given
        EventLoop other = new DefaultEventLoop();

        try {
            // When
            String reason = rung.unavailableBecause(other);

            // Then
            assertThat(reason).isEqualTo("the event loop does not use epoll");
        } finally {
            endLoop(other);
        }
    }

    private void runOnce() throws IOException {
        try (Conversation child = start(spec("true"))) {
            assertThat(child.receiveAll()).isEmpty();
            assertThat(child.exit()).isEqualTo(ExitStatus.exited(0));
            child.child().onStderrEnd().join();
        }
    }

    private Conversation start(String script) throws IOException {
        return start(script, StderrPolicy.CAPTURE);
    }

    private Conversation start(String script, StderrPolicy stderr) throws IOException {
        return start(new LaunchSpec(List.of("sh", "-c", script), Map.of(), null, stderr));
    }

    private Conversation start(LaunchSpec spec) throws IOException {
        return start(rung, spec);
    }

    private Conversation start(SocketpairRung rung, LaunchSpec spec) throws IOException {
        return new Conversation(rung.launch(CommandLookup.ofThisProcess().find(spec), loop), loop);
    }

    private static SocketpairRung rungOn(Libc libc) {
        return new SocketpairRung(() -> new LibcProbe(libc, null));
    }

    private static LaunchSpec spec(String... argv) {
        return new LaunchSpec(List.of(argv), Map.of(), null, StderrPolicy.CAPTURE);
    }

    /** Returns the children of this process, zombies included. */
    private static List<Long> children() {
        return ProcessHandle.current().children().map(ProcessHandle::pid).toList();
    }

    private static long signals(String status, String name) {
        return status.lines()
                .filter(line -> line.startsWith(name + ':'))
                .map(line ->
                        Long.parseUnsignedLong(line.substring(name.length() + 1).trim(), 16))
                .findFirst()
                .orElseThrow();
    }

    private static void endLoop(EventLoop loop) {
        loop.shutdownGracefully(0, 10, TimeUnit.SECONDS).syncUninterruptibly();
    }

    /** Holds a launch that has succeeded back until its future was cancelled. */
    private record DelegatingRung(SocketpairRung real, CountDownLatch started, CountDownLatch cancelled)
            implements Rung {
        @Override
        public SubprocessTransport transport() {
            return real.transport();
        }

        @Override
        public @Nullable String unavailableBecause(EventLoop loop) {
            return real.unavailableBecause(loop);
        }

        @Override
        public Launched launch(Executable executable, EventLoop loop) throws IOException {
            Launched launched = real.launch(executable, loop);
            started.countDown();
            try {
                cancelled.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return launched;
        }
    }
}
