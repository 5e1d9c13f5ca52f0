package io.nbd4j.client.internal.subprocess.socketpair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nbd4j.client.ExitStatus;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How the exit of a child is learnt where the usual way fails. The time limit only ends what hangs. */
@Timeout(60)
class ExitWatchTest {
    private static final int ECHILD = 10;

    @Test
    void aPidfdThatTheKernelDoesNotWatchIsReplacedByATimer(@TempDir Path directory) throws IOException {
        assumeTrue(Epoll.isAvailable(), "native epoll is not available");
        IoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        try {
            // Given a descriptor that epoll refuses, as it refuses any when its limits are reached
            Path file = Files.createFile(directory.resolve("file"));
            int refused = FileDescriptor.from(file.toFile()).intValue();
            Libc libc = LibcProxy.of((function, arguments) -> switch (function.getName()) {
                case "syscall" -> (long) refused;
                case "waitid" -> -ECHILD;
                default -> throw new AssertionError(function);
            });

            // When
            CompletableFuture<ExitStatus> exit = ExitWatch.start(libc, new Reaper(libc, 4711), group.next());

            // Then
            await().until(exit::isDone);
            assertThat(exit.join()).isEqualTo(ExitStatus.unknown());
            assertThat(Path.of("/proc/self/fd/" + refused))
                    .satisfies(entry -> assertThat(target(entry)).isNotEqualTo(file.toRealPath()));
        } finally {
            group.shutdownGracefully(0, 10, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }

    private static Path target(Path entry) throws IOException {
        return Files.exists(entry) ? Files.readSymbolicLink(entry) : entry;
    }
}
