package io.nbd4j.client.internal.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32;

/** The last handler of a test's channel: keeps what came. Written by the event loop, read by the test's thread. */
public final class RecordingHandler extends ChannelInboundHandlerAdapter {
    private final int keepBytes;
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private final CRC32 checksum = new CRC32();
    private final AtomicLong received = new AtomicLong();
    private final List<Integer> messageSizes = new CopyOnWriteArrayList<>();
    private final List<Object> events = new CopyOnWriteArrayList<>();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();

    /** Keeps the first {@code keepBytes} and counts the rest. */
    RecordingHandler(int keepBytes) {
        this.keepBytes = keepBytes;
    }

    /** Returns how many bytes came. */
    public long received() {
        return received.get();
    }

    /** Returns the bytes that were kept. */
    public byte[] bytes() {
        return kept.toByteArray();
    }

    long checksum() {
        return checksum.getValue();
    }

    /** Returns the size of each message in order. */
    public List<Integer> messageSizes() {
        return messageSizes;
    }

    /** Returns the names of the state events and the user events, in order. */
    public List<Object> events() {
        return events;
    }

    /** Returns the exceptions that came through the pipeline. */
    public List<Throwable> failures() {
        return failures;
    }

    @Override
    public void channelRegistered(ChannelHandlerContext ctx) {
        events.add("registered");
    }

    @Override
    public void channelUnregistered(ChannelHandlerContext ctx) {
        events.add("unregistered");
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        events.add("active");
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        events.add("inactive");
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        events.add(event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        failures.add(cause);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf buffer = (ByteBuf) message;
        try {
            byte[] bytes = new byte[buffer.readableBytes()];
            buffer.readBytes(bytes);
            checksum.update(bytes);
            if (kept.size() < keepBytes) {
                kept.writeBytes(bytes);
            }
            messageSizes.add(bytes.length);
            received.addAndGet(bytes.length);
        } finally {
            buffer.release();
        }
    }
}
