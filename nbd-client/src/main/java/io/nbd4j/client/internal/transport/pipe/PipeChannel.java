package io.nbd4j.client.internal.transport.pipe;

import io.nbd4j.client.internal.transport.ChildChannel;
import io.nbd4j.client.internal.transport.ProcessAddress;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.IovArray;
import io.netty.channel.unix.PreferredDirectByteBufAllocator;
import io.netty.channel.unix.UnixChannelUtil;
import io.netty.util.concurrent.FutureListener;
import io.netty.util.internal.StringUtil;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/**
 * A channel over two pipes, each registered with the one event loop.
 *
 * <p>Netty's stream channels can't do this: they ask their one descriptor for socket addresses and wait for events of
 * peers that pipes do not give. What differs here:
 *
 * <ul>
 *   <li>Events are edge-triggered (see {@link PipeEnd}), so what was left unread or unwritten is remembered, and asked
 *       for again when it is wanted.
 *   <li>The end of a pipe is a bare hang-up, without the readable bit. Any event means "try"; the system call tells
 *       the truth. That also makes an event harmless that was meant for another file with the same number.
 *   <li>After a hang-up the rest is read even if nobody asked, so that a dead child is noticed. It is bounded by what
 *       the pipe holds.
 * </ul>
 */
public final class PipeChannel extends ChildChannel {
    /** The bit that epoll sets when the last writer is gone. Netty has no public name for it. */
    private static final EpollIoOps HANG_UP = EpollIoOps.valueOf(0x10);

    private static final int MAX_GATHERED_BUFFERS = 512;
    /** No pipe takes more at once: it is the largest that a process without privileges may have. */
    private static final long MAX_GATHERED_BYTES = 1 << 20;

    private final PipeEnd input;
    private final PipeEnd output;
    private final PreferredDirectByteBufAllocator directAllocator = new PreferredDirectByteBufAllocator();
    private final Runnable flushLater = this::flushLater;
    private @Nullable IovArray gathered;
    private boolean maybeReadable;
    private boolean hungUp;
    private boolean reading;
    private boolean outputFull;

    /**
     * Creates a channel that is not registered yet.
     *
     * <p>Takes both descriptors: the channel closes them when it is closed, also if it never gets registered (by {@code
     * unsafe().closeForcibly()}). If this constructor throws, they stay the caller's.
     *
     * @param fromChild what the child writes can be read here; non-blocking
     * @param toChild what is written here can be read by the child; non-blocking
     * @param child who is at the other side
     */
    public PipeChannel(FileDescriptor fromChild, FileDescriptor toChild, ProcessAddress child) {
        super(child);
        if (fromChild.intValue() == toChild.intValue()) {
            throw new IllegalArgumentException("both ends are descriptor " + fromChild.intValue());
        }
        input = new PipeEnd(fromChild, EpollIoOps.EPOLLIN, this::inputEvent, this::closeAtLoopShutdown);
        output = new PipeEnd(toChild, EpollIoOps.EPOLLOUT, this::outputEvent, this::closeAtLoopShutdown);
    }

    /** Returns how many events both ends got. */
    long events() {
        return input.events() + output.events();
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return canRunOn(loop);
    }

    /** Returns whether {@code loop} can take such a channel. */
    public static boolean canRunOn(EventLoop loop) {
        return loop instanceof IoEventLoop ioLoop && ioLoop.isCompatible(PipeEnd.class);
    }

    @Override
    protected void doRegister(ChannelPromise promise) {
        register(input, promise, () -> register(output, promise, () -> watchBoth(promise)));
    }

    private void register(PipeEnd end, ChannelPromise promise, Runnable next) {
        if (!end.isOpen()) {
            // Shut down before the channel moved to this loop.
            next.run();
            return;
        }
        FutureListener<IoRegistration> registered = future -> {
            if (!future.isSuccess()) {
                doDeregister();
                promise.setFailure(future.cause());
                return;
            }
            end.registeredAs(future.getNow());
            if (isOpen()) {
                next.run();
            } else {
                doDeregister();
                promise.setFailure(new ClosedChannelException());
            }
        };
        ((IoEventLoop) eventLoop()).register(end).addListener(registered);
    }

    /** Watches both ends from the start, wanted or not: an end that is not watched never tells that the child died. */
    private void watchBoth(ChannelPromise promise) {
        try {
            input.watch();
            output.watch();
        } catch (UncheckedIOException e) {
            doDeregister();
            promise.setFailure(e.getCause());
            return;
        }
        promise.setSuccess();
    }

    @Override
    protected void doDeregister() {
        input.unregister();
        output.unregister();
    }

    private void inputEvent(EpollIoOps event) {
        maybeReadable = true;
        hungUp |= event.contains(HANG_UP);
        if (hungUp || isReadWanted()) {
            readInput();
        }
    }

