package io.nbd4j.client.internal.subprocess.socketpair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nbd4j.client.StderrPolicy;
import io.nbd4j.client.internal.subprocess.Executable;
import io.nbd4j.client.internal.subprocess.LaunchSpec;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SocketActivationTest {
    private static final Executable NBDKIT = new Executable(
            Path.of("/usr/sbin/nbdkit"),
            new LaunchSpec(List.of("nbdkit", "memory", "1M"), Map.of(), null, StderrPolicy.CAPTURE));

    @Test
    void saysWhatItNeedsAndWhatToUseInstead() {
        // Given
        SocketActivation activation =
                new SocketActivation(() -> new LibcProbe(null, "it needs JDK 22 or newer, this is 17"));
        IoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        try {
            // When // Then
            assertThat(activation.unavailableBecause(group.next())).isEqualTo("it needs JDK 22 or newer, this is 17");
            assertThatThrownBy(() -> activation.launch(NBDKIT, "", group.next()))
                    .isInstanceOf(IOException.class)
                    .hasMessage(
                            "socket activation is not available: it needs JDK 22 or newer, this is 17. A server that is"
                                    + " started on a Unix socket of its own, such as nbdkit -U PATH or qemu-nbd -k PATH, can be reached"
                                    + " with connectUnix");
        } finally {
            group.shutdownGracefully(0, 10, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }

    @Test
    void aDirectoryIsPrivateShortAndRemovedAsOftenAsOneLikes() throws IOException {
        // Given
        SocketDirectory directory = SocketDirectory.create();
        assertThat(directory.path()).hasParent(Path.of("/tmp"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.path())))
                .isEqualTo("rwx------");
        Files.createFile(directory.socket());

        // When
        directory.remove();
        directory.remove();

        // Then
        assertThat(directory.path()).doesNotExist();
    }
}
