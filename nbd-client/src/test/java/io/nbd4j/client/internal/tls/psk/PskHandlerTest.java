package io.nbd4j.client.internal.tls.psk;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.internal.tls.TlsEnd;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.Future;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.bouncycastle.tls.ProtocolVersion;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against a server that is a state machine, without a socket. */
class PskHandlerTest {
    private static final byte[] KEY = "a key that both know".getBytes(StandardCharsets.US_ASCII);

    private final Late channel = new Late();
    private final List<Object> events = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>();
    private final List<Runnable> laterTasks = new ArrayList<>();

    /** A channel that takes no more bytes than it may. */
    private static final class Late extends EmbeddedChannel {
        private long allowance = Long.MAX_VALUE;
        private final ByteArrayOutputStream taken = new ByteArrayOutputStream();

        void allow(long bytes) {
            allowance = bytes;
            unsafe().flush();
        }

        byte[] take() {
            byte[] bytes = taken.toByteArray();
            taken.reset();
            return bytes;
        }

        long waiting() {
            ChannelOutboundBuffer outbound = unsafe().outboundBuffer();
            return outbound == null ? 0 : outbound.totalPendingWriteBytes();
        }

        @Override
        protected void doWrite(ChannelOutboundBuffer outbound) {
            while (allowance > 0 && outbound.current() instanceof ByteBuf head) {
                int length = (int) Math.min(allowance, head.readableBytes());
                byte[] bytes = new byte[length];
                head.getBytes(head.readerIndex(), bytes);
                taken.writeBytes(bytes);
                allowance -= length;
                outbound.removeBytes(length);
                if (length == 0 && outbound.current() == head) {
                    outbound.remove();
                }
            }
        }
    }

    @AfterEach
    void tearDown() {
        channel.allow(Long.MAX_VALUE);
        channel.finishAndReleaseAll();
    }

    private Future<Channel> start(String identity, byte[] key, Executor tasks) {
        Future<Channel> up = new PskLayer(identity, key, "disk.example", tasks).addTo(channel.pipeline());
        channel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
            @Override
            public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
                events.add(event);
            }

