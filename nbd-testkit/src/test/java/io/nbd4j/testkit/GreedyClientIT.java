package io.nbd4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.nbd4j.codec.golden.WireBytes;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A client that asks for more than it takes costs little, and no other client anything. */
@Timeout(120)
class GreedyClientIT {
    private static final String GREETING = "'NBDMAGIC' 'IHAVEOPT' 0003";
    private static final String GO = "'IHAVEOPT' 00000007 00000006 00000000 0000";
    private static final byte[] READ = WireBytes.parse("25609513 0000 0000 00000000000000a2 0000000000000000 00100000");

    /** Some hundred kilobytes in the socket, a megabyte in the server. */
    private static final long MOST_MADE = 8L << 20;

    private static final int GREEDY_CLIENTS = 4;

    @Test
    void repliesAreMadeOnlyAsTheClientTakesThem() throws Exception {
        // Given
        CountingExport export = new CountingExport();
        try (TestServer server =
                TestServer.builder().unixSocket().export("", export).start()) {
            SocketChannel[] greedy = new SocketChannel[GREEDY_CLIENTS];
            CompletableFuture<?>[] asking = new CompletableFuture<?>[GREEDY_CLIENTS];
            for (int i = 0; i < GREEDY_CLIENTS; i++) {
                SocketChannel channel = handshake(server);
                greedy[i] = channel;
                asking[i] = CompletableFuture.runAsync(() -> askForEver(channel), task -> new Thread(task).start());
            }

            // When every event loop has greedy clients, which have got something
            await().until(() -> export.made.get() >= GREEDY_CLIENTS << 19);
            try (SocketChannel modest = handshake(server)) {
                ByteBuffer reply = ByteBuffer.allocate(16 + 512);
                for (int i = 0; i < 2000; i++) {
                    modest.write(ByteBuffer.wrap(
                            WireBytes.parse("25609513 0000 0000 00000000000000a2 0000000000000000 00000200")));
                    readFully(modest, reply.clear());
                }
            }

            // Then
            assertThat(export.made.get()).isLessThan(GREEDY_CLIENTS * MOST_MADE);
            assertThat(asking).noneMatch(CompletableFuture::isDone);
            for (int i = 0; i < GREEDY_CLIENTS; i++) {
                greedy[i].close();
                asking[i].join();
            }
        }
    }

    private static SocketChannel handshake(TestServer server) throws IOException {
        SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(server.socketPath()));
        channel.write(ByteBuffer.wrap(WireBytes.parse("00000003" + GO)));
        readFully(channel, ByteBuffer.allocate(WireBytes.parse(GREETING).length + 32 + 20));
        return channel;
    }

    private static void readFully(SocketChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            assertThat(channel.read(buffer)).isPositive();
        }
    }

    /** Asks for terabytes, until the socket is closed. */
    private static void askForEver(SocketChannel channel) {
        try {
            while (true) {
                channel.write(ByteBuffer.wrap(READ));
            }
        } catch (AsynchronousCloseException e) {
            assertThat(channel.isOpen()).isFalse();
        } catch (IOException e) {
            throw new IllegalStateException("the server hung up", e);
        }
    }

    /** Counts what it is asked for. */
    private static final class CountingExport implements Export {
        final AtomicLong made = new AtomicLong();

        @Override
        public long size() {
            return 1L << 40;
        }

        @Override
        public void read(long offset, ByteBuf dst, int length) {
            made.addAndGet(length);
            dst.writeZero(length);
        }

        @Override
        public void write(long offset, ByteBuf src, int length) {}

        @Override
        public void zero(long offset, long length, boolean mayPunchHole) {}
    }
}
