package io.nbd4j.client.internal.subprocess.socketpair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nbd4j.client.ExitStatus;
import io.nbd4j.client.StderrPolicy;
import io.nbd4j.client.internal.subprocess.CommandLookup;
import io.nbd4j.client.internal.subprocess.LaunchSpec;
import io.nbd4j.testkit.junit.RequiresServer;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real servers greet over the socket and end with it. */
@Timeout(120)
class RealServerIT {
    private static final String MAGIC = "NBDMAGIC";

    @TempDir
    Path directory;

    private IoEventLoopGroup group;
    private IoEventLoop loop;

    @BeforeEach
    void createLoop() {
        String reason = LibcProbe.ofThisJvm().reason();
        assumeTrue(reason == null, "no socketpair: " + reason);
        group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        loop = group.next();
    }

    @AfterEach
    void endGroup() {
        if (group != null) {
            group.shutdownGracefully(0, 10, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }

    @Test
    @RequiresServer("nbdkit")
    void nbdkitGreets() throws IOException {
        // Given
        try (Conversation server = start("nbdkit", "-s", "memory", "1M")) {
            // When
            String greeting = server.receive(received -> received.length() >= 18);

            // Then
            assertThat(greeting).startsWith(MAGIC + "IHAVEOPT");
            server.channel().close().syncUninterruptibly();
            assertThat(server.exit()).isEqualTo(ExitStatus.exited(0));
        }
    }

    @Test
    @RequiresServer("nbdkit")
    void nbdkitSaysOnStderrWhatItDoesNotLike() throws IOException {
        // Given
        try (Conversation server = start("nbdkit", "-s", "memory", "no-size")) {
            // When
            ExitStatus status = server.exit();
            server.child().onStderrEnd().join();

            // Then
            assertThat(status).isEqualTo(ExitStatus.exited(1));
            assertThat(server.child().stderrTail()).contains("nbdkit: ").contains("no-size");
        }
    }

    @Test
    @RequiresServer("nbd-server")
    void nbdServerGreets() throws IOException {
        // Given
        Path disk = directory.resolve("disk");
        try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
            file.setLength(1024 * 1024);
        }
        // Port 0 is its word for "the connection is descriptor 0"; without -d it would go to the background.
        Path config = directory.resolve("config");
        Files.writeString(config, "[generic]\n\tport = 0\n[disk]\n\texportname = " + disk + "\n");
        try (Conversation server = start("nbd-server", "-d", "-C", config.toString())) {
            // When
            String greeting = server.receive(received -> received.length() >= 16);

            // Then
            assertThat(greeting).startsWith(MAGIC);
        }
    }

    private Conversation start(String... argv) throws IOException {
        LaunchSpec spec = new LaunchSpec(List.of(argv), Map.of(), null, StderrPolicy.CAPTURE);
        return new Conversation(
                new SocketpairRung().launch(CommandLookup.ofThisProcess().find(spec), loop), loop);
    }
}
