package io.nbd4j.testkit;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Makes blocking streams of Netty's local channels. */
final class LocalClients implements AutoCloseable {
    private static final byte[] END = {};

    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("local-client", true), LocalIoHandler.newFactory());

    RawClient connect(LocalAddress address) {
        return connect(address, true);
    }

    RawClient connect(LocalAddress address, boolean reading) {
        Received received = new Received();
        Channel channel = new Bootstrap()
                .group(loops)
                .channel(LocalChannel.class)
                .option(ChannelOption.AUTO_READ, reading)
                .handler(received)
                .connect(address)
                .syncUninterruptibly()
                .channel();
        return new RawClient(
                received.stream, new Sent(channel), () -> channel.close().syncUninterruptibly());
    }

    @Override
    public void close() {
        loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private static final class Received extends SimpleChannelInboundHandler<ByteBuf> {
        private final ReceivedStream stream = new ReceivedStream();

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, ByteBuf message) {
            if (message.isReadable()) {
                stream.pieces.add(ByteBufUtil.getBytes(message));
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            stream.pieces.add(END);
        }
    }

    private static final class ReceivedStream extends InputStream {
        private final BlockingQueue<byte[]> pieces = new LinkedBlockingQueue<>();
        private byte @Nullable [] piece;
        private int at;

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            byte[] from = current();
            if (from == END) {
                return -1;
            }
            int count = Math.min(length, from.length - at);
            System.arraycopy(from, at, into, offset, count);
            at += count;
            return count;
        }

        private byte[] current() throws IOException {
            byte[] from = piece;
            if (from == null || (from != END && at == from.length)) {
                try {
                    from = pieces.take();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
                piece = from;
                at = 0;
            }
            return from;
        }
    }

    private static final class Sent extends OutputStream {
        private final Channel channel;

        private Sent(Channel channel) {
            this.channel = channel;
        }

        @Override
        public void write(int octet) {
            write(new byte[] {(byte) octet}, 0, 1);
        }

        @Override
        public void write(byte[] from, int offset, int length) {
            channel.writeAndFlush(Unpooled.copiedBuffer(from, offset, length)).syncUninterruptibly();
        }
    }
}
