package io.nbd4j.client.internal.subprocess.socketpair;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import io.nbd4j.client.ExitStatus;
import io.nbd4j.client.internal.subprocess.ChildProcess;
import io.nbd4j.client.internal.subprocess.Launched;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import java.io.ByteArrayOutputStream;
import java.util.function.Predicate;

/** A child whose channel was registered, as text in and text out. */
public final class Conversation implements AutoCloseable {
    private final ChildProcess child;
    private final Channel channel;
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();

    /** Registers the channel with {@code loop}. */
    public Conversation(Launched launched, EventLoop loop) {
        child = launched.child();
        channel = launched.channel();
        channel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object message) {
                ByteBuf bytes = (ByteBuf) message;
                received.writeBytes(ByteBufUtil.getBytes(bytes));
                bytes.release();
            }
        });
        loop.register(channel).syncUninterruptibly();
    }

    /** Returns the child. */
    public ChildProcess child() {
        return child;
    }

    /** Returns the channel to it. */
    public Channel channel() {
        return channel;
    }

    /** Writes text and waits until it is written. */
    public void send(String text) {
        channel.writeAndFlush(Unpooled.copiedBuffer(text, UTF_8)).syncUninterruptibly();
    }

    /** Waits for output that is as wanted, and returns all of it. */
    public String receive(Predicate<String> wanted) {
        await().until(() -> wanted.test(received.toString(UTF_8)));
        return received.toString(UTF_8);
    }

    /** Waits for the end of the output and returns all of it. */
    public String receiveAll() {
        channel.closeFuture().syncUninterruptibly();
        return received.toString(UTF_8);
    }

    /** Waits for the end of the child. */
    public ExitStatus exit() {
        return child.onExit().join();
    }

    @Override
    public void close() {
        channel.close().syncUninterruptibly();
        child.kill();
        child.onExit().join();
    }
}
