package io.nbd4j.codec.benchmark;

import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.transmission.RequestDecoder;
import io.nbd4j.codec.transmission.RequestEncoder;
import io.nbd4j.codec.transmission.RequestListener;
import io.nbd4j.codec.transmission.TransmissionMode;
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
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A batch of requests, as a server gets it. What becomes of the payload is not in it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class RequestDecoderBenchmark {
    private static final int BATCH = 64;

    /** What was agreed on, which gives the requests their headers. */
    @Param({"STRUCTURED", "EXTENDED"})
    public TransmissionMode mode;

    private Sum sum;
    private RequestDecoder decoder;
    private ByteBuf reads;
    private ByteBuf writes;

    /** Makes the requests. */
    @Setup
    public void makeRequests() {
        sum = new Sum();
        decoder = new RequestDecoder(mode, sum);
        reads = Unpooled.directBuffer();
        writes = Unpooled.directBuffer();
        for (int cookie = 0; cookie < BATCH; cookie++) {
            header(reads, CommandType.READ, cookie);
            header(writes, CommandType.WRITE, cookie);
            writes.writeZero(Replies.BLOCK);
        }
    }

    private void header(ByteBuf out, CommandType type, int cookie) {
        long offset = (long) cookie * Replies.BLOCK;
        if (mode == TransmissionMode.EXTENDED) {
            int flags = type == CommandType.WRITE ? CommandFlag.PAYLOAD_LEN.bit() : 0;
            RequestEncoder.encodeExtended(out, flags, type, cookie, offset, Replies.BLOCK);
        } else {
            RequestEncoder.encode(out, 0, type, cookie, offset, Replies.BLOCK);
        }
    }

    /** Reads. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public long reads() {
        decoder.decode(reads.readerIndex(0));
        return sum.seen;
    }

    /** Writes of 4 KiB. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public long writes() {
        decoder.decode(writes.readerIndex(0));
        return sum.seen;
    }

    /** Frees the requests. */
    @TearDown
    public void freeRequests() {
        reads.release();
        writes.release();
    }

    /** Looks at each number that it hears, so that none is optimized away, and keeps nothing. */
    private static final class Sum implements RequestListener {
        private long seen;

        @Override
        public void request(int flags, CommandType type, int rawType, long cookie, long offset, long length) {
            seen += flags + rawType + cookie + offset + length;
        }

        @Override
        public void payload(ByteBuf in, int length, boolean last) {
            seen += in.readerIndex() + length;
        }
    }
}
