package io.nbd4j.client.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.MetaContext;
import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.StrictCheck;
import io.nbd4j.client.internal.tls.TlsLayer;
import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.TransmissionFlags;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A connection on an embedded channel. The test is the server at its other end, and the owner: it sees the requests as
 * bytes and answers with bytes. All memory comes from one allocator, which is empty again when the rig is closed.
 */
final class Rig implements ConnectionOwner, AutoCloseable {
    static final int ALL_FLAGS = 0x0dfd;

    private static final int HEADER = 28;
    private static final int REQUEST_MAGIC = 0x25609513;
    private static final int EXTENDED_HEADER = 32;
    private static final int EXTENDED_REQUEST_MAGIC = 0x21e41c71;

    final UnpooledByteBufAllocator memory = new UnpooledByteBufAllocator(true);
    final GatedChannel channel = new GatedChannel();
    final Connection connection;
    final Commands commands;
    final List<Loss> losses = new ArrayList<>();
    final StrictMode strict = new StrictMode(StrictCheck.all());
    final Traffic traffic = new Traffic();

    int shutdowns;
    /** Whether the owner ends the requests as soon as it hears of a loss, as it does when there is no child to ask. */
    boolean failsAtOnce = true;

    /** What the owner does when the server shuts down. */
    Runnable onShutdown = () -> {};

    private final boolean structured;
    private final boolean extended;
    private byte[] unread = new byte[0];

    private Rig(Settings settings) {
        structured = settings.structured;
        extended = settings.extended;
        channel.freezeTime();
        channel.config().setAllocator(memory);
        ByteBufAllocator allocator = settings.allocator == null ? memory : settings.allocator;
        connection = new Connection(
                settings.loop == null ? channel.eventLoop() : settings.loop.inFrontOf(channel.eventLoop()),
                new ConnectionSettings(
                        new ExportInfo(
                                "",
                                settings.size,
                                new TransmissionFlags(settings.flags),
                                settings.constraints,
                                settings.structured,
                                settings.extended,
                                settings.contexts,
                                ExportInfo.Protocol.NEWSTYLE_FIXED,
                                null,
                                null),
                        settings.inFlight,
                        settings.bytes,
                        settings.waiting,
                        settings.stallNanos,
                        settings.requestNanos,
                        settings.pollNanos,
                        settings.executor,
                        allocator,
                        settings.buffers,
                        strict,
                        "rig",
                        traffic),
                this);
        commands = connection.commands();
        if (settings.tls != null) {
            settings.tls.addTo(channel.pipeline());
        }
        channel.pipeline().addLast(traffic, connection);
    }

    static Rig structured() {
        return with().open();
    }

    static Rig simple() {
        return with().structured(false).open();
    }

    static Rig extended() {
        return with().extended().open();
    }

    static Settings with() {
        return new Settings();
    }

    /** What a test may want to be different. */
    static final class Settings {
        private long size = 1L << 40;
        private int flags = ALL_FLAGS;
        private @Nullable SizeConstraints constraints;
        private boolean structured = true;
        private boolean extended;
        private List<MetaContext> contexts = List.of();
        private int inFlight = 512;
        private long bytes = 64 << 20;
        private int waiting = 1 << 20;
        private long stallNanos;
        private long requestNanos;
        private long pollNanos;
        private @Nullable Executor executor;
        private @Nullable ByteBufAllocator allocator;
        private @Nullable ReceiveBuffers buffers;
        private @Nullable ManualLoop loop;
        private @Nullable TlsLayer tls;

        Settings size(long value) {
            size = value;
            return this;
        }

        Settings flags(int value) {
            flags = value;
            return this;
        }

        Settings blocks(long minimum, long preferred, long maximumPayload) {
            constraints = new SizeConstraints(minimum, preferred, maximumPayload);
            return this;
        }

        Settings structured(boolean value) {
            structured = value;
            return this;
        }

        Settings extended() {
            extended = true;
            return this;
        }

        Settings contexts(MetaContext... values) {
            contexts = List.of(values);
            return this;
        }

        Settings inFlight(int requests) {
            inFlight = requests;
            return this;
        }

        Settings bytes(long value) {
            bytes = value;
            return this;
        }

        Settings waiting(int requests) {
            waiting = requests;
            return this;
        }

        Settings stallSeconds(long seconds) {
            stallNanos = TimeUnit.SECONDS.toNanos(seconds);
            return this;
        }

        Settings requestSeconds(long seconds) {
            requestNanos = TimeUnit.SECONDS.toNanos(seconds);
            return this;
        }

        Settings pollNanos(long value) {
            pollNanos = value;
            return this;
        }

        Settings executor(Executor value) {
            executor = value;
            return this;
        }

        Settings allocator(ByteBufAllocator value) {
            allocator = value;
            return this;
        }

        Settings receiveInto(ReceiveBuffers value) {
            buffers = value;
            return this;
        }

        Settings loop(ManualLoop value) {
            loop = value;
            return this;
        }

        Settings tls(TlsLayer value) {
            tls = value;
            return this;
        }

        Rig open() {
            return new Rig(this);
        }
    }

    // ---- The owner

    @Override
    public void connectionEnded(Loss loss) {
        losses.add(loss);
        if (failsAtOnce) {
            connection.fail(loss);
        }
    }

    @Override
    public void serverShutsDown() {
        shutdowns++;
        onShutdown.run();
    }

    // ---- The server

