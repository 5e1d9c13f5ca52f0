package io.nbd4j.client.internal.transport.stream;

import io.nbd4j.client.internal.logging.Loggers;
import io.nbd4j.client.internal.transport.ChildChannel;
import io.nbd4j.client.internal.transport.ProcessAddress;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.EventLoop;
import io.netty.util.internal.StringUtil;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * A channel over an input and an output stream, each with a thread that alone touches it (see {@link StreamThread}).
 *
 * <p>Between a thread and the event loop lies one array of {@value #CHUNK_BYTES} bytes, which belongs to the one or the
 * other: nothing more is read before the pipeline took what was read, and a write is done when the stream took it. The
 * next chunk is fetched on demand only, so with auto-read off the end of the input is noticed late.
 *
 * <p>A closed channel has freed its caller, not its threads: one that is blocked in its stream ends with the child. An
 * event loop that shuts down does not know such a channel: close it before.
 */
public final class StreamChannel extends ChildChannel {
    private static final Logger logger = Loggers.TRANSPORT;
    private static final int CHUNK_BYTES = 1 << 16;

    private final InputStream fromChild;
    private final OutputStream toChild;
    private final StreamThread reader;
    private final StreamThread writer;

    private final byte[] inbound = new byte[CHUNK_BYTES];
    private int inboundPosition;
    private int inboundEnd;
    private boolean fetching;
    private boolean delivering;
    private boolean deliveryScheduled;
    private boolean ended;
    private @Nullable Throwable readFailure;

    private final byte[] outbound = new byte[CHUNK_BYTES];
    private int outboundEnd;
    private boolean writing;
    private @Nullable IOException writeFailure;

    private volatile boolean inputShutdown;
    private volatile boolean outputShutdown;

    /**
     * Creates a channel that is not registered yet, and no thread so far.
     *
     * <p>Takes both streams: the channel closes them, also if it never gets registered (by {@code
     * unsafe().closeForcibly()}).
     */
    public StreamChannel(InputStream fromChild, OutputStream toChild, ProcessAddress child) {
        super(child);
        this.fromChild = fromChild;
        this.toChild = toChild;
        reader = new StreamThread(fromChild, "nbd4j-from-" + child);
        writer = new StreamThread(toChild, "nbd4j-to-" + child);
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return true;
    }

    @Override
    protected ByteBufAllocator readAllocator() {
        return config().getAllocator();
    }

    @Override
    protected void awaitInput() {
        if (fetching || delivering || deliveryScheduled) {
            return;
        }
        if (ended || inboundPosition < inboundEnd) {
            deliveryScheduled = true;
            runInLoop(() -> {
                deliveryScheduled = false;
                deliver();
            });
        } else {
            fetching = true;
            reader.execute(this::fetch);
        }
    }

    private void fetch() {
        int count;
        Throwable failure = null;
        try {
            count = fromChild.read(inbound, 0, CHUNK_BYTES);
        } catch (IOException e) {
            count = -1;
            failure = e;
        }
        int fetched = count;
        Throwable cause = failure;
        runInLoop(() -> fetched(fetched, cause));
    }

    private void fetched(int count, @Nullable Throwable failure) {
        fetching = false;
        inboundPosition = 0;
        inboundEnd = Math.max(count, 0);
        ended = count < 0;
        readFailure = failure;
        deliver();
    }

    private void deliver() {
        if (isInputShutdown() || (!ended && !isReadWanted())) {
            return;
        }
        delivering = true;
        try {
            readLoop(false);
        } finally {
            delivering = false;
        }
        if (isReadWanted()) {
            awaitInput();
        }
    }

    @Override
    protected int doReadBytes(ByteBuf into) throws Exception {
        int count = Math.min(inboundEnd - inboundPosition, into.writableBytes());
        if (count > 0) {
            into.writeBytes(inbound, inboundPosition, count);
            inboundPosition += count;
            return count;
        }
        if (readFailure != null) {
            throw new IOException("could not read from the child", readFailure);
        }
        return ended ? -1 : 0;
    }

    @Override
    protected boolean isFlushUnderWay() {
        return writing;
    }

    @Override
    protected Object filterOutboundMessage(Object message) {
        if (message instanceof ByteBuf) {
            return message;
        }
        throw new UnsupportedOperationException(
                "unsupported message type: " + StringUtil.simpleClassName(message) + " (expected: ByteBuf)");
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer pending) throws Exception {
        if (writeFailure != null) {
            throw writeFailure;
        }
        int written = outboundEnd;
        outboundEnd = 0;
        pending.removeBytes(written);
        pending.forEachFlushedMessage(this::gather);
        if (outboundEnd > 0) {
            writing = true;
            int length = outboundEnd;
            writer.execute(() -> write(length));
        } else {
            // Nothing, or empty buffers only.
            pending.removeBytes(0);
        }
    }

    private boolean gather(Object message) {
        ByteBuf buffer = (ByteBuf) message;
        int count = Math.min(buffer.readableBytes(), CHUNK_BYTES - outboundEnd);
        buffer.getBytes(buffer.readerIndex(), outbound, outboundEnd, count);
        outboundEnd += count;
        return outboundEnd < CHUNK_BYTES;
    }

    private void write(int length) {
        IOException failure = null;
        try {
            toChild.write(outbound, 0, length);
            toChild.flush();
        } catch (IOException e) {
            failure = e;
        }
        IOException cause = failure;
        runInLoop(() -> written(cause));
    }

    private void written(@Nullable IOException failure) {
        writing = false;
        writeFailure = failure;
        // Still pending there is what was written: doWrite removes it, or fails it.
        flushNow();
    }

    /** Runs {@code task} on the channel's loop, whichever that is when its turn comes. */
    private void runInLoop(Runnable task) {
        try {
            eventLoop().execute(() -> {
                if (eventLoop().inEventLoop()) {
                    task.run();
                } else {
                    runInLoop(task);
                }
            });
        } catch (RejectedExecutionException e) {
            logger.debug("{}: the event loop was shut down before the channel", this, e);
        }
    }

    @Override
    public boolean isInputShutdown() {
        return inputShutdown;
    }

    @Override
    public boolean isOutputShutdown() {
        return outputShutdown;
    }

    @Override
    protected void doShutdownInput() {
        inputShutdown = true;
        reader.closeStreamAndEnd();
    }

    @Override
    protected void doShutdownOutput() {
        outputShutdown = true;
        writer.closeStreamAndEnd();
    }

    @Override
    protected void doCloseEnds() {
        if (!outputShutdown) {
            doShutdownOutput();
        }
        if (!inputShutdown) {
            doShutdownInput();
        }
    }
}
