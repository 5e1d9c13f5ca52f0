package io.nbd4j.codec.benchmark;

import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.transmission.RequestEncoder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The headers of a batch of reads, which one flush sends. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class RequestEncoderBenchmark {
    private static final int BATCH = 64;

    private ByteBuf out;

    /** Makes the buffer. */
    @Setup
    public void makeBuffer() {
        out = Unpooled.directBuffer(BATCH * RequestEncoder.EXTENDED_HEADER_LENGTH);
    }

    /** Compact headers. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public ByteBuf compact() {
        out.clear();
        for (int i = 0; i < BATCH; i++) {
            RequestEncoder.encode(out, 0, CommandType.READ, i, (long) i * Replies.BLOCK, Replies.BLOCK);
        }
        return out;
    }

    /** Extended headers. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public ByteBuf extended() {
        out.clear();
        for (int i = 0; i < BATCH; i++) {
            RequestEncoder.encodeExtended(out, 0, CommandType.READ, i, (long) i * Replies.BLOCK, Replies.BLOCK);
        }
        return out;
    }

    /** Frees the buffer. */
    @TearDown
    public void freeBuffer() {
        out.release();
    }
}
