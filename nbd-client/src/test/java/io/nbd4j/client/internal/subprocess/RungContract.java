package io.nbd4j.client.internal.subprocess;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nbd4j.client.ExitStatus;
import io.nbd4j.client.StderrPolicy;
import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.client.internal.subprocess.socketpair.Conversation;
import io.nbd4j.client.internal.subprocess.socketpair.OpenDescriptors;
import io.nbd4j.testkit.junit.RequiresServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.DuplexChannel;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What every way of starting a child must do, with real children. The time limit only ends what hangs. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@EnabledOnOs(value = OS.LINUX, disabledReason = "looks into /proc")
public abstract class RungContract {
    private static final int BIG = 32 << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    protected final Rung rung = newRung();
    protected final EventLoopGroup group = newGroup();
    protected final EventLoop loop = group.next();

    /** Returns the rung to test. */
    protected abstract Rung newRung();

    /** Returns a group whose loops the rung can use. */
    protected abstract EventLoopGroup newGroup();

    /** Returns what the rung calls itself. */
    protected abstract SubprocessTransport transport();

    @BeforeEach
    void skipWhereItCanNotRun() {
        String reason = rung.unavailableBecause(loop);
        assumeTrue(reason == null, () -> String.valueOf(reason));
    }

    @AfterEach
    void endGroup() {
        group.shutdownGracefully(0, 10, TimeUnit.SECONDS).syncUninterruptibly();
    }

    protected static LaunchSpec spec(String... argv) {
        return new LaunchSpec(List.of(argv), Map.of(), null, StderrPolicy.CAPTURE);
    }

    protected static LaunchSpec script(String text) {
        return spec("sh", "-c", text);
    }

    protected final Launched launch(LaunchSpec spec) throws IOException {
        return rung.launch(CommandLookup.ofThisProcess().find(spec), loop);
    }

    protected final Conversation start(LaunchSpec spec) throws IOException {
        return new Conversation(launch(spec), loop);
    }

    /** Returns the children of this process, zombies included. */
    private static List<Long> children() {
        return ProcessHandle.current().children().map(ProcessHandle::pid).toList();
    }

    @Test
    public void saysWhichOneItIs() {
        // When
        SubprocessTransport name = rung.transport();

        // Then
        assertThat(name).isEqualTo(transport());
    }

