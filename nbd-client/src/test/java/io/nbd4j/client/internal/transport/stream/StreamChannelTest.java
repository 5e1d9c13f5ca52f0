package io.nbd4j.client.internal.transport.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.nbd4j.client.internal.transport.ChildChannel;
import io.nbd4j.client.internal.transport.ChildChannelContract;
import io.nbd4j.client.internal.transport.ProcessAddress;
import io.nbd4j.client.internal.transport.Wiring;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.local.LocalIoHandler;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.Pipe;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class StreamChannelTest extends ChildChannelContract {
    @Override
    protected EventLoopGroup newGroup() {
        return new MultiThreadIoEventLoopGroup(2, NioIoHandler.newFactory());
    }

    @Override
    protected Wiring wire() throws IOException {
        Pipe fromPeer = Pipe.open();
        Pipe toPeer = Pipe.open();
        StreamChannel channel = new StreamChannel(
                Channels.newInputStream(fromPeer.source()), Channels.newOutputStream(toPeer.sink()), server());
        return new Wiring(channel, Channels.newInputStream(toPeer.source()), Channels.newOutputStream(fromPeer.sink()));
    }

    private static ProcessAddress server() {
        return new ProcessAddress("server", 4711);
    }

    @Override
    protected String threadNames() {
        return "nbd4j-";
    }

    @Test
    void runsOnAnEventLoopThatKnowsNoDescriptors() throws Exception {
        // Given
        EventLoopGroup plain = new MultiThreadIoEventLoopGroup(1, LocalIoHandler.newFactory());
        ChildChannel channel = newChannel();
        plain.register(channel).sync();

        // When
        channel.writeAndFlush(Unpooled.copiedBuffer(new byte[] {1})).sync();
        peerOutput.write(2);
        awaitReceived(1);

        // Then
        assertThat(peerInput.read()).isEqualTo(1);
        assertThat(recorder.bytes()).containsExactly(2);
        channel.close().sync();
        plain.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
    }

    @Test
    void doesNotTouchTheInputBeforeSomebodyWantsToRead() throws Exception {
        // Given
        AtomicInteger reads = new AtomicInteger();
        InputStream counting = new InputStream() {
            @Override
            public int read() {
                return reads.incrementAndGet();
            }

            @Override
            public int read(byte[] into, int offset, int length) {
                reads.incrementAndGet();
                return length;
            }
        };
        StreamChannel channel = new StreamChannel(counting, OutputStream.nullOutputStream(), server());
        track(new Wiring(channel, InputStream.nullInputStream(), OutputStream.nullOutputStream()));
        channel.config().setAutoRead(false);
        register(channel);
        turn(channel.eventLoop());
        int before = reads.get();

        // When
        channel.read();
        await().until(() -> recorder.received() > 0);
        turn(channel.eventLoop());

        // Then
        assertThat(before).isZero();
        assertThat(reads).hasValue(1);
    }

    @Test
    void closesWhenTheInputFails() throws Exception {
        // Given
        IOException broken = new IOException("broken");
        InputStream failing = new InputStream() {
            @Override
            public int read() throws IOException {
                throw broken;
            }

            @Override
            public int read(byte[] into, int offset, int length) throws IOException {
                throw broken;
            }
        };
        StreamChannel channel = new StreamChannel(failing, OutputStream.nullOutputStream(), server());
        track(new Wiring(channel, InputStream.nullInputStream(), OutputStream.nullOutputStream()));

        // When
        register(channel);

        // Then
        awaitClosed(channel);
        assertThat(recorder.failures())
                .singleElement()
                .satisfies(failure -> assertThat(failure).hasCause(broken));
    }
}
