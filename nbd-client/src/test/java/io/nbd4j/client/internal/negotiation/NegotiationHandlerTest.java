package io.nbd4j.client.internal.negotiation;

import static io.nbd4j.client.internal.negotiation.Conversation.GO_ACK;
import static io.nbd4j.client.internal.negotiation.Conversation.GO_EXPORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.nbd4j.client.internal.negotiation.Conversation.Outcome;
import io.nbd4j.client.internal.negotiation.NegotiationFailure.Closed;
import io.nbd4j.codec.golden.WireBytes;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What the handler adds to the machine: the pipeline, the clock's start, causes from the channel. */
class NegotiationHandlerTest {
    @Test
    void leavesNothingOfTheHandshakeInThePipeline() {
        try (Conversation conversation = Conversation.atGo()) {
            // Given
            List<String> atReady = new ArrayList<>();
            // When
            conversation.server(GO_EXPORT, GO_ACK);
            conversation
                    .channel
                    .pipeline()
                    .forEach(entry -> atReady.add(entry.getValue().getClass().getPackageName()));
            // Then: what ready() added is all there is
            assertThat(atReady).hasSize(1);
            assertThat(conversation.transmission.size()).isZero();
        }
    }

    @Test
    void handsOnBytesBehindTheHandshakeOnlyAfterTheCallbackOfGo() {
        try (Conversation conversation = Conversation.atPause()) {
            // Given
            List<Integer> seen = new ArrayList<>();
            conversation.handler.go(ExportWish.DEFAULT, new OptionCallback<>() {
                @Override
                public void succeeded(OptionResult.Information value) {
                    seen.add(conversation.exports.size());
                    seen.add(conversation.transmission.size());
                }

                @Override
                public void failed(OptionFailure failure) {
                    throw new AssertionError(failure.message());
                }
            });
            // When
            conversation.server(GO_EXPORT, GO_ACK, "67446698");
            // Then: ready() came before, the bytes come after
            assertThat(seen).containsExactly(1, 0);
            assertThat(conversation.transmission.size()).isEqualTo(4);
        }
    }

    @Test
    void receivesBytesThatComeLaterInTheTransmissionPhase() {
        try (Conversation conversation = Conversation.atGo()) {
            conversation.server(GO_EXPORT, GO_ACK, "01 02").server("03");
            assertThat(conversation.transmission.toByteArray()).containsExactly(1, 2, 3);
        }
    }

    @Test
    void keepsTheOrderOfBytesThatComeWhileTheListenerIsAtWork() {
        // Given
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.pipeline()
                .addLast(new NegotiationHandler(
                        NegotiationSettings.DEFAULT, Duration.ofSeconds(1), new Failures(new ArrayList<>()) {
                            @Override
                            public void ready(NegotiatedExport export) {
                                channel.writeInbound(
                                        Unpooled.buffer().writeZero(20).writeByte(3));
                            }
                        }));
        // When
        channel.writeInbound(Unpooled.wrappedBuffer(WireBytes.parse(
                Conversation.GREETING + Conversation.STRUCTURED_REPLY_ACK + GO_EXPORT + GO_ACK + "01 02")));
        // Then
        ByteBuf rest = Unpooled.buffer();
        for (ByteBuf part = channel.readInbound(); part != null; part = channel.readInbound()) {
            rest.writeBytes(part);
            part.release();
        }
        assertThat(ByteBufUtil.getBytes(rest)).isEqualTo(WireBytes.parse("01 02 00*20 03"));
        channel.finishAndReleaseAll();
    }

    @Test
    void hangsUpOnlyOnceAbortHasLeft() {
        try (Conversation conversation = Conversation.atGo()) {
            // Given
            WritesLater transport = new WritesLater();
            conversation.channel.pipeline().addFirst(transport);
            // When
            conversation.server(Conversation.REPLY + "00000007 80000006 00000000");
            // Then
            assertThat(conversation.failures).isEmpty();
            assertThat(conversation.channel.isOpen()).isTrue();
            // When
            transport.write();
            // Then
            conversation.client(Conversation.ABORT);
            conversation.failure(NegotiationFailure.Refused.class);
            conversation.pass(Conversation.TIMEOUT);
            assertThat(conversation.failures).hasSize(1);
        }
    }

