package io.nbd4j.client.internal.subprocess.socketpair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nbd4j.client.internal.subprocess.socketpair.ChildJvm.Outcome;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a JVM allows and says when the rung is probed. */
@Timeout(120)
class NativeAccessIT {
    private static final int FIRST_JDK_THAT_CAN_DENY = 24;

    @TempDir
    Path directory;

    @BeforeEach
    void requireJdk() {
        int jdk = Runtime.version().feature();
        assumeTrue(jdk >= FIRST_JDK_THAT_CAN_DENY, "JDK " + jdk + " has no --illegal-native-access");
    }

    @Test
    void isUnavailableWithAReasonWhenNativeAccessIsDenied() throws Exception {
        // When
        Outcome outcome = ChildJvm.run(directory, PrintReason.class, List.of("--illegal-native-access=deny"));

        // Then
        assertThat(outcome.output())
                .contains("reason: native access is denied, --enable-native-access=ALL-UNNAMED allows it\n");
        assertThat(outcome.exitValue()).isZero();
    }

    @Test
    void warnsNoMoreThanTheJdkDoesOnce() throws Exception {
        // When
        Outcome outcome = ChildJvm.run(directory, PrintReason.class, List.of());

        // Then
        assertThat(outcome.output()).contains("reason: null\n").containsOnlyOnce("A restricted method in");
    }

    @Test
    void doesNotWarnWhenNativeAccessIsEnabled() throws Exception {
        // When
        Outcome outcome = ChildJvm.run(directory, PrintReason.class, List.of("--enable-native-access=ALL-UNNAMED"));

        // Then
        assertThat(outcome.output()).contains("reason: null\n").doesNotContain("restricted method");
    }

    /** Prints why the rung is not available. */
    public static final class PrintReason {
        private PrintReason() {}

        public static void main(String[] arguments) {
            EventLoop loop = Epoll.isAvailable()
                    ? new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory()).next()
                    : new DefaultEventLoop();
            System.out.print("reason: " + new SocketpairRung().unavailableBecause(loop) + "\n");
            loop.shutdownGracefully(0, 10, TimeUnit.SECONDS).syncUninterruptibly();
            System.exit(0);
        }
    }
}