    @Test
    public void carries32MebibytesThroughCat() throws Exception {
        // Given
        Launched launched = launch(spec("cat"));
        DuplexChannel channel = (DuplexChannel) launched.channel();
        CRC32 received = new CRC32();
        channel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object message) {
                ByteBuf bytes = (ByteBuf) message;
                received.update(bytes.nioBuffer());
                bytes.release();
            }
        });
        loop.register(channel).sync();
        CRC32 sent = new CRC32();
        Random random = new Random(5);

        // When
        byte[] piece = new byte[1 << 18];
        for (int i = 0; i < BIG / piece.length; i++) {
            random.nextBytes(piece);
            sent.update(piece);
            ByteBuf buffer = channel.alloc().directBuffer(piece.length).writeBytes(piece);
            ChannelFuture written = channel.writeAndFlush(buffer);
            if (!channel.isWritable()) {
                written.sync();
            }
        }
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).sync();
        channel.shutdownOutput().sync();
        channel.closeFuture().sync();

        // Then
        assertThat(launched.child().onExit().join()).isEqualTo(ExitStatus.exited(0));
        assertThat(received.getValue()).isEqualTo(sent.getValue());
    }

    @Test
    public void handsOverEachArgumentAsItIs() throws Exception {
        // Given
        String[] arguments = {"", " ", "a b", "*", "$HOME", "\"'\\", "-n", "two\nlines"};
        List<String> argv = new ArrayList<>(List.of("sh", "-c", "for a; do printf '[%s]' \"$a\"; done", "sh"));
        argv.addAll(List.of(arguments));

        // When
        try (Conversation child = start(spec(argv.toArray(String[]::new)))) {
            // Then
            assertThat(child.receiveAll()).isEqualTo("[" + String.join("][", arguments) + "]");
        }
    }

    @Test
    public void addsToTheEnvironmentAndRunsInTheDirectory() throws Exception {
        // Given
        List<String> argv = List.of("sh", "-c", "echo \"$NBD4J_NEW\"; echo \"$PATH\"; pwd -P");
        LaunchSpec spec = new LaunchSpec(argv, Map.of("NBD4J_NEW", "a value"), directory, StderrPolicy.CAPTURE);

        // When
        try (Conversation child = start(spec)) {
            // Then
            assertThat(child.receiveAll().lines())
                    .containsExactly(
                            "a value",
                            System.getenv("PATH"),
                            directory.toRealPath().toString());
        }
    }

    @Test
    public void runsAScriptThatDoesNotNameItsInterpreter() throws Exception {
        // Given
        Path script = directory.resolve("script");
        Files.writeString(script, "echo \"got $1\"\n");
        assertThat(script.toFile().setExecutable(true)).isTrue();

        // When
        try (Conversation child = start(spec(script.toString(), "it"))) {
            // Then
            assertThat(child.receiveAll()).isEqualTo("got it\n");
        }
    }

    @Test
    public void losesNothingOfALongStderr() throws Exception {
        // Given
        int lines = 60_000;

        // When
        try (Conversation child = start(spec("sh", "-c", "seq 1 " + lines + " >&2"))) {
            ExitStatus status = child.exit();
            child.child().onStderrEnd().join();

            // Then
            assertThat(status).isEqualTo(ExitStatus.exited(0));
            String tail = child.child().stderrTail();
            assertThat(tail).hasSize(StderrTail.CAPACITY);
            List<Integer> numbers = tail.substring(tail.indexOf('\n') + 1)
                    .lines()
                    .map(Integer::valueOf)
                    .toList();
            for (int i = 0; i < numbers.size(); i++) {
                assertThat(numbers.get(i)).isEqualTo(lines - numbers.size() + 1 + i);
            }
        }
    }

    @Test
    public void letsTheChildInheritStderr() throws Exception {
        // Given
        LaunchSpec spec =
                new LaunchSpec(List.of("sh", "-c", "readlink /proc/$$/fd/2"), Map.of(), null, StderrPolicy.INHERIT);

        // When
        try (Conversation child = start(spec)) {
            // Then
            assertThat(child.receiveAll().trim())
                    .isEqualTo(
                            Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString());
            assertThat(child.child().onStderrEnd()).isDone();
            assertThat(child.child().stderrTail()).isEmpty();
        }
    }

    @Test
    public void throwsStderrAwayIfAsked() throws Exception {
        // Given
        LaunchSpec spec =
                new LaunchSpec(List.of("sh", "-c", "readlink /proc/$$/fd/2"), Map.of(), null, StderrPolicy.DISCARD);

        // When
        try (Conversation child = start(spec)) {
            // Then
            assertThat(child.receiveAll()).isEqualTo("/dev/null\n");
            assertThat(child.child().onStderrEnd()).isDone();
        }
    }

    @Test
    public void tellsHowTheChildEnded() throws Exception {
        // Given
        try (Conversation exits = start(script("exit 3"));
                Conversation dies = start(script("kill -USR1 $$"));
                Conversation asked = start(spec("sleep", "1000"));
                Conversation killed = start(spec("sleep", "1000"))) {
            // When
            asked.child().terminate();
            killed.child().kill();

            // Then
            assertThat(exits.exit()).isEqualTo(ExitStatus.exited(3));
            assertThat(dies.exit()).isEqualTo(ExitStatus.signalled(10));
            assertThat(asked.exit()).isEqualTo(ExitStatus.signalled(15));
            assertThat(killed.exit()).isEqualTo(ExitStatus.signalled(9));
            killed.child().terminate();
            killed.child().kill();
        }
    }

    @Test
    public void namesTheChildInItsAddress() throws Exception {
        // Given
        try (Conversation child = start(spec("sleep", "1000"))) {
            // When
            String remote = child.channel().remoteAddress().toString();

            // Then
            assertThat(remote).isEqualTo("sleep[" + child.child().pid() + "]");
        }
    }

    @Test
    public void givesTheChildEndsThatBlock() throws Exception {
        // Given
        int nonBlocking = 04000;
        String print = "for n in 0 1 2; do grep flags /proc/$$/fdinfo/$n; done";

        // When
        try (Conversation child = start(script(print))) {
            List<Integer> flags = child.receiveAll()
                    .lines()
                    .map(line ->
                            Integer.parseInt(line.substring("flags:".length()).trim(), 8))
                    .toList();

            // Then
            assertThat(flags)
                    .hasSize(3)
                    .allSatisfy(value -> assertThat(value & nonBlocking).isZero());
        }
    }

    @Test
    public void leavesNoOtherDescriptorToTheChild() throws Exception {
        // Given
        FileDescriptor[] pipe = FileDescriptor.pipe();
        try (ServerSocketChannel server =
                        ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                Conversation other = start(spec("cat"));
                Conversation child = start(script("ls /proc/$$/fd; :"))) {
            // When
            String printed = child.receiveAll();

            // Then
            assertThat(server.isOpen() && other.channel().isOpen()).isTrue();
            assertThat(printed.lines()).containsExactly("0", "1", "2");
        } finally {
            pipe[0].close();
            pipe[1].close();
        }
    }

    @Test
    public void givesTheChildEofWhenTheOutputIsShutDownAndReadsItsAnswer() throws Exception {
        // Given
        try (Conversation child = start(script("cat >/dev/null; echo end"))) {
            child.send("something");

            // When
            ((DuplexChannel) child.channel()).shutdownOutput().sync();

            // Then
            assertThat(child.receiveAll()).isEqualTo("end\n");
            assertThat(child.exit()).isEqualTo(ExitStatus.exited(0));
        }
    }

    @Test
    public void givesTheChildEofWhenTheChannelIsClosed() throws Exception {
        // Given
        try (Conversation child = start(spec("cat"))) {
            child.send("x");
            child.receive(received -> received.equals("x"));

            // When
            child.channel().close().sync();

            // Then
            assertThat(child.exit()).isEqualTo(ExitStatus.exited(0));
        }
    }

    @Test
    public void givesTheChildEofWhenTheChannelIsNeverRegistered() throws Exception {
        // Given
        Launched launched = launch(spec("cat"));

        // When
        launched.channel().unsafe().closeForcibly();

        // Then
        assertThat(launched.child().onExit().join()).isEqualTo(ExitStatus.exited(0));
    }

    @Test
    public void deliversWhatTheChildWroteBeforeItEnded() throws Exception {
        // Given
        Launched launched = launch(script("seq 1 10000"));
        Channel channel = launched.channel();
        channel.config().setAutoRead(false);
        launched.child().onExit().join();

        // When
        try (Conversation child = new Conversation(launched, loop)) {
            channel.config().setAutoRead(true);
            String received = child.receiveAll();

            // Then
            assertThat(received.lines()).hasSize(10_000).endsWith("10000");
        }
    }

    @Test
    public void failsWritesToAChildThatIsGone() throws Exception {
        // Given
        try (Conversation child = start(spec("true"))) {
            child.exit();

            // When
            ByteBuf buffer = Unpooled.copiedBuffer("too late", UTF_8);
            ChannelFuture written = child.channel().writeAndFlush(buffer).await();

            // Then
            assertThat(written.isSuccess()).isFalse();
            assertThat(buffer.refCnt()).isZero();
            child.channel().closeFuture().sync();
        }
    }

    @Test
    public void closesAtOnceWhenTheChildNeitherReadsNorWrites() throws Exception {
        // Given
        try (Conversation child = start(spec("sleep", "1000"))) {
            ByteBuf much = Unpooled.directBuffer(4 << 20).writeZero(4 << 20);
            ChannelFuture written = child.channel().writeAndFlush(much);

            // When
            child.channel().close().sync();

            // Then
            assertThat(written.await().isSuccess()).isFalse();
            assertThat(much.refCnt()).isZero();
            assertThat(child.child().onExit()).isNotDone();
        }
    }

    @Test
    public void saysWhatItCouldNotStartAndLeavesNothingBehind() throws Exception {
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
    public void startsNothingOnALoopThatEnds() {
        // Given
        endGroup();

        // When // Then
        assertThatThrownBy(() -> launch(spec("cat")))
                .isInstanceOf(IOException.class)
                .hasMessage("could not start cat: the event loop is shutting down");
        assertThat(children()).isEmpty();
    }

    @Test
    public void leavesNothingBehindAfterThreeHundredChildren() throws Exception {
        // Given
        runOnce(0);
        runOnce(1);
        List<String> descriptors = OpenDescriptors.ofThisProcess();
        int threads = Thread.getAllStackTraces().size();

        // When
        for (int i = 0; i < 300; i++) {
            runOnce(i);
        }

        // Then
        await().atMost(PATIENCE).untilAsserted(() -> {
            assertThat(OpenDescriptors.ofThisProcess()).isEqualTo(descriptors);
            assertThat(children()).isEmpty();
            assertThat(Thread.getAllStackTraces().size()).isLessThan(threads + 10);
        });
    }

    /** Runs a child to its end: by its own will, or by ours. */
    private void runOnce(int i) throws Exception {
        try (Conversation child = start(i % 2 == 0 ? spec("true") : spec("cat"))) {
            if (i % 2 == 1) {
                child.channel().close().sync();
            }
            child.channel().closeFuture().sync();
            assertThat(child.exit()).isEqualTo(ExitStatus.exited(0));
            child.child().onStderrEnd().join();
        }
    }

    @Test
    public void startsSeveralChildrenAtOnceThatDoNotHoldEachOthersPipes() throws Exception {
        // Given
        List<Conversation> children = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            children.add(start(spec("cat")));
        }

        // When
        List<CompletableFuture<ExitStatus>> exits = new ArrayList<>();
        for (Conversation child : children) {
            child.channel().close().sync();
            // Would wait for ever if a younger child held the writing end of this one's stdin.
            exits.add(child.child().onExit());
            assertThat(child.exit()).isEqualTo(ExitStatus.exited(0));
        }

        // Then
        assertThat(exits).allSatisfy(exit -> assertThat(exit).isCompleted());
    }

    @Test
    @RequiresServer("nbdkit")
    public void nbdkitGreets() throws Exception {
        // Given
        try (Conversation server = start(spec("nbdkit", "-s", "memory", "1M"))) {
            // When
            String greeting = server.receive(received -> received.length() >= 18);

            // Then
            assertThat(greeting).startsWith("NBDMAGICIHAVEOPT");
            server.channel().close().sync();
            assertThat(server.exit()).isEqualTo(ExitStatus.exited(0));
        }
    }
}