    @Test
    void doesNotWaitForeverForAbortToLeave() {
        try (Conversation conversation = Conversation.atGo()) {
            // Given
            WritesLater transport = new WritesLater();
            conversation.channel.pipeline().addFirst(transport);
            conversation.server(Conversation.REPLY + "00000007 80000006 00000000");
            // When
            conversation.pass(Conversation.TIMEOUT);
            // Then
            conversation.failure(NegotiationFailure.Refused.class);
            transport.write();
            assertThat(conversation.failures).hasSize(1);
        }
    }

    /** A transport that takes a message, and writes it in a moment. */
    private static final class WritesLater extends ChannelOutboundHandlerAdapter {
        private final List<Runnable> writes = new ArrayList<>();

        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            writes.add(() -> ctx.writeAndFlush(message, promise));
        }

        void write() {
            writes.forEach(Runnable::run);
            writes.clear();
        }
    }

    @Test
    void survivesAListenerThatClosesTheChannel() {
        // Given
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.pipeline()
                .addLast(new NegotiationHandler(
                        NegotiationSettings.DEFAULT, Duration.ofSeconds(1), new Failures(new ArrayList<>()) {
                            @Override
                            public void ready(NegotiatedExport export) {
                                assertThat(channel.close().isDone()).isTrue();
                            }
                        }));
        ByteBuf bytes = Unpooled.wrappedBuffer(WireBytes.parse(
                Conversation.GREETING + Conversation.STRUCTURED_REPLY_ACK + GO_EXPORT + GO_ACK + "67446698 00*16"));
        // When
        channel.writeInbound(bytes);
        // Then
        assertThat(channel.isOpen()).isFalse();
        channel.finishAndReleaseAll();
        assertThat(bytes.refCnt()).isZero();
    }

    @Test
    void startsTheClockWhenTheChannelIsActive() {
        // Given
        List<NegotiationFailure> failures = new ArrayList<>();
        NegotiationHandler handler =
                new NegotiationHandler(NegotiationSettings.DEFAULT, Duration.ofSeconds(1), new Failures(failures));
        EmbeddedChannel channel = new EmbeddedChannel(false, handler);
        channel.freezeTime();
        // When
        channel.pipeline().fireChannelActive();
        channel.advanceTimeBy(1, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();
        // Then
        assertThat(failures).containsExactly(new NegotiationFailure.TimedOut(Duration.ofSeconds(1), "the greeting"));
    }

    @Test
    void tellsTheErrorThatBrokeTheConnection() {
        try (Conversation conversation = Conversation.atGo()) {
            // Given
            IOException reset = new IOException("Connection reset by peer");
            // When
            conversation.channel.pipeline().fireExceptionCaught(reset);
            // Then
            assertThat(conversation.failure(Closed.class)).isEqualTo(new Closed("the answer to GO", reset));
            assertThat(conversation.failures.get(0).message()).contains("Connection reset by peer");
        }
    }

    @Test
    void takesTheEndOfTheInputForTheEnd() {
        try (Conversation conversation = Conversation.atGo()) {
            conversation.channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
            conversation.failure(Closed.class);
        }
    }

    @Test
    void namesAFailedWriteAsTheCauseOfTheEnd() {
        // Given
        IOException brokenPipe = new IOException("Broken pipe");
        try (Conversation conversation = new Conversation(NegotiationSettings.DEFAULT)) {
            conversation.channel.pipeline().addFirst(new ChannelOutboundHandlerAdapter() {
                @Override
                public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
                    ((ByteBuf) message).release();
                    promise.setFailure(brokenPipe);
                }
            });
            // When
            conversation.server(Conversation.GREETING).serverCloses();
            // Then
            assertThat(conversation.failure(Closed.class).cause()).isSameAs(brokenPipe);
        }
    }

    @Test
    void ignoresWhatComesBetweenTheFailureAndTheClose() {
        // Given
        List<NegotiationFailure> failures = new ArrayList<>();
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.pipeline()
                .addLast(new NegotiationHandler(
                        NegotiationSettings.DEFAULT, Duration.ofSeconds(1), new Failures(failures) {
                            @Override
                            public void failed(NegotiationFailure failure, ReceivedBytes received) {
                                super.failed(failure, received);
                                channel.pipeline().fireExceptionCaught(new IOException("Connection reset by peer"));
                                channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
                            }
                        }));
        // When
        channel.writeInbound(Unpooled.wrappedBuffer(new byte[] {'X'}));
        // Then
        assertThat(failures).hasSize(1).first().isInstanceOf(NegotiationFailure.Violated.class);
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void keepsTheChannelOpenUntilTheListenerHasHeard() {
        try (Conversation conversation = Conversation.atPause()) {
            // Given
            Outcome<OptionResult.Exports> exports = new Outcome<>();
            conversation.handler.list(exports);
            // When
            conversation.pass(Conversation.TIMEOUT);
            // Then: Conversation.failed() has seen it open
            conversation.failure(NegotiationFailure.TimedOut.class);
            assertThat(exports.failure()).isInstanceOf(OptionFailure.Ended.class);
        }
    }

    @Test
    void closesTheChannelEvenIfTheListenerThrows() {
        // Given
        EmbeddedChannel channel = new EmbeddedChannel(new NegotiationHandler(
                NegotiationSettings.DEFAULT, Duration.ofSeconds(1), new Failures(new ArrayList<>()) {
                    @Override
                    public void failed(NegotiationFailure failure, ReceivedBytes received) {
                        throw new IllegalStateException("listener");
                    }
                }));
        // When
        ByteBuf bytes = Unpooled.wrappedBuffer(new byte[] {'X'});
        channel.writeInbound(bytes);
        // Then
        assertThat(channel.isOpen()).isFalse();
        assertThat(bytes.refCnt()).isZero();
    }

    @Test
    void isOfNoUseOutsideAPipeline() {
        NegotiationHandler handler = new NegotiationHandler(
                NegotiationSettings.DEFAULT, Duration.ofSeconds(1), new Failures(new ArrayList<>()));
        assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> handler.list(new Outcome<>()));
    }

    @Test
    void leavesAnActiveChannelToTheHandlersBehindIt() {
        // Given
        List<String> seen = new ArrayList<>();
        EmbeddedChannel channel = new EmbeddedChannel(
                new NegotiationHandler(
                        NegotiationSettings.DEFAULT, Duration.ofSeconds(1), new Failures(new ArrayList<>())),
                new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelActive(ChannelHandlerContext ctx) {
                        seen.add("active");
                    }

                    @Override
                    public void channelInactive(ChannelHandlerContext ctx) {
                        seen.add("inactive");
                    }
                });
        // When
        channel.finish();
        // Then
        assertThat(seen).containsExactly("active", "inactive");
    }

    /** Keeps failures, and wants nothing else. */
    private static class Failures implements NegotiationListener {
        private final List<NegotiationFailure> failures;

        Failures(List<NegotiationFailure> failures) {
            this.failures = failures;
        }

        @Override
        public void agreed(NegotiationFacts facts) {
            // Anything may be agreed.
        }

        @Override
        public void paused() {
            throw new AssertionError("paused");
        }

        @Override
        public void ready(NegotiatedExport export) {
            throw new AssertionError("ready");
        }

        @Override
        public void failed(NegotiationFailure failure, ReceivedBytes received) {
            failures.add(failure);
        }
    }
}
