package io.nbd4j.client.internal.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.UncheckedBooleanSupplier;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.PromiseCombiner;
import java.net.SocketAddress;

/**
 * A channel to the standard input and output of a child process, whichever way its bytes move.
 *
 * <p>It is connected from the start, so it is active as long as it is open. {@link #shutdownOutput()} gives the child
 * EOF. The end of what the child writes closes the channel, unless half-closure is allowed. A failed write shuts down
 * the output and the input is read on to its end (see {@link ChildChannelConfig}).
 *
 * <p>All but what {@link io.netty.channel.Channel} opens to other threads is confined to the event loop.
 */
public abstract class ChildChannel extends AbstractChannel implements DuplexChannel {
    private static final ChannelMetadata METADATA = new ChannelMetadata(false, 16);

    private final ChildChannelConfig config = new ChildChannelConfig(this);
    private final ProcessAddress child;
    private final UncheckedBooleanSupplier lastReadWasFull = this::isLastReadFull;
    private boolean readPending;
    private boolean lastReadFull;
    private volatile boolean closed;

    /** Creates a channel to {@code child}. */
    protected ChildChannel(ProcessAddress child) {
        super(null);
        this.child = child;
    }

    /**
     * Reads once into the writable part of {@code into} and advances its writer index.
     *
     * @param into borrowed for the call
     * @return how many bytes were read; 0 if none is there now; -1 at the end of the input
     */
    protected abstract int doReadBytes(ByteBuf into) throws Exception;

    /** Returns what the buffers for {@link #doReadBytes} come from. */
    protected abstract ByteBufAllocator readAllocator();

    /** Sees to it that {@link #readLoop} is called once there is something to read. Called when a read is wanted. */
    protected abstract void awaitInput();

    /** Returns whether a write is under way, or waits for room, whose end will call {@link #flushNow()}. */
    protected abstract boolean isFlushUnderWay();

    /** Gives up the input. Called at most once, on the event loop; must not block. */
    protected abstract void doShutdownInput() throws Exception;

    /** Gives up what is still there of input and output. Called once, when the channel is no longer open; must not block. */
    protected abstract void doCloseEnds() throws Exception;

    @Override
    public final ChildChannelConfig config() {
        return config;
    }

    @Override
    public final ChannelMetadata metadata() {
        return METADATA;
    }

    @Override
    public final boolean isOpen() {
        return !closed;
    }

    @Override
    public final boolean isActive() {
        return !closed;
    }

    @Override
    protected final SocketAddress localAddress0() {
        return ProcessAddress.ofThisProcess();
    }

    @Override
    protected final SocketAddress remoteAddress0() {
        return child;
    }

    @Override
    protected final void doBind(SocketAddress localAddress) {
        throw new UnsupportedOperationException("a channel to a child process can't be bound");
    }

    @Override
    protected final void doDisconnect() throws Exception {
        doClose();
    }

    @Override
    protected final void doClose() throws Exception {
        if (closed) {
            return;
        }
        closed = true;
        readPending = false;
        doCloseEnds();
    }

    @Override
    protected final void doBeginRead() {
        if (isInputShutdown()) {
            return;
        }
        readPending = true;
        awaitInput();
    }

    /** Returns whether somebody wants what can be read: by a call of {@code read()}, or by auto-read. */
    protected final boolean isReadWanted() {
        return !isInputShutdown() && (readPending || config.isAutoRead());
    }

    final void autoReadCleared() {
        // From another thread this is a hint: the loop looks at the option again after each read.
        if (isRegistered() && eventLoop().inEventLoop()) {
            readPending = false;
        }
    }

    private boolean isLastReadFull() {
        return lastReadFull;
    }

