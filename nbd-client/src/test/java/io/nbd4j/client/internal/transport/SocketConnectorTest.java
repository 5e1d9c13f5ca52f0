package io.nbd4j.client.internal.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nbd4j.client.contract.Loops;
import io.nbd4j.client.internal.connection.ReceiveBuffers;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a connected channel is like. The time limit only ends what hangs. */
@Timeout(60)
class SocketConnectorTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource(Loops.class)
    void aUnixSocketGetsALargeSendBuffer(Loops loops) throws IOException {
        assumeTrue(loops.unavailableBecause() == null, loops.unavailableBecause());
        Path path = directory.resolve("socket");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            // Given
            server.bind(UnixDomainSocketAddress.of(path));

            // When
            Channel channel = SocketConnector.connectUnix(
                            loops.loop(),
                            path.toString(),
                            Duration.ofSeconds(30),
                            new ReceiveBuffers(),
                            new ChannelInboundHandlerAdapter())
                    .syncUninterruptibly()
                    .getNow();

            // Then
            assertThat(channel.config().getOption(ChannelOption.SO_SNDBUF)).isEqualTo(whatTheKernelGives(loops));
            channel.close().syncUninterruptibly();
        }
    }

    /** It doubles what it is asked for, has a limit, and the channels tell differently what they got. */
    private static int whatTheKernelGives(Loops loops) {
        Channel reference = SocketChannels.unix(loops.loop()).newChannel();
        reference.config().setOption(ChannelOption.SO_SNDBUF, SocketConnector.UNIX_SEND_BUFFER);
        int given = reference.config().getOption(ChannelOption.SO_SNDBUF);
        reference.unsafe().closeForcibly();
        return given;
    }
}
