package io.nbd4j.codec.benchmark;

import io.nbd4j.codec.transmission.ReplyDecoder;
import io.nbd4j.codec.transmission.TransmissionMode;
import io.netty.buffer.ByteBuf;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The replies to reads, as a client gets them. What becomes of the payload is not in it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class ReplyDecoderBenchmark {
    private static final int BATCH = 64;
    private static final int LARGE = 256 * 1024;
    /** The length of an Ethernet segment's payload: replies end somewhere in the middle of it. */
    private static final int SEGMENT = 1448;

    /** What was agreed on, which gives the replies their form. */
    @Param({"SIMPLE", "STRUCTURED", "EXTENDED"})
    public TransmissionMode mode;

    private CountingListener listener;
    private ReplyDecoder decoder;
    private ByteBuf small;
    private ByteBuf large;

    /** Makes the replies. */
    @Setup
    public void makeReplies() {
        listener = new CountingListener();
        decoder = new ReplyDecoder(mode, listener);
        small = Replies.to(BATCH, Replies.BLOCK, mode);
        large = Replies.to(1, LARGE, mode);
    }

    /** Replies of 4 KiB, all in one buffer. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public long small() {
        listener.readLength = Replies.BLOCK;
        decoder.decode(small.readerIndex(0));
        return listener.seen;
    }

    /** Replies of 4 KiB, in pieces of an Ethernet segment's size. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public long smallInSegments() {
        listener.readLength = Replies.BLOCK;
        decodeInSegments(small);
        return listener.seen;
    }

    /** A reply of 256 KiB, in one buffer. */
    @Benchmark
    public long large() {
        listener.readLength = LARGE;
        decoder.decode(large.readerIndex(0));
        return listener.seen;
    }

    /** A reply of 256 KiB, in pieces of an Ethernet segment's size. */
    @Benchmark
    public long largeInSegments() {
        listener.readLength = LARGE;
        decodeInSegments(large);
        return listener.seen;
    }

    private void decodeInSegments(ByteBuf replies) {
        int end = replies.writerIndex();
        replies.readerIndex(0);
        for (int at = 0; at < end; at += SEGMENT) {
            decoder.decode(replies.writerIndex(Math.min(end, at + SEGMENT)));
        }
    }

    /** Frees the replies. */
    @TearDown
    public void freeReplies() {
        small.release();
        large.release();
    }
}