    private void readInput() {
        reading = true;
        try {
            readLoop(hungUp);
        } finally {
            reading = false;
        }
        if (maybeReadable && isReadWanted()) {
            input.watch();
        }
    }

    @Override
    protected void awaitInput() {
        // Before the first event, and once all was read, the next event comes by itself.
        if (maybeReadable && !reading) {
            input.watch();
        }
    }

    @Override
    protected ByteBufAllocator readAllocator() {
        directAllocator.updateAllocator(config().getAllocator());
        return directAllocator;
    }

    @Override
    protected int doReadBytes(ByteBuf into) throws IOException {
        int start = into.writerIndex();
        int room = into.writableBytes();
        int count;
        if (into.hasMemoryAddress()) {
            count = input.fd().readAddress(into.memoryAddress(), start, into.capacity());
        } else if (into.isDirect()) {
            ByteBuffer nio = into.internalNioBuffer(start, room);
            count = input.fd().read(nio, nio.position(), nio.limit());
        } else {
            throw new IllegalStateException("a pipe is read into direct buffers only: " + into);
        }
        // A read that leaves room has emptied the pipe, and what comes next makes an event.
        maybeReadable = count == room;
        if (count == 0) {
            hungUp = false;
        } else if (count > 0) {
            into.writerIndex(start + count);
        }
        return count;
    }

    private void outputEvent(EpollIoOps event) {
        // Writable again, or no reader left: what waits is written now, or fails now. With nothing to write an error
        // changes nothing yet; the next write meets it.
        outputFull = false;
        flushNow();
    }

    @Override
    protected boolean isFlushUnderWay() {
        return outputFull;
    }

    @Override
    protected Object filterOutboundMessage(Object message) {
        if (!(message instanceof ByteBuf buffer)) {
            throw new UnsupportedOperationException(
                    "unsupported message type: " + StringUtil.simpleClassName(message) + " (expected: ByteBuf)");
        }
        if (!UnixChannelUtil.isBufferCopyNeededForWrite(buffer)) {
            return buffer;
        }
        int length = buffer.readableBytes();
        ByteBuf direct = alloc().directBuffer(length);
        direct.writeBytes(buffer, buffer.readerIndex(), length);
        buffer.release();
        return direct;
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer pending) throws IOException {
        // A listener of a finished write may close the channel; then nothing is pending any more.
        for (int spins = config().getWriteSpinCount(); spins > 0 && !pending.isEmpty(); spins--) {
            long written = pending.size() == 1 && ((ByteBuf) pending.current()).hasMemoryAddress()
                    ? writeOne((ByteBuf) pending.current())
                    : writeGathered(pending);
            if (written < 0) {
                outputFull = true;
                return;
            }
            pending.removeBytes(written);
        }
        if (!pending.isEmpty()) {
            // There is room still, as far as we know, but others want the loop too.
            eventLoop().execute(flushLater);
        }
    }

    private void flushLater() {
        // If the channel has moved to another loop meanwhile, the event that begins its watch there flushes.
        if (eventLoop().inEventLoop()) {
            flushNow();
        }
    }

    /** Returns how many bytes were written, 0 for an empty buffer, -1 if the pipe is full. */
    private long writeOne(ByteBuf buffer) throws IOException {
        if (!buffer.isReadable()) {
            return 0;
        }
        int written = output.fd().writeAddress(buffer.memoryAddress(), buffer.readerIndex(), buffer.writerIndex());
        return written == 0 ? -1 : written;
    }

    /** Returns how many bytes were written, 0 if all buffers are empty, -1 if the pipe is full. */
    private long writeGathered(ChannelOutboundBuffer pending) throws IOException {
        IovArray vector = clearedVector();
        try {
            pending.forEachFlushedMessage(vector);
        } catch (Exception e) {
            throw new IOException("could not gather the buffers to write", e);
        }
        if (vector.count() == 0) {
            return 0;
        }
        long written = output.fd().writevAddresses(vector.memoryAddress(0), vector.count());
        return written == 0 ? -1 : written;
    }

    private IovArray clearedVector() {
        if (gathered == null) {
            gathered = new IovArray(MAX_GATHERED_BUFFERS);
        }
        gathered.clear();
        gathered.maxBytes(MAX_GATHERED_BYTES);
        return gathered;
    }

    @Override
    public boolean isInputShutdown() {
        return !input.isOpen();
    }

    @Override
    public boolean isOutputShutdown() {
        return !output.isOpen();
    }

    @Override
    protected void doShutdownInput() throws IOException {
        input.free();
    }

    @Override
    protected void doShutdownOutput() throws IOException {
        if (gathered != null) {
            gathered.release();
            gathered = null;
        }
        output.free();
    }

    @Override
    protected void doCloseEnds() throws IOException {
        try {
            doShutdownInput();
        } finally {
            doShutdownOutput();
        }
    }

    private void closeAtLoopShutdown() {
        unsafe().close(voidPromise());
    }
}
