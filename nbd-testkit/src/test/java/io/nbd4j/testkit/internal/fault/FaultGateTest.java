package io.nbd4j.testkit.internal.fault;

import static io.nbd4j.testkit.fault.FaultRule.when;
import static io.nbd4j.testkit.fault.Matcher.command;
import static io.nbd4j.testkit.fault.Matcher.connect;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.golden.WireBytes;
import io.nbd4j.testkit.fault.Fault;
import io.nbd4j.testkit.fault.FaultPlan;
import io.nbd4j.testkit.fault.Hold;
import io.nbd4j.testkit.transcript.Transcript;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The gate between a client and a server that are both played by the test. */
class FaultGateTest {
    private static final String REPLY = "0003e889045565a9";
    private static final String GREETING = "'NBDMAGIC' 'IHAVEOPT' 0003";
    private static final String STRUCTURED_REPLY = "'IHAVEOPT' 00000008 00000000";
    private static final String GO = "'IHAVEOPT' 00000007 00000006 00000000 0000";
    private static final String READ = "25609513 0000 0000 00000000000000a1 0000000000000000 00000004";
    private static final String WRITE = "25609513 0000 0001 00000000000000b1 0000000000000000 00000004 'data'";
    private static final String FLUSH = "25609513 0000 0003 00000000000000f1 0000000000000000 00000000";
    private static final String DISC = "25609513 0000 0002 00000000000000d1 0000000000000000 00000000";
    private static final String HANDSHAKE = GREETING
            + REPLY + "00000008 00000001 00000000"
            + REPLY + "00000007 00000003 0000000c 0000 0000000000010000 05ed"
            + REPLY + "00000007 00000001 00000000";
    private static final String CHUNK = "668e33ef 0000 0001 00000000000000a1 0000000a 0000000000000000 'ab'";
    private static final String LAST_CHUNK = "668e33ef 0001 0001 00000000000000a1 0000000a 0000000000000002 'cd'";
    private static final String WRITTEN = "67446698 00000000 00000000000000b1";
    private static final String FLUSHED = "67446698 00000000 00000000000000f1";

    private final ByteArrayOutputStream heard = new ByteArrayOutputStream();
    private EmbeddedChannel channel = new EmbeddedChannel();

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    @Test
    void findsMessagesHoweverTheClientsBytesAreCut() {
        String tail = "25609513 ffff 0001 00000000000000b2 0000000000000000 00000001 'x'";
        String sent = "00000003" + STRUCTURED_REPLY + GO + READ + WRITE + FLUSH + tail;
        byte[] bytes = WireBytes.parse(sent);
        for (int step = 1; step <= bytes.length; step++) {
            // Given
            FaultPlan plan = FaultPlan.parse("on GO nth 1: refuse ERR_POLICY", "on WRITE nth 1: refuse EIO");
            Transcript transcript = new Transcript(100);
            open(plan, transcript);
            serverSays(GREETING);
            heard.reset();

            // When
            for (int at = 0; at < bytes.length; at += step) {
                channel.writeInbound(Unpooled.copiedBuffer(bytes, at, Math.min(step, bytes.length - at)));
            }

            // Then
            assertThat(hex(heard))
                    .as("step %d", step)
                    .isEqualTo(parsed("00000003" + STRUCTURED_REPLY + READ + FLUSH + tail));
            assertThat(transcript.requests()).hasSize(4);
            assertThat(sent())
                    .isEqualTo(
                            parsed(GREETING + REPLY + "00000007 80000002 00000000 67446698 00000005 00000000000000b1"));
            close();
        }
    }

    @Test
    void findsMessagesHoweverTheServersWritesAreCut() {
        byte[] bytes = WireBytes.parse(HANDSHAKE + CHUNK + WRITTEN + LAST_CHUNK + FLUSHED);
        for (int step = 1; step <= bytes.length; step++) {
            // Given
            FaultPlan plan = FaultPlan.parse(
                    "on GO nth 1: unknown info 99 length 0", "on READ nth 1: merge", "on WRITE nth 1: append 77");
            open(plan, null);
            boolean asked = false;

            // When
            for (int at = 0; at < bytes.length; at += step) {
                if (!asked) {
                    clientSays("00000003" + STRUCTURED_REPLY + GO + READ + WRITE + FLUSH);
                    asked = true;
                }
                channel.writeOutbound(Unpooled.copiedBuffer(bytes, at, Math.min(step, bytes.length - at)));
            }

            // Then
            assertThat(sent())
                    .as("step %d", step)
                    .isEqualTo(parsed(HANDSHAKE.replace(
                                    REPLY + "00000007 00000003",
                                    REPLY + "00000007 00000003 00000002 0063" + REPLY + "00000007 00000003")
                            + WRITTEN + "77"
                            + "668e33ef 0001 0001 00000000000000a1 0000000c 0000000000000000 'abcd'" + FLUSHED));
            assertThat(plan.unusedRules()).isEmpty();
            close();
        }
    }

