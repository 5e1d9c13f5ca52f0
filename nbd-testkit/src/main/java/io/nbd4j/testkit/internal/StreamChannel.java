package io.nbd4j.testkit.internal;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.ScatteringByteChannel;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A channel over two blocking byte channels, such as a process's standard input and output, whatever they are.
 *
 * <p>It reads, serves and writes in turn on the thread of its own event loop, which it blocks. That suits a server that
 * has no other connection and nothing to do but answer; nothing else may be registered with that loop. Because a write
 * ends only when all is written, nothing piles up. Where something is to happen while the client says nothing, such as an
 * answer that was delayed, another thread has to do the reading, which takes longer.
 */
public final class StreamChannel extends AbstractChannel {
    private static final ChannelMetadata METADATA = new ChannelMetadata(false);
    private static final long RETRY_NANOS = 100_000;
    private static final int MAX_BUFFERS = 64;
    private static final long MAX_BYTES = Integer.MAX_VALUE;

    private final ScatteringByteChannel in;
    private final GatheringByteChannel out;
    private final ChannelConfig config = new DefaultChannelConfig(this);
    private final Runnable readTask = this::readNow;
    private final @Nullable Executor reader;
    private boolean readPending;

    /**
     * Creates a channel that closes both when it is closed.
     *
     * @param reader waits for what the client says, and does nothing else; {@code null} to let the event loop wait
     */
    public StreamChannel(ScatteringByteChannel in, GatheringByteChannel out, @Nullable Executor reader) {
        super(null);
        this.in = in;
        this.out = out;
        this.reader = reader;
        config.setRecvByteBufAllocator(ServerTransport.receiveAllocator());
    }

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    public boolean isOpen() {
        return in.isOpen();
    }

    @Override
    public boolean isActive() {
        return isOpen() && isRegistered();
    }

    @Override
    public ChannelMetadata metadata() {
        return METADATA;
    }

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new StreamUnsafe();
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return loop instanceof DefaultEventLoop;
    }

    @Override
    protected void doBeginRead() {
        if (!readPending) {
            readPending = true;
            eventLoop().execute(readTask);
        }
    }

    private void readNow() {
        if (!isActive()) {
            readPending = false;
            return;
        }
        var handle = unsafe().recvBufAllocHandle();
        handle.reset(config);
        ByteBuf buffer = handle.allocate(config.getAllocator());
        if (reader == null) {
            readInto(buffer).run();
        } else {
            reader.execute(() -> pass(buffer, readInto(buffer)));
        }
    }

    /** Waits for bytes, and returns what is to be done about them on the event loop. */
    private Runnable readInto(ByteBuf buffer) {
        try {
            int read = buffer.writeBytes(in, buffer.writableBytes());
            while (read == 0) {
                // Somebody made the descriptor non-blocking. There is no way to wait for it from here.
                LockSupport.parkNanos(RETRY_NANOS);
                read = buffer.writeBytes(in, buffer.writableBytes());
            }
            int length = read;
            return () -> received(buffer, length);
        } catch (IOException e) {
            return () -> failed(buffer, e);
        }
    }

    private void pass(ByteBuf buffer, Runnable task) {
        try {
            eventLoop().execute(task);
        } catch (RejectedExecutionException e) {
            buffer.release(); // The connection has ended, and the event loop with it.
        }
    }

    private void received(ByteBuf buffer, int length) {
        readPending = false;
        if (length < 0 || !isActive()) {
            buffer.release();
            unsafe().close(unsafe().voidPromise());
            return;
        }
        var handle = unsafe().recvBufAllocHandle();
        handle.lastBytesRead(length);
        handle.incMessagesRead(1);
        pipeline().fireChannelRead(buffer);
        handle.readComplete();
        pipeline().fireChannelReadComplete();
    }

    private void failed(ByteBuf buffer, IOException cause) {
        readPending = false;
        buffer.release();
        if (isActive()) {
            pipeline().fireExceptionCaught(cause);
            unsafe().close(unsafe().voidPromise());
        }
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer pending) throws IOException {
        while (!pending.isEmpty()) {
            ByteBuffer[] buffers = pending.nioBuffers(MAX_BUFFERS, MAX_BYTES);
            long size = pending.nioBufferSize();
            long left = size;
            while (left > 0) {
                long written = out.write(buffers, 0, pending.nioBufferCount());
                left -= written;
                if (written == 0) {
                    LockSupport.parkNanos(RETRY_NANOS);
                }
            }
            pending.removeBytes(size);
        }
    }

    @Override
    protected Object filterOutboundMessage(Object message) {
        if (message instanceof ByteBuf buffer) {
            if (buffer.isDirect()) {
                return buffer;
            }
            // Writing from the heap would copy as well, and keep what it copies to for each size.
            ByteBuf direct = config.getAllocator().directBuffer(Math.max(1, buffer.readableBytes()));
            direct.writeBytes(buffer);
            ReferenceCountUtil.release(buffer);
            return direct;
        }
        throw new UnsupportedOperationException("only buffers can be written, not " + message.getClass());
    }

    @Override
    protected void doClose() throws IOException {
        try {
            out.close();
        } finally {
            in.close();
        }
    }

    @Override
    protected void doDisconnect() throws IOException {
        doClose();
    }

    @Override
    protected void doBind(SocketAddress local) {
        throw new UnsupportedOperationException("streams have no address");
    }

    @Override
    protected @Nullable SocketAddress localAddress0() {
        return null;
    }

    @Override
    protected @Nullable SocketAddress remoteAddress0() {
        return null;
    }

    private final class StreamUnsafe extends AbstractUnsafe {
        @Override
        public void connect(SocketAddress remote, SocketAddress local, ChannelPromise promise) {
            promise.setFailure(new UnsupportedOperationException("streams are connected already"));
        }
    }
}
