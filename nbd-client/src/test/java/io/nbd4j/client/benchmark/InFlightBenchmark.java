package io.nbd4j.client.benchmark;

import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.codec.transmission.TransmissionMode;
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

/**
 * A request from its call on the event loop to the completion of its future, and the server inside of this JVM that answers
 * it, which {@link InVmServerBenchmark} measures alone.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class InFlightBenchmark {
    /** The requests of one call, so many that the change of threads before and after them does not count. */
    static final int REQUESTS = 64 * 1024;

    /** How many are in flight. */
    @Param({"1", "64"})
    public int depth;

    /** What the server agrees on, which gives requests and replies their form. */
    @Param("STRUCTURED")
    public TransmissionMode mode;

    private TurnLoop loop;
    private NbdClient client;
    private Requests preadByteBuf;
    private Requests preadByteBuffer;
    private Requests preadNew;
    private Requests pwriteByteBuf;
    private Requests pwriteByteBuffer;
    private Requests flush;

    /** Connects. */
    @Setup
    public void connect() {
        loop = new TurnLoop(mode);
        client = NbdClient.builder().build();
        client.connect(NbdTarget.adopted(loop.channel())).join();
        preadByteBuf = Requests.preadByteBuf(client, depth);
        preadByteBuffer = Requests.preadByteBuffer(client, depth);
        preadNew = Requests.preadNew(client, depth);
        pwriteByteBuf = Requests.pwriteByteBuf(client, depth);
        pwriteByteBuffer = Requests.pwriteByteBuffer(client, depth);
        flush = Requests.flush(client, depth);
    }

    /** Reads 4 KiB into the caller's {@link io.netty.buffer.ByteBuf}. */
    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public void preadByteBuf() {
        loop.run(preadByteBuf, REQUESTS / depth);
    }

    /** Reads 4 KiB into the caller's {@link java.nio.ByteBuffer}. */
    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public void preadByteBuffer() {
        loop.run(preadByteBuffer, REQUESTS / depth);
    }

    /** Reads 4 KiB into a new buffer, which is released at once. */
    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public void preadNew() {
        loop.run(preadNew, REQUESTS / depth);
    }

    /** Writes 4 KiB of a {@link io.netty.buffer.ByteBuf}. */
    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public void pwriteByteBuf() {
        loop.run(pwriteByteBuf, REQUESTS / depth);
    }

    /** Writes 4 KiB of a {@link java.nio.ByteBuffer}. */
    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public void pwriteByteBuffer() {
        loop.run(pwriteByteBuffer, REQUESTS / depth);
    }

    /** Flushes. */
    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public void flush() {
        loop.run(flush, REQUESTS / depth);
    }

    /** Closes the connection and frees the buffers. */
    @TearDown
    public void close() {
        client.close();
        loop.close();
        for (Requests requests :
                new Requests[] {preadByteBuf, preadByteBuffer, preadNew, pwriteByteBuf, pwriteByteBuffer, flush}) {
            requests.close();
        }
    }
}