    @Test
    void aTimedAnswerDoesNotGetBetweenThePiecesOfAnother() {
        // Given
        open(FaultPlan.of(when(command(CommandType.FLUSH)).always().then(Fault.delay(Duration.ofMillis(5)))), null);
        handshake();
        clientSays(FLUSH + READ);
        serverSays(FLUSHED);

        // When
        serverSays("668e33ef 0001 0001 00000000000000a1 0000000c 0000000000000000 'a'");
        channel.advanceTimeBy(5, TimeUnit.MILLISECONDS);
        channel.runScheduledPendingTasks();

        // Then
        assertThat(sent()).isEqualTo(parsed("668e33ef 0001 0001 00000000000000a1 0000000c 0000000000000000 'a'"));
        serverSays("'bcd'");
        assertThat(sent()).isEqualTo(parsed("'bcd'" + FLUSHED));
    }

    @Test
    void theServersLastWordWaitsForADelayAndNotForAHold() {
        // Given
        Hold hold = Fault.hold();
        open(
                FaultPlan.of(
                        when(command(CommandType.FLUSH)).always().then(Fault.delay(Duration.ofSeconds(3))),
                        when(command(CommandType.READ)).always().then(hold)),
                null);
        handshake();
        clientSays(FLUSH + READ + DISC);
        serverSays(FLUSHED + LAST_CHUNK);

        // When
        var closing = channel.writeAndFlush(Unpooled.EMPTY_BUFFER);

        // Then
        assertThat(closing.isDone()).isFalse();
        channel.advanceTimeBy(3, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();
        assertThat(closing.isSuccess()).isTrue();
        assertThat(sent()).isEqualTo(parsed(FLUSHED));
    }

    @Test
    void aConnectionIsClosedThatWouldKeepTooMuchBack() {
        // Given
        Hold hold = Fault.hold();
        FaultPlan plan = FaultPlan.of(when(command(CommandType.READ)).always().then(hold));
        Transcript transcript = new Transcript(100);
        open(plan, transcript, 40);
        handshake();
        clientSays(READ + READ);

        // When
        serverSays(LAST_CHUNK);
        assertThat(channel.isOpen()).isTrue();
        serverSays(LAST_CHUNK);

        // Then
        assertThat(channel.isOpen()).isFalse();
        assertThat(hold.releaseOne()).isFalse();
        assertThat(sent()).isEmpty();
        assertThat(transcript.faults())
                .last()
                .satisfies(end -> assertThat(end).asString().endsWith("server  end of stream [on READ always: hold]"));
    }

    @Test
    void readsOnlySoMuchAheadOfAnOptionThatWaits() {
        // Given
        Hold hold = Fault.hold();
        open(FaultPlan.of(when(connect()).always().then(hold)), null);
        channel.config().setAutoRead(false);
        ReadCounter reads = new ReadCounter();
        channel.pipeline().addFirst(reads);

        // When
        channel.read();
        assertThat(reads.count).isEqualTo(1);
        channel.writeInbound(Unpooled.wrappedBuffer(new byte[ClientSide.MAX_PENDING + 1]));
        channel.read();

        // Then
        assertThat(reads.count).isEqualTo(1);
        hold.release();
        channel.runPendingTasks();
        assertThat(reads.count).isEqualTo(2);
    }

    @Test
    void theStartOfAMessageReachesTheServerWhenTheClientEnds() {
        open(FaultPlan.parse("on READ always: drop"), null);
        handshake();
        heard.reset();

        clientSays("25609513 00");
        assertThat(heard.size()).isZero();
        channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);

        assertThat(hex(heard)).isEqualTo("2560951300");
    }

    @Test
    void anOptionTooLargeToBeGatheredPassesAndCanBeRefused() {
        open(FaultPlan.parse("on LIST nth 2: refuse ERR_TOO_BIG"), null);
        serverSays(GREETING);
        clientSays("00000003");
        sent();
        heard.reset();
        byte[] header = WireBytes.parse("'IHAVEOPT' 00000003 00050000");

        for (int i = 0; i < 2; i++) {
            channel.writeInbound(Unpooled.copiedBuffer(header));
            channel.writeInbound(Unpooled.wrappedBuffer(new byte[0x50000]));
        }

        assertThat(heard.size()).isEqualTo(16 + 0x50000);
        assertThat(sent()).isEqualTo(parsed(REPLY + "00000003 80000009 00000000"));
    }