            @Override
            @SuppressWarnings("deprecation") // the replacement in ChannelHandler is the one that is deprecated
            public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                failures.add(cause);
            }
        });
        return up;
    }

    /** Carries bytes between the two, the server's in pieces, until both are silent. */
    private void carry(PskServer server, int piece) {
        boolean any = true;
        while (any) {
            channel.runPendingTasks();
            ByteBuf answer = server.take(Unpooled.wrappedBuffer(channel.take()));
            any = answer.isReadable();
            deliver(answer, piece);
        }
    }

    private void deliver(ByteBuf bytes, int piece) {
        while (bytes.isReadable() && channel.isActive()) {
            channel.writeInbound(bytes.readBytes(Math.min(piece, bytes.readableBytes())));
            channel.runPendingTasks();
        }
        bytes.release();
    }

    private PskServer connected(ProtocolVersion version) throws IOException {
        PskServer server = new PskServer(version, "alice", KEY);
        Future<Channel> up = start("alice", KEY, Runnable::run);
        carry(server, Integer.MAX_VALUE);
        assertThat(up.isSuccess()).as("%s", up.cause()).isTrue();
        return server;
    }

    private byte[] heard() {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (ByteBuf bytes = channel.readInbound(); bytes != null; bytes = channel.readInbound()) {
            byte[] copy = new byte[bytes.readableBytes()];
            bytes.readBytes(copy);
            bytes.release();
            all.writeBytes(copy);
        }
        return all.toByteArray();
    }

    private static ProtocolVersion version(String name) {
        return "1.2".equals(name) ? ProtocolVersion.TLSv12 : ProtocolVersion.TLSv13;
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    @ParameterizedTest
    @CsvSource({"1.2,1", "1.2,7", "1.2,100000", "1.3,1", "1.3,7", "1.3,100000"})
    void bytesOfTheServerMayComeInAnyPieces(String version, int piece) throws IOException {
        // Given
        PskServer server = new PskServer(version(version), "alice", KEY);
        Future<Channel> up = start("alice", KEY, Runnable::run);

        // When
        carry(server, piece);
        byte[] said = random(40_000);
        deliver(server.say(said), piece);

        // Then
        assertThat(up.isSuccess()).as("%s", up.cause()).isTrue();
        assertThat(events).contains(SslHandshakeCompletionEvent.SUCCESS);
        assertThat(heard()).isEqualTo(said);
        assertThat(channel.pipeline().names()).noneMatch(name -> name.contains("LastWords"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.2", "1.3"})
    void whatIsWrittenBeforeTlsIsUpIsEncryptedThen(String version) throws IOException {
        // Given
        PskServer server = new PskServer(version(version), "alice", KEY);
        start("alice", KEY, Runnable::run);
        ChannelFuture first = channel.writeAndFlush(Unpooled.copiedBuffer("se", StandardCharsets.US_ASCII));
        ChannelFuture second = channel.writeAndFlush(Unpooled.copiedBuffer("cret", StandardCharsets.US_ASCII));

        // When
        carry(server, Integer.MAX_VALUE);

        // Then
        assertThat(server.heard()).asString(StandardCharsets.US_ASCII).isEqualTo("secret");
        assertThat(first.isSuccess()).isTrue();
        assertThat(second.isSuccess()).isTrue();
    }

    @Test
    void aLargeWriteDoesNotTakeItsSizeTwice() throws IOException {
        // Given
        PskServer server = connected(ProtocolVersion.TLSv13);
        channel.allow(0);
        byte[] said = random(20 << 20);
        ByteBuf data = Unpooled.directBuffer(said.length).writeBytes(said);

        // When
        ChannelFuture written = channel.writeAndFlush(data);
        long most = channel.waiting();
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        while (!written.isDone()) {
            channel.allow(100_000);
            channel.runPendingTasks();
            most = Math.max(most, channel.waiting());
            server.take(Unpooled.wrappedBuffer(channel.take())).release();
            all.writeBytes(server.heard());
        }

        // Then
        assertThat(most).isBetween(1L << 19, 2L << 20);
        assertThat(written.isSuccess()).isTrue();
        assertThat(all.toByteArray()).isEqualTo(said);
        assertThat(data.refCnt()).isZero();
    }

    @Test
    void nothingIsSentBeforeItIsFlushed() throws IOException {
        // Given
        PskServer server = connected(ProtocolVersion.TLSv13);

        // When
        ChannelFuture written = channel.write(Unpooled.copyInt(1));
        carry(server, Integer.MAX_VALUE);

        // Then
        assertThat(written.isDone()).isFalse();
        channel.flush();
        carry(server, Integer.MAX_VALUE);
        assertThat(written.isSuccess()).isTrue();
        assertThat(server.heard()).containsExactly(0, 0, 0, 1);
    }

    @Test
    void whatCantBeEncryptedAnyMoreIsReleased() throws IOException {
        // Given
        connected(ProtocolVersion.TLSv13);
        channel.allow(0);
        ByteBuf large = Unpooled.buffer(4 << 20).writeZero(4 << 20);
        ByteBuf unflushed = Unpooled.copyInt(1);
        ChannelFuture flushed = channel.writeAndFlush(large);
        ChannelFuture waiting = channel.write(unflushed);

        // When
        channel.pipeline().close();
        ByteBuf late = Unpooled.copyInt(2);
        ChannelFuture refused = channel.writeAndFlush(late);

        // Then
        assertThat(flushed.cause()).isInstanceOf(ClosedChannelException.class);
        assertThat(waiting.cause()).isInstanceOf(ClosedChannelException.class);
        assertThat(refused.cause()).isInstanceOf(ClosedChannelException.class);
        assertThat(large.refCnt()).isZero();
        assertThat(unflushed.refCnt()).isZero();
        assertThat(late.refCnt()).isZero();
    }

    @Test
    void aWriteInTheHandshakeIsReleasedWithTheChannel() {
        // Given
        Future<Channel> up = start("alice", KEY, laterTasks::add);
        ByteBuf data = Unpooled.copyInt(1);
        ChannelFuture written = channel.writeAndFlush(data);

        // When
        channel.close();

        // Then
        assertThat(up.cause()).isInstanceOf(SSLHandshakeException.class);
        assertThat(written.cause()).isInstanceOf(ClosedChannelException.class);
        assertThat(data.refCnt()).isZero();

        // When: the other thread comes late
        laterTasks.forEach(Runnable::run);
        channel.runPendingTasks();

        // Then
        assertThat(events).noneMatch(event -> event == SslHandshakeCompletionEvent.SUCCESS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.2", "1.3"})
    void whatComesWhileAnotherThreadIsAtWorkIsNotLost(String version) throws IOException {
        // Given
        PskServer server = new PskServer(version(version), "alice", KEY);
        Future<Channel> up = start("alice", KEY, laterTasks::add);

        // When: every task waits until the server has nothing more to say
        while (!up.isDone() && !laterTasks.isEmpty()) {
            List<Runnable> due = List.copyOf(laterTasks);
            laterTasks.clear();
            due.forEach(Runnable::run);
            channel.runPendingTasks();
            deliver(server.take(Unpooled.wrappedBuffer(channel.take())), 11);
        }
        carry(server, Integer.MAX_VALUE);

        // Then
        assertThat(up.isSuccess()).as("%s", up.cause()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.2", "1.3"})
    void theLastWordComesBehindWhatWasWritten(String version) throws IOException {
        // Given
        PskServer server = connected(version(version));
        byte[] said = random(3 << 20);
        channel.writeAndFlush(Unpooled.wrappedBuffer(said));

        // When
        Future<?> last = Objects.requireNonNull(TlsEnd.say(channel));
        carry(server, Integer.MAX_VALUE);

        // Then
        assertThat(last.isSuccess()).isTrue();
        assertThat(server.heard()).isEqualTo(said);
        assertThat(server.protocol.isClosed()).isTrue();
        assertThat(server.hasFailed()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.2", "1.3"})
    void theServersLastWordEndsTheChannel(String version) throws IOException {
        // Given
        PskServer server = connected(version(version));

        // When
        byte[] said = random(100);
        deliver(server.say(said), Integer.MAX_VALUE);
        deliver(server.sayGoodbye(), Integer.MAX_VALUE);

        // Then
        assertThat(heard()).isEqualTo(said);
        assertThat(channel.isOpen()).isFalse();
        assertThat(failures).isEmpty();
    }

    @Test
    void anEndWithoutItIsReported() throws IOException {
        // Given
        PskServer server = connected(ProtocolVersion.TLSv13);
        deliver(server.say(random(100)), Integer.MAX_VALUE);

        // When: the end of the transport, which is no close of the client's
        channel.pipeline().fireChannelInactive();

        // Then
        assertThat(failures).singleElement().isInstanceOf(IOException.class);
        heard();
    }

    @Test
    void whatWasChangedOnTheWayEndsTheConnection() throws IOException {
        // Given
        PskServer server = connected(ProtocolVersion.TLSv13);
        ByteBuf bytes = server.say(random(100));
        bytes.setByte(50, bytes.getByte(50) ^ 1);

        // When
        deliver(bytes, Integer.MAX_VALUE);

        // Then
        assertThat(failures).singleElement().isInstanceOf(SSLException.class);
        assertThat(heard()).isEmpty();
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void aServerThatAsksToRenegotiateAndReadsNothingEndsTheConnection() throws IOException {
        // Given
        PskServer server = connected(ProtocolVersion.TLSv12);
        channel.allow(0);

        // When
        for (int i = 0; i < 1000; i++) {
            deliver(server.askToRenegotiate(), Integer.MAX_VALUE);
        }

        // Then
        assertThat(channel.waiting()).isLessThan(1000);
        assertThat(failures)
                .singleElement()
                .isInstanceOf(SSLException.class)
                .extracting(Throwable::getMessage)
                .isEqualTo("the server wants to renegotiate");
        assertThat(channel.isOpen()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "1.2,alice,another key",
        "1.3,alice,another key",
        "1.2,eve,a key that both know",
        "1.3,eve,a key that both know"
    })
    void anotherKeyAndAnotherUserAreRefused(String version, String identity, String key) throws IOException {
        // Given
        PskServer server = new PskServer(version(version), "alice", KEY);
        Future<Channel> up = start(identity, key.getBytes(StandardCharsets.US_ASCII), Runnable::run);

        // When
        carry(server, Integer.MAX_VALUE);

        // Then
        assertThat(up.cause()).isInstanceOf(SSLHandshakeException.class).hasMessageContaining("fatal alert");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void whatIsNoTlsIsRefused() {
        // Given
        Future<Channel> up = start("alice", KEY, Runnable::run);
        channel.runPendingTasks();

        // When
        deliver(Unpooled.copiedBuffer("HTTP/1.1 400 Bad Request\r\n", StandardCharsets.US_ASCII), Integer.MAX_VALUE);

        // Then
        assertThat(up.cause()).isInstanceOf(SSLHandshakeException.class);
        assertThat(channel.isOpen()).isFalse();
    }
}