    /** Returns the requests that have come completely since the last call. */
    List<Request> requests() {
        channel.runPendingTasks();
        byte[] taken = channel.take();
        byte[] all = Arrays.copyOf(unread, unread.length + taken.length);
        System.arraycopy(taken, 0, all, unread.length, taken.length);
        ByteBuffer in = ByteBuffer.wrap(all);
        List<Request> requests = new ArrayList<>();
        while (in.remaining() >= (extended ? EXTENDED_HEADER : HEADER)) {
            in.mark();
            assertThat(in.getInt()).as("magic").isEqualTo(extended ? EXTENDED_REQUEST_MAGIC : REQUEST_MAGIC);
            int flags = in.getShort() & 0xffff;
            int type = in.getShort() & 0xffff;
            long cookie = in.getLong();
            long offset = in.getLong();
            long length = extended ? in.getLong() : in.getInt() & 0xffff_ffffL;
            boolean carries = extended ? (flags & Request.PAYLOAD_LEN) != 0 : type == Request.WRITE;
            byte[] payload = new byte[carries ? (int) length : 0];
            if (in.remaining() < payload.length) {
                in.reset();
                break;
            }
            in.get(payload);
            requests.add(new Request(flags, type, cookie, offset, length, payload));
        }
        unread = new byte[in.remaining()];
        in.get(unread);
        return requests;
    }

    /** Returns the only request that has come since the last call. */
    Request request() {
        List<Request> requests = requests();
        assertThat(requests).as("requests").hasSize(1);
        return requests.get(0);
    }

    /** Returns the number of bytes of a request that came in part. */
    int bytesOfAnUnfinishedRequest() {
        return unread.length;
    }

    void answer(byte[]... messages) {
        answer(Delivery.MESSAGES, messages);
    }

    void answer(Delivery delivery, byte[]... messages) {
        for (byte[] segment : delivery.segments(messages)) {
            receive(memory.directBuffer(Math.max(1, segment.length)).writeBytes(segment));
        }
    }

    /** Lets the channel read a buffer, which it takes. What comes after the end of the channel never arrives. */
    void receive(ByteBuf segment) {
        if (channel.isOpen()) {
            channel.writeInbound(segment);
        } else {
            segment.release();
        }
    }

    /** Answers a read with the pattern, in the way that this connection agreed on. */
    void answerRead(Request read) {
        byte[] data = Wire.pattern(read.offset(), (int) read.length());
        if (extended) {
            answer(WireExtended.lastData(read, read.offset(), data));
        } else {
            answer(structured ? Wire.lastData(read.cookie(), read.offset(), data) : Wire.simple(read.cookie(), data));
        }
    }

    /** The server closes the connection. */
    void hangUp() {
        channel.close();
        channel.runPendingTasks();
    }

    // ---- The caller

    /** Proves that the connection has survived: a read goes through. */
    void assertWorks() {
        assertThat(losses).isEmpty();
        assertThat(channel.isOpen()).isTrue();
        requests();
        NbdFuture<ByteBuf> read = commands.read(512, 4096);
        answerRead(request());
        assertThat(bytesOf(read)).isEqualTo(Wire.pattern(4096, 512));
    }

    /** Proves that the client has closed the connection, for a violation. */
    void assertDropped() {
        assertThat(channel.isOpen()).isFalse();
        assertThat(losses).extracting(Loss::kind).containsExactly(Loss.Kind.VIOLATED);
        assertThat(connection.isIdle()).isTrue();
    }

    /** Returns what a read gave, and releases its buffer. */
    static byte[] bytesOf(CompletableFuture<ByteBuf> read) {
        assertThat(read).isCompleted();
        ByteBuf buffer = read.join();
        byte[] bytes = ByteBufUtil.getBytes(buffer);
        buffer.release();
        return bytes;
    }

    /** Returns how a future failed. */
    static <E extends NbdException> E failureOf(CompletableFuture<?> future, Class<E> type) {
        assertThat(future).isCompletedExceptionally();
        CompletionException wrapped = assertThatExceptionOfType(CompletionException.class)
                .isThrownBy(future::join)
                .actual();
        assertThat(wrapped).hasCauseInstanceOf(type);
        return type.cast(Objects.requireNonNull(wrapped.getCause()));
    }

    /** Returns a direct buffer with a pattern in it, whose reader index is not zero. */
    ByteBuf payload(long offset, int length) {
        return memory.directBuffer(3 + length)
                .writeMedium(0x5a5a5a)
                .skipBytes(3)
                .writeBytes(Wire.pattern(offset, length));
    }

    /** Returns a buffer for {@code length} bytes in the middle of others, full of what was there before. */
    ByteBuf dirty(int length) {
        byte[] junk = new byte[length + 6];
        Arrays.fill(junk, (byte) 0x5a);
        return memory.directBuffer(length + 6, length + 6)
                .writeBytes(junk)
                .setIndex(1, 3)
                .capacity(length + 3);
    }

    /** Runs what is due on the event loop. */
    void turn() {
        channel.runPendingTasks();
    }

    /** Lets time pass, which otherwise stands still. */
    void pass(long seconds) {
        channel.advanceTimeBy(seconds, TimeUnit.SECONDS);
        channel.runPendingTasks();
    }

    @Override
    public void close() {
        hangUp();
        for (Loss loss : losses) {
            connection.fail(loss);
        }
        channel.runPendingTasks();
        assertThat(connection.isIdle()).as("no request is left").isTrue();
        assertThat(memory.metric().usedDirectMemory())
                .as("direct memory that leaked")
                .isZero();
        assertThat(memory.metric().usedHeapMemory())
                .as("heap buffers that leaked")
                .isZero();
    }
}
