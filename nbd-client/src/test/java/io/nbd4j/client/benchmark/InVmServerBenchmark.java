package io.nbd4j.client.benchmark;

import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.transmission.RequestEncoder;
import io.nbd4j.codec.transmission.TransmissionMode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
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
 * What {@link InFlightBenchmark} measures besides the client: the server, the event loop, and the channel. Requests that were
 * made once are sent again and again, and nobody looks at the answers.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class InVmServerBenchmark {
    private static final int REQUESTS = InFlightBenchmark.REQUESTS;

    /** How many requests are sent at once. */
    @Param({"1", "64"})
    public int depth;

    private TurnLoop loop;
    private ByteBuf reads;
    private Turn turn;

    /** Makes the requests. */
    @Setup
    public void connect() {
        loop = new TurnLoop(TransmissionMode.STRUCTURED);
        reads = new UnpooledByteBufAllocator(true, true).directBuffer();
        for (int cookie = 0; cookie < depth; cookie++) {
            RequestEncoder.encode(reads, 0, CommandType.READ, cookie, (long) cookie * Requests.BLOCK, Requests.BLOCK);
        }
        int end = reads.writerIndex();
        Channel channel = loop.channel();
        turn = new Turn() {
            @Override
            public void begin() {
                channel.write(reads.setIndex(0, end).retain(), channel.voidPromise());
                channel.flush();
            }

            @Override
            public void end() {
                // They were released.
            }
        };
        channel.eventLoop()
                .submit(() -> {
                    loop.server().skipHandshake();
                    channel.pipeline().addLast(new Releasing());
                    channel.config().setAutoRead(true);
                })
                .syncUninterruptibly();
    }

    /** Answers to reads of 4 KiB. */
    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public void preads() {
        loop.run(turn, REQUESTS / depth);
    }

    /** Ends it. */
    @TearDown
    public void close() {
        loop.close();
        reads.release();
    }

    private static final class Releasing extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ((ByteBuf) message).release();
        }
    }
}
