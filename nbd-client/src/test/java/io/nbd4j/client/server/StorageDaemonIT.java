package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.NbdClient;
import io.nbd4j.client.contract.Processes;
import io.nbd4j.testkit.junit.RequiresServer;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** qemu-storage-daemon, over a Unix socket that somebody else has connected. The time limit only ends what hangs. */
@RequiresServer("qemu-storage-daemon")
@Timeout(60)
class StorageDaemonIT {
    private static final int MEBI = 1024 * 1024;

    @TempDir
    Path directory;

    @Test
    void servesOverASocketThatWasConnectedBefore() throws IOException, InterruptedException {
        // Given
        Path image = Files.write(directory.resolve("image"), new byte[MEBI]);
        Path socket = directory.resolve("socket");
        Path output = directory.resolve("output");
        Process daemon = new ProcessBuilder(
                        "qemu-storage-daemon",
                        "--blockdev",
                        "driver=file,node-name=disk,filename=" + image,
                        "--nbd-server",
                        "addr.type=unix,addr.path=" + socket,
                        "--export",
                        "type=nbd,id=export,node-name=disk,name=disk,writable=on")
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        IoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        try {
            Awaitility.await().until(() -> {
                assertThat(daemon.isAlive()).as(Files.readString(output)).isTrue();
                return Files.exists(socket);
            });
            Channel channel = new Bootstrap()
                    .group(group)
                    .channel(NioDomainSocketChannel.class)
                    .option(ChannelOption.AUTO_READ, false)
                    .handler(new ChannelInboundHandlerAdapter())
                    .connect(UnixDomainSocketAddress.of(socket))
                    .syncUninterruptibly()
                    .channel();
            try (NbdClient nbd = NbdClient.builder().exportName("disk").build()) {
                // When
                await(nbd.connectChannel(channel));
                await(nbd.pwrite(Unpooled.copiedBuffer("stored", UTF_8), 4096));
                await(nbd.flush());

                // Then
                assertThat(nbd.export().size()).isEqualTo(MEBI);
                ByteBuf read = await(nbd.pread(6, 4096));
                assertThat(read.toString(UTF_8)).isEqualTo("stored");
                read.release();
                assertThat(new String(Files.readAllBytes(image), 4096, 6, UTF_8))
                        .isEqualTo("stored");
            }
        } finally {
            group.shutdownGracefully(0, 10, TimeUnit.SECONDS).syncUninterruptibly();
            Processes.kill(daemon.pid());
            daemon.waitFor(30, TimeUnit.SECONDS);
        }
    }
}