    /**
     * Reads as long as the {@link RecvByteBufAllocator} says, or as {@code toTheEnd} says until nothing is left, and
     * hands the buffers to the pipeline. At the end of the input, or when it fails, shuts the input down.
     */
    protected final void readLoop(boolean toTheEnd) {
        ChannelPipeline pipeline = pipeline();
        RecvByteBufAllocator.ExtendedHandle handle =
                (RecvByteBufAllocator.ExtendedHandle) unsafe().recvBufAllocHandle();
        handle.reset(config);
        ByteBuf buffer = null;
        boolean ended = false;
        try {
            do {
                buffer = handle.allocate(readAllocator());
                int room = buffer.writableBytes();
                if (room == 0) {
                    throw new IllegalStateException("the receive buffer has no room: reading would look like EOF");
                }
                handle.attemptedBytesRead(room);
                int count = doReadBytes(buffer);
                handle.lastBytesRead(count);
                lastReadFull = count == room;
                if (count <= 0) {
                    buffer.release();
                    buffer = null;
                    ended = count < 0;
                    break;
                }
                handle.incMessagesRead(1);
                readPending = false;
                ByteBuf message = buffer;
                buffer = null;
                pipeline.fireChannelRead(message);
                // A handler may have closed the channel, and the descriptor may be another file's by now.
            } while (!isInputShutdown() && (toTheEnd || handle.continueReading(lastReadWasFull)));
            handle.readComplete();
            pipeline.fireChannelReadComplete();
            if (ended) {
                inputEnded();
            }
        } catch (Throwable cause) {
            if (buffer != null) {
                buffer.release();
            }
            handle.readComplete();
            pipeline.fireChannelReadComplete();
            pipeline.fireExceptionCaught(cause);
            // Whatever it was, trying again would only repeat it.
            inputEnded();
        }
    }

    private void inputEnded() {
        readPending = false;
        if (isInputShutdown()) {
            return;
        }
        if (!config.isAllowHalfClosure()) {
            unsafe().close(voidPromise());
            return;
        }
        try {
            doShutdownInput();
        } catch (Exception e) {
            pipeline().fireExceptionCaught(e);
        }
        pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        pipeline().fireUserEventTriggered(ChannelInputShutdownReadComplete.INSTANCE);
    }

    /** Writes what is flushed, whether or not a write is under way. */
    protected final void flushNow() {
        ((ChildUnsafe) unsafe()).flushNow();
    }

    @Override
    public final boolean isShutdown() {
        return isInputShutdown() && isOutputShutdown();
    }

    @Override
    public final ChannelFuture shutdownInput() {
        return shutdownInput(newPromise());
    }

    @Override
    public final ChannelFuture shutdownInput(ChannelPromise promise) {
        runInEventLoop(() -> shutdownInput0(promise));
        return promise;
    }

    private void shutdownInput0(ChannelPromise promise) {
        if (!promise.setUncancellable()) {
            return;
        }
        readPending = false;
        try {
            if (!isInputShutdown()) {
                doShutdownInput();
            }
            promise.setSuccess();
        } catch (Exception e) {
            promise.setFailure(e);
        }
    }

    @Override
    public final ChannelFuture shutdownOutput() {
        return shutdownOutput(newPromise());
    }

    /** Gives the child EOF. What is flushed and not yet written fails. */
    @Override
    public final ChannelFuture shutdownOutput(ChannelPromise promise) {
        runInEventLoop(() -> ((ChildUnsafe) unsafe()).shutdownOutput(promise));
        return promise;
    }

    @Override
    public final ChannelFuture shutdown() {
        return shutdown(newPromise());
    }

    @Override
    public final ChannelFuture shutdown(ChannelPromise promise) {
        runInEventLoop(() -> {
            PromiseCombiner both = new PromiseCombiner(eventLoop());
            both.add((Future<Void>) shutdownOutput());
            both.add((Future<Void>) shutdownInput());
            both.finish(promise);
        });
        return promise;
    }

    private void runInEventLoop(Runnable task) {
        EventLoop loop = eventLoop();
        if (loop.inEventLoop()) {
            task.run();
        } else {
            loop.execute(task);
        }
    }

    @Override
    protected final AbstractUnsafe newUnsafe() {
        return new ChildUnsafe();
    }

    private final class ChildUnsafe extends AbstractUnsafe {
        @Override
        public void connect(SocketAddress remoteAddress, SocketAddress localAddress, ChannelPromise promise) {
            safeSetFailure(
                    promise, new UnsupportedOperationException("a channel to a child process is connected already"));
        }

        @Override
        protected void flush0() {
            if (!isFlushUnderWay()) {
                super.flush0();
            }
        }

        void flushNow() {
            super.flush0();
        }
    }
}
