package io.nbd4j.client.internal.negotiation;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.internal.tls.TlsLayer;
import io.nbd4j.codec.golden.WireBytes;
import io.nbd4j.codec.verify.DecoderVerifier;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A handshake on an embedded channel, whose server is the test. Time stands still until it is told to pass. */
final class Conversation implements NegotiationListener, AutoCloseable {
    static final Duration TIMEOUT = Duration.ofSeconds(10);
    static final String STARTTLS = "49484156454f5054 00000005 00000000 ";
    static final String STARTTLS_ACK = "0003e889045565a9 00000005 00000001 00000000 ";
    static final String GREETING = "4e42444d41474943 49484156454f5054 0003 ";
    static final String OPTION = "49484156454f5054 ";
    static final String REPLY = "0003e889045565a9 ";
    static final String STRUCTURED_REPLY = OPTION + "00000008 00000000 ";
    static final String STRUCTURED_REPLY_ACK = REPLY + "00000008 00000001 00000000 ";
    static final String EXTENDED_HEADERS = OPTION + "0000000b 00000000 ";
    static final String EXTENDED_HEADERS_ACK = REPLY + "0000000b 00000001 00000000 ";
    static final String GO = OPTION + "00000007 00000008 00000000 0001 0003 ";
    static final String GO_EXPORT = REPLY + "00000007 00000003 0000000c 0000 0000000000100000 0ded ";
    static final String GO_ACK = REPLY + "00000007 00000001 00000000 ";
    static final String ABORT = OPTION + "00000002 00000000 ";
    static final String ABORT_ACK = REPLY + "00000002 00000001 00000000 ";

    final EmbeddedChannel channel;
    final NegotiationHandler handler;
    final List<NegotiationFacts> facts = new ArrayList<>();
    final List<NegotiatedExport> exports = new ArrayList<>();
    final List<NegotiationFailure> failures = new ArrayList<>();
    final ByteArrayOutputStream transmission = new ByteArrayOutputStream();
    private final int step;
    private int pauses;
    private boolean closedByServer;
    private @Nullable ReceivedBytes received;

    /** Starts a handshake in which the server's bytes come in pieces of {@code step}. */
    Conversation(NegotiationSettings settings, int step) {
        this(settings, step, null);
    }

    /** Starts a handshake that may use TLS. */
    Conversation(NegotiationSettings settings, TlsLayer tls) {
        this(settings, Integer.MAX_VALUE, tls);
    }

    private Conversation(NegotiationSettings settings, int step, @Nullable TlsLayer tls) {
        this.step = step;
        handler = new NegotiationHandler(settings, TIMEOUT, tls, this, NegotiationObserver.NONE);
        channel = new EmbeddedChannel();
        channel.freezeTime();
        channel.pipeline().addLast(handler);
    }

    Conversation(NegotiationSettings settings) {
        this(settings, Integer.MAX_VALUE);
    }

    /** Starts one that has got as far as GO, with structured replies. */
    static Conversation atGo() {
        return atGo(NegotiationSettings.DEFAULT);
    }

    static Conversation atGo(NegotiationSettings settings) {
        Conversation conversation = new Conversation(settings)
                .server(GREETING)
                .client("00000003", STRUCTURED_REPLY)
                .server(STRUCTURED_REPLY_ACK);
        conversation.skipClient();
        return conversation;
    }

    /** Starts one in option mode that has got as far as the pause, with structured replies. */
    static Conversation atPause() {
        Conversation conversation = new Conversation(NegotiationSettings.DEFAULT.withOptionMode(true))
                .server(GREETING)
                .client("00000003", STRUCTURED_REPLY)
                .server(STRUCTURED_REPLY_ACK)
                .clientIsSilent();
        conversation.assertPausedOnce();
        return conversation;
    }

    /** The server sends these bytes. */
    Conversation server(String... hex) {
        byte[] wire = WireBytes.parse(String.join(" ", hex));
        DecoderVerifier.pieces(wire, Math.min(step, wire.length)).forEach(channel::writeInbound);
        return this;
    }

    /** The client has sent exactly these bytes since the last look. */
    Conversation client(String... hex) {
        assertThat(ByteBufUtil.hexDump(sent())).isEqualTo(ByteBufUtil.hexDump(WireBytes.parse(String.join(" ", hex))));
        return this;
    }

    Conversation clientIsSilent() {
        return client("");
    }

    void skipClient() {
        assertThat(sent()).isNotEmpty();
    }

    Conversation serverCloses() {
        closedByServer = true;
        assertThat(channel.close().isDone()).isTrue();
        return this;
    }

    Conversation pass(Duration time) {
        channel.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
        channel.runScheduledPendingTasks();
        return this;
    }

    /** Option mode has told its pause, and not again after each option. */
    void assertPausedOnce() {
        assertThat(pauses).isEqualTo(1);
    }

    void assertNeverPaused() {
        assertThat(pauses).isZero();
    }

    /** Returns what was agreed last. */
    NegotiationFacts agreed() {
        return facts.get(facts.size() - 1);
    }

    NegotiatedExport export() {
        assertThat(failures).isEmpty();
        assertThat(exports).hasSize(1);
        assertThat(channel.isOpen()).isTrue();
        return exports.get(0);
    }

    /** The handshake has failed, once, in this way; the channel is closed and nothing else was told. */
    <F extends NegotiationFailure> F failure(Class<F> kind) {
        assertThat(exports).isEmpty();
        assertThat(failures).hasSize(1);
        assertThat(failures.get(0)).isInstanceOf(kind);
        assertThat(channel.isOpen()).isFalse();
        return kind.cast(failures.get(0));
    }

    ReceivedBytes received() {
        return Objects.requireNonNull(received, "the handshake has not failed");
    }

    private byte[] sent() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
            out.writeBytes(ByteBufUtil.getBytes(part));
            part.release();
        }
        return out.toByteArray();
    }

    @Override
    public void agreed(NegotiationFacts agreed) {
        facts.add(agreed);
    }

    @Override
    public void paused() {
        pauses++;
    }

    @Override
    public void ready(NegotiatedExport export) {
        exports.add(export);
        channel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                ByteBuf in = (ByteBuf) message;
                transmission.writeBytes(ByteBufUtil.getBytes(in));
                in.release();
            }
        });
    }

    @Override
    public void failed(NegotiationFailure failure, ReceivedBytes bytes) {
        assertThat(channel.isOpen() || closedByServer)
                .as("told before the channel is closed")
                .isTrue();
        failures.add(failure);
        received = bytes;
    }

    /** Ends the conversation; everything that was allocated for it must have been released. */
    @Override
    public void close() {
        channel.finishAndReleaseAll();
    }

    static byte[] bytes(String hex) {
        return WireBytes.parse(hex);
    }

    /** Remembers what became of an option. */
    static final class Outcome<T extends OptionResult> implements OptionCallback<T> {
        final List<T> values = new ArrayList<>();
        final List<OptionFailure> failures = new ArrayList<>();

        @Override
        public void succeeded(T value) {
            values.add(value);
        }

        @Override
        public void failed(OptionFailure failure) {
            failures.add(failure);
        }

        T value() {
            assertThat(failures).isEmpty();
            assertThat(values).hasSize(1);
            return values.get(0);
        }

        OptionFailure failure() {
            assertThat(values).isEmpty();
            assertThat(failures).hasSize(1);
            return failures.get(0);
        }

        boolean isOpen() {
            return values.isEmpty() && failures.isEmpty();
        }
    }
}