    @Test
    void optionsAreAnsweredInOrder() {
        // Given
        open(FaultPlan.parse("on GO nth 1: refuse ERR_POLICY"), null);
        serverSays(GREETING);
        sent();
        channel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                ctx.channel()
                        .writeAndFlush(Unpooled.wrappedBuffer(WireBytes.parse(REPLY + "00000008 00000001 00000000")));
            }
        });

        // When
        clientSays("00000003" + STRUCTURED_REPLY + GO);

        // Then
        assertThat(sent())
                .isEqualTo(parsed(REPLY + "00000008 00000001 00000000" + REPLY + "00000007 80000002 00000000"));
    }

    /** As qemu 10.0 does. */
    @Test
    void anExtendedWriteHasAPayloadAlsoWithoutItsFlag() {
        // Given
        open(FaultPlan.parse("on WRITE always: refuse EIO"), null);
        handshake();
        heard.reset();

        // When
        clientSays("21e41c71 0000 0001 00000000000000b1 0000000000000010 0000000000000004 'data'");
        clientSays("21e41c71 0020 0001 00000000000000b2 0000000000000010 0000000000000004 'data'");

        // Then
        assertThat(heard.size()).isZero();
        assertThat(sent())
                .isEqualTo(parsed("6e8a278c 0001 8001 00000000000000b1 0000000000000010 0000000000000006 00000005 0000"
                        + "6e8a278c 0001 8001 00000000000000b2 0000000000000010 0000000000000006 00000005 0000"));
    }

    @Test
    void aServerWithoutFaultsAndTranscriptHasNoGate() {
        FaultGates.NONE.addTo(channel.pipeline());
        assertThat(channel.pipeline().get(FaultGate.class)).isNull();

        new FaultGates(FaultPlan.of(), new Transcript(1)).addTo(channel.pipeline());
        assertThat(channel.pipeline().get(FaultGate.class)).isNotNull();
    }

    @Test
    void whatComesBehindDiscReachesNobody() {
        // Given
        Transcript transcript = new Transcript(100);
        open(FaultPlan.of(), transcript);
        handshake();
        heard.reset();

        // When
        clientSays(DISC + READ);
        clientSays("'more'");

        // Then
        assertThat(hex(heard)).isEqualTo(parsed(DISC));
        assertThat(transcript.bytesAfterDisc()).isEqualTo(32);
    }

    private void open(FaultPlan plan, @Nullable Transcript transcript) {
        open(plan, transcript, ServerSide.MAX_WAITING);
    }

    private void open(FaultPlan plan, @Nullable Transcript transcript, long maxWaiting) {
        heard.reset();
        channel = new EmbeddedChannel();
        channel.freezeTime();
        channel.pipeline().addLast(new FaultGate(plan, transcript, maxWaiting), new Ear());
        channel.pipeline().fireChannelActive();
    }

    private void handshake() {
        serverSays(GREETING);
        clientSays("00000003" + STRUCTURED_REPLY + GO);
        serverSays(HANDSHAKE.substring(GREETING.length()));
        sent();
    }

    private void clientSays(String wire) {
        channel.writeInbound(Unpooled.wrappedBuffer(WireBytes.parse(wire)));
        channel.releaseInbound();
    }

    private void serverSays(String wire) {
        channel.writeOutbound(Unpooled.wrappedBuffer(WireBytes.parse(wire)));
    }

    private String sent() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (ByteBuf next = channel.readOutbound(); next != null; next = channel.readOutbound()) {
            out.writeBytes(ByteBufUtil.getBytes(next));
            next.release();
        }
        return hex(out);
    }

    private static String hex(ByteArrayOutputStream bytes) {
        return HexFormat.of().formatHex(bytes.toByteArray());
    }

    private static String parsed(String wire) {
        return HexFormat.of().formatHex(WireBytes.parse(wire));
    }

    /** The server, which only listens. */
    private final class Ear extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf in = (ByteBuf) message;
            heard.writeBytes(ByteBufUtil.getBytes(in));
            ctx.fireChannelRead(in);
        }
    }

    private static final class ReadCounter extends ChannelOutboundHandlerAdapter {
        int count;

        @Override
        public void read(ChannelHandlerContext ctx) {
            count++;
            ctx.read();
        }
    }
}
