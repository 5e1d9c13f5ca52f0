package io.nbd4j.client.internal.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.channel.socket.ChannelOutputShutdownEvent;
import io.netty.channel.socket.ChannelOutputShutdownException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How a channel to a child process behaves. One subclass per transport says how the two sides are wired up. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class ChildChannelContract extends ChildChannelFixture {
    private static final int BIG = 64 << 20;

    private Future<Long> echoingPeer() {
        return inPeer(() -> {
            long count = peerInput.transferTo(peerOutput);
            peerOutput.close();
            return count;
        });
    }

    /** Returns {@code bytes} in every kind of buffer there is, in turn by {@code kind}. */
    private static ByteBuf bufferOfKind(int kind, byte[] bytes) {
        int half = bytes.length / 2;
        ByteBufAllocator alloc = ByteBufAllocator.DEFAULT;
        return switch (kind % 7) {
            case 0 -> alloc.directBuffer(bytes.length).writeBytes(bytes);
            case 1 -> alloc.heapBuffer(bytes.length).writeBytes(bytes);
            case 2 ->
                alloc.compositeDirectBuffer()
                        .addComponent(true, alloc.directBuffer().writeBytes(bytes, 0, half))
                        .addComponent(true, alloc.directBuffer().writeBytes(bytes, half, bytes.length - half));
            case 3 ->
                alloc.compositeBuffer()
                        .addComponent(true, alloc.heapBuffer().writeBytes(bytes, 0, half))
                        .addComponent(true, alloc.directBuffer().writeBytes(bytes, half, bytes.length - half));
            case 4 -> alloc.directBuffer(bytes.length).writeBytes(bytes).asReadOnly();
            case 5 -> Unpooled.wrappedBuffer(bytes).asReadOnly();
            default -> {
                // Not at the beginning of its memory, nor up to the end.
                ByteBuf wide = alloc.directBuffer(bytes.length + 20).writeZero(10);
                wide.writeBytes(bytes).writeZero(10);
                yield wide.readerIndex(10).writerIndex(10 + bytes.length);
            }
        };
    }

    @Test
    public void isOpenAndActiveUntilItIsClosed() throws Exception {
        // Given
        ChildChannel channel = newChannel();
        boolean before = channel.isOpen() && channel.isActive() && !channel.isRegistered();

        // When
        register(channel);
        boolean registered = channel.isOpen() && channel.isActive() && channel.isRegistered();
        channel.close().sync();
        boolean open = channel.isOpen();
        boolean active = channel.isActive();

        // Then
        assertThat(before).isTrue();
        assertThat(registered).isTrue();
        assertThat(open).isFalse();
        assertThat(active).isFalse();
        awaitClosed(channel);
        assertThat(channel.isShutdown()).isTrue();
        assertThat(recorder.events()).containsExactly("registered", "active", "inactive", "unregistered");
        assertThat(peerInput.read()).isEqualTo(-1);
    }

    @Test
    public void givesBothDirectionsUpWhenItIsClosedWithoutEverBeingRegistered() throws Exception {
        // Given
        ChildChannel channel = newChannel();

        // When
        channel.unsafe().closeForcibly();

        // Then
        assertThat(channel.isOpen()).isFalse();
        assertThat(peerInput.read()).isEqualTo(-1);
    }

    @Test
    public void namesTheProcessesAtBothEnds() throws Exception {
        // Given
        ChildChannel channel = newChannel();

        // When
        Object remote = channel.remoteAddress();
        Object local = channel.localAddress();

        // Then
        assertThat(remote).isEqualTo(new ProcessAddress("server", 4711)).hasToString("server[4711]");
        assertThat(remote).isNotEqualTo(new ProcessAddress("server", 4712));
        assertThat(local)
                .isEqualTo(new ProcessAddress("nbd4j", ProcessHandle.current().pid()));
    }

    @Test
    public void refusesToConnectOrBind() throws Exception {
        // Given
        ChildChannel channel = register(newChannel());
        InetSocketAddress somewhere = new InetSocketAddress(0);

        // When
        ChannelFuture connected = channel.connect(somewhere).await();
        ChannelFuture bound = channel.bind(somewhere).await();

        // Then
        assertThat(connected.cause()).isInstanceOf(UnsupportedOperationException.class);
        assertThat(bound.cause()).isInstanceOf(UnsupportedOperationException.class);
        assertThat(channel.isActive()).isTrue();
    }

    @Test
    public void takesTheStandardOptionsAndHalfClosure() throws Exception {
        // Given
        ChildChannel channel = newChannel();
        ChildChannelConfig config = channel.config();

        // When
        boolean halfClosure = config.setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        boolean spins = config.setOption(ChannelOption.WRITE_SPIN_COUNT, 3);
        boolean noDelay = config.setOption(ChannelOption.TCP_NODELAY, true);

        // Then
        assertThat(halfClosure).isTrue();
        assertThat(spins).isTrue();
        assertThat(noDelay).isFalse();
        assertThat(config.getOptions())
                .containsEntry(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .containsEntry(ChannelOption.WRITE_SPIN_COUNT, 3)
                .containsEntry(ChannelOption.AUTO_CLOSE, false);
        assertThat(channel.metadata().hasDisconnect()).isFalse();
    }

    @Test
    public void refusesMessagesThatAreNotBuffers() throws Exception {
        // Given
        ChildChannel channel = register(newChannel());

        // When
        ChannelFuture written = channel.writeAndFlush("text").await();

        // Then
        assertThat(written.cause()).isInstanceOf(UnsupportedOperationException.class);
        assertThat(channel.isActive()).isTrue();
    }

    @Test
    public void writesEveryKindOfBufferAndReleasesIt() throws Exception {
        // Given
        ChildChannel channel = register(newChannel());
        Future<Long> peer = echoingPeer();
        List<ByteBuf> buffers = new ArrayList<>();
        List<ChannelFuture> written = new ArrayList<>();
        byte[] bytes = randomBytes(1000);
        ByteBuf expected = Unpooled.buffer();

        // When
        for (int kind = 0; kind < 14; kind++) {
            ByteBuf buffer = bufferOfKind(kind, bytes);
            buffers.add(buffer);
            expected.writeBytes(bytes);
            written.add(channel.write(Unpooled.EMPTY_BUFFER));
            written.add(kind < 7 ? channel.write(buffer) : channel.writeAndFlush(buffer));
        }
        ByteBuf empty = channel.alloc().directBuffer();
        buffers.add(empty);
        written.add(channel.writeAndFlush(empty));
        for (ChannelFuture future : written) {
            future.sync();
        }
        channel.shutdownOutput().sync();

        // Then
        assertThat(peer.get()).isEqualTo(14_000L);
        awaitClosed(channel);
        assertThat(Unpooled.wrappedBuffer(recorder.bytes())).isEqualTo(expected);
        assertThat(buffers).allSatisfy(buffer -> assertThat(buffer.refCnt()).isZero());
        assertThat(recorder.failures()).isEmpty();
    }

    @Test
    public void writesABufferOfVeryManyPieces() throws Exception {
        // Given
        ChildChannel channel = register(newChannel());
        Future<Long> peer = echoingPeer();
        byte[] bytes = randomBytes(3000);
        ByteBuf pieces = channel.alloc().compositeDirectBuffer(bytes.length);
        for (int i = 0; i < bytes.length; i += 3) {
            ByteBuf piece = channel.alloc().directBuffer(3).writeBytes(bytes, i, 3);
            pieces = ((io.netty.buffer.CompositeByteBuf) pieces).addComponent(true, piece);
        }

        // When
        channel.writeAndFlush(pieces).sync();
        channel.shutdownOutput().sync();

        // Then
        assertThat(peer.get()).isEqualTo(3000L);
        awaitClosed(channel);
        assertThat(recorder.bytes()).isEqualTo(bytes);
        assertThat(pieces.refCnt()).isZero();
    }

    @Test
    public void carries64MebibytesThereAndBack() throws Exception {
        // Given
        ChildChannel channel = newChannel();
        recorder = new RecordingHandler(0);
        channel.pipeline().replace(RecordingHandler.class, "recorder", recorder);
        register(channel);
        Future<Long> peer = echoingPeer();
        Random random = new Random(7);
        CRC32 checksum = new CRC32();
        long sent = 0;

        // When
        for (int kind = 0; sent < BIG; kind++) {
            byte[] bytes = new byte[(int) Math.min(BIG - sent, 1 + random.nextInt(200_000))];
            random.nextBytes(bytes);
            checksum.update(bytes);
            sent += bytes.length;
            ChannelFuture written = channel.writeAndFlush(bufferOfKind(kind, bytes));
            if (!channel.isWritable()) {
                written.sync();
            }
        }
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).sync();
        channel.shutdownOutput().sync();

        // Then
        assertThat(peer.get()).isEqualTo(BIG);
        awaitClosed(channel);
        assertThat(recorder.received()).isEqualTo(BIG);
        assertThat(recorder.checksum()).isEqualTo(checksum.getValue());
        assertThat(recorder.failures()).isEmpty();
    }

    @Test
    public void deliversWhatWasWrittenBeforeTheEndThenCloses() throws Exception {
        // Given
        ChildChannel channel = newChannel();
        byte[] bytes = randomBytes(50_000);
        peerOutput.write(bytes);
        peerOutput.close();

        // When
        register(channel);

        // Then
        awaitClosed(channel);
        assertThat(recorder.bytes()).isEqualTo(bytes);
        assertThat(recorder.events()).containsExactly("registered", "active", "inactive", "unregistered");
        assertThat(peerInput.read()).isEqualTo(-1);
    }

    @Test
    public void keepsTheOutputAfterTheEndOfTheInputIfHalfClosureIsAllowed() throws Exception {
        // Given
        ChildChannel channel = newChannel();
        channel.config().setAllowHalfClosure(true);
        register(channel);

        // When
        peerOutput.close();
        await().atMost(PATIENCE).until(() -> recorder.events().size() == 4);
        channel.writeAndFlush(Unpooled.copiedBuffer(new byte[] {42})).sync();

        // Then
        assertThat(recorder.events())
                .containsExactly(
                        "registered",
                        "active",
                        ChannelInputShutdownEvent.INSTANCE,
                        ChannelInputShutdownReadComplete.INSTANCE);
        assertThat(channel.isInputShutdown()).isTrue();
        assertThat(channel.isOutputShutdown()).isFalse();
        assertThat(channel.isShutdown()).isFalse();
        assertThat(channel.isActive()).isTrue();
        assertThat(peerInput.read()).isEqualTo(42);
    }

    @Test
    public void readsOnAfterItsOutputIsShutDown() throws Exception {
        // Given
        ChildChannel channel = register(newChannel());

        // When
        channel.shutdownOutput().sync();
        int end = peerInput.read();
        peerOutput.write(new byte[] {1, 2, 3});
        peerOutput.flush();
        awaitReceived(3);

        // Then
        assertThat(end).isEqualTo(-1);
        assertThat(channel.isOutputShutdown()).isTrue();
        assertThat(channel.isActive()).isTrue();
        assertThat(recorder.events()).contains(ChannelOutputShutdownEvent.INSTANCE);
        ByteBuf late = channel.alloc().buffer().writeByte(1);
        assertThat(channel.writeAndFlush(late).await().cause()).isInstanceOf(ClosedChannelException.class);
        assertThat(late.refCnt()).isZero();
    }

    @Test
    public void shutsDownBothDirectionsAndStaysOpen() throws Exception {
        // Given
        ChildChannel channel = newChannel();
        channel.config().setAutoRead(false);
        register(channel);

        // When
        channel.shutdown().sync();
        channel.read();
        channel.shutdownInput().sync();

        // Then
        assertThat(channel.isShutdown()).isTrue();
        assertThat(channel.isOpen()).isTrue();
        assertThat(peerInput.read()).isEqualTo(-1);
        assertThat(recorder.failures()).isEmpty();
    }

    @Test
    public void failsWhatIsNotWrittenYetWhenItsOutputIsShutDown() throws Exception {
        // Given
        ChildChannel channel = register(newChannel());
        List<ByteBuf> buffers = new ArrayList<>();
        List<ChannelFuture> written = writeMoreThanFits(channel, buffers);

        // When
        channel.shutdownOutput().sync();
        Future<Integer> peer = inPeer(() -> peerInput.readAllBytes().length);

        // Then
        ChannelFuture last = written.get(written.size() - 1);
        assertThat(last.await().cause()).isInstanceOf(ChannelOutputShutdownException.class);
        assertThat(peer.get()).isLessThan(64 << 16);
        assertThat(written).allSatisfy(future -> assertThat(future.isDone()).isTrue());
        assertThat(buffers).allSatisfy(buffer -> assertThat(buffer.refCnt()).isZero());
    }

    @Test
    public void failsWhatIsNotWrittenYetWhenItIsClosed() throws Exception {
        // Given
        ChildChannel channel = register(newChannel());
        List<ByteBuf> buffers = new ArrayList<>();
        List<ChannelFuture> written = writeMoreThanFits(channel, buffers);

        // When
        channel.close().sync();
        Future<Integer> peer = inPeer(() -> peerInput.readAllBytes().length);

        // Then
        ChannelFuture last = written.get(written.size() - 1);
        assertThat(last.await().cause()).isInstanceOf(ClosedChannelException.class);
        assertThat(peer.get()).isLessThan(64 << 16);
        assertThat(buffers).allSatisfy(buffer -> assertThat(buffer.refCnt()).isZero());
    }

    private static List<ChannelFuture> writeMoreThanFits(ChildChannel channel, List<ByteBuf> buffers) throws Exception {
        List<ChannelFuture> written = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            ByteBuf buffer = channel.alloc().directBuffer(1 << 16).writeZero(1 << 16);
            buffers.add(buffer);
            written.add(channel.writeAndFlush(buffer));
        }
        turn(channel.eventLoop());
        return written;
    }

    @Test
    public void holdsWritesBackWhileThePeerDoesNotRead() throws Exception {
        // Given
        ChildChannel channel = newChannel();
        channel.config().setWriteBufferWaterMark(new WriteBufferWaterMark(1 << 18, 1 << 19));
        register(channel);
        List<ByteBuf> buffers = new ArrayList<>();

        // When
        List<ChannelFuture> written = writeMoreThanFits(channel, buffers);
        boolean writableWhileFull = channel.isWritable();
        boolean lastDoneWhileFull = written.get(63).isDone();
        Future<Integer> peer = inPeer(() -> peerInput.readNBytes(64 << 16).length);
        written.get(63).sync();

        // Then
        assertThat(writableWhileFull).isFalse();
        assertThat(lastDoneWhileFull).isFalse();
        assertThat(peer.get()).isEqualTo(64 << 16);
        turn(channel.eventLoop());
        assertThat(channel.isWritable()).isTrue();
        assertThat(written).allSatisfy(future -> assertThat(future.isSuccess()).isTrue());
    }

    @Test
    public void readsToTheEndAfterAWriteFailed() throws Exception {
        // Given
        ChildChannel channel = register(newChannel());
        peerInput.close();

        // When
        ByteBuf refused = channel.alloc().directBuffer().writeZero(100);
        ChannelFuture written = channel.writeAndFlush(refused).await();
        boolean activeAfterFailure = channel.isActive();
        byte[] bytes = randomBytes(50_000);
        peerOutput.write(bytes);
        peerOutput.close();

        // Then
        assertThat(written.cause())
                .isInstanceOf(ChannelOutputShutdownException.class)
                .hasCauseInstanceOf(IOException.class);
        assertThat(refused.refCnt()).isZero();
        assertThat(activeAfterFailure).isTrue();
        awaitClosed(channel);
        assertThat(recorder.bytes()).isEqualTo(bytes);
        assertThat(recorder.events()).contains(ChannelOutputShutdownEvent.INSTANCE);
    }

    @Test
    public void failsWritesThatWaitWhenThePeerStopsReading() throws Exception {
        // Given
        ChildChannel channel = register(newChannel());
        List<ByteBuf> buffers = new ArrayList<>();
        List<ChannelFuture> written = writeMoreThanFits(channel, buffers);

        // When
        peerInput.close();

        // Then
        assertThat(written.get(63).await().cause()).isInstanceOf(ChannelOutputShutdownException.class);
        assertThat(buffers).allSatisfy(buffer -> assertThat(buffer.refCnt()).isZero());
        assertThat(channel.isOutputShutdown()).isTrue();
        assertThat(channel.isActive()).isTrue();
    }

    @Test
    public void readsOneBufferForEachReadWhenAutoReadIsOff() throws Exception {
        // Given
        ChildChannel channel = newChannel();
        channel.config().setAutoRead(false);
        channel.config().setRecvByteBufAllocator(new FixedRecvByteBufAllocator(16));
        register(channel);
        peerOutput.write(randomBytes(64));
        peerOutput.flush();

        // When
        for (int i = 1; i <= 4; i++) {
            channel.read();
            awaitReceived(i * 16L);
            turn(channel.eventLoop());
        }

        // Then
        assertThat(recorder.messageSizes()).containsExactly(16, 16, 16, 16);
    }

    @Test
    public void stopsAtOnceWhenAHandlerTurnsAutoReadOffAndGoesOnWhenItIsTurnedOn() throws Exception {
        // Given
        ChildChannel channel = newChannel();
        channel.config().setRecvByteBufAllocator(new FixedRecvByteBufAllocator(1000));
        channel.pipeline().addFirst(new ChannelInboundHandlerAdapter() {
            private int seen;

            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                if (++seen == 1) {
                    ctx.channel().config().setAutoRead(false);
                }
                ctx.fireChannelRead(message);
            }
        });
        byte[] bytes = randomBytes(20_000);
        peerOutput.write(bytes);
        peerOutput.flush();

        // When
        register(channel);
        await().atMost(PATIENCE).until(() -> recorder.received() > 0);
        for (int i = 0; i < 10; i++) {
            turn(channel.eventLoop());
        }
        long whileOff = recorder.received();
        channel.config().setAutoRead(true);

        // Then
        assertThat(whileOff).isEqualTo(1000);
        awaitReceived(20_000);
        assertThat(recorder.bytes()).isEqualTo(bytes);
    }

    @Test
    public void goesOnReadingHoweverOftenAutoReadIsTurnedOffAndOn() throws Exception {
        // Given
        ChildChannel channel = newChannel();
        channel.config().setRecvByteBufAllocator(new FixedRecvByteBufAllocator(100));
        register(channel);
        byte[] bytes = randomBytes(200_000);
        Future<?> peer = inPeer(() -> {
            peerOutput.write(bytes);
            peerOutput.close();
            return true;
        });

        // When
        boolean on = false;
        while (!peer.isDone()) {
            channel.config().setAutoRead(on);
            on = !on;
            turn(channel.eventLoop());
        }
        channel.config().setAutoRead(true);

        // Then
        awaitClosed(channel);
        assertThat(recorder.bytes()).isEqualTo(bytes);
    }

    @Test
    public void readsIntoTheWindowThatTheAllocatorHandsOut() throws Exception {
        // Given
        ChildChannel channel = newChannel();
        ByteBuf destination = channel.alloc().directBuffer(300, 300);
        WindowAllocator windows = new WindowAllocator(destination, 100);
        channel.config().setAutoRead(false);
        channel.config().setRecvByteBufAllocator(windows);
        register(channel);
        byte[] bytes = randomBytes(250);
        peerOutput.write(bytes);
        peerOutput.flush();

        // When
        channel.read();
        await().atMost(PATIENCE).until(() -> windows.calls.contains("complete"));

        // Then
        assertThat(recorder.messageSizes()).containsExactly(100, 100, 50);
        assertThat(destination.writerIndex(250)).isEqualTo(Unpooled.wrappedBuffer(bytes));
        assertThat(windows.calls)
                .containsExactly(
                        "reset",
                        "allocate",
                        "attempt 100",
                        "some",
                        "messages 1",
                        "more?",
                        "allocate",
                        "attempt 100",
                        "some",
                        "messages 1",
                        "more?",
                        "allocate",
                        "attempt 100",
                        "some",
                        "messages 1",
                        "more?",
                        "complete");
        await().atMost(PATIENCE).until(() -> destination.refCnt() == 1);
        assertThat(destination.release()).isTrue();
    }

    @Test
    public void givesTheWindowBackWithoutAMessageAtTheEnd() throws Exception {
        // Given
        ChildChannel channel = newChannel();
        ByteBuf destination = channel.alloc().directBuffer(300, 300);
        WindowAllocator windows = new WindowAllocator(destination, 100);
        channel.config().setRecvByteBufAllocator(windows);
        peerOutput.close();

        // When
        register(channel);

        // Then
        awaitClosed(channel);
        assertThat(windows.calls).endsWith("allocate", "attempt 100", "end", "complete");
        assertThat(recorder.messageSizes()).isEmpty();
        assertThat(destination.refCnt()).isEqualTo(1);
        assertThat(destination.release()).isTrue();
    }

    @Test
    public void takesAReceiveBufferWithoutRoomForAMistakeNotForTheEnd() throws Exception {
        // Given
        ChildChannel channel = newChannel();
        ByteBuf destination = channel.alloc().directBuffer(300, 300);
        channel.config().setRecvByteBufAllocator(new WindowAllocator(destination, 0));

        // When
        register(channel);
        peerOutput.write(1);
        peerOutput.flush();

        // Then
        awaitClosed(channel);
        assertThat(recorder.failures()).singleElement().isInstanceOf(IllegalStateException.class);
        assertThat(destination.refCnt()).isEqualTo(1);
        assertThat(destination.release()).isTrue();
    }

    @Test
    public void readsNothingMoreWhenAHandlerClosesItInTheMiddle() throws Exception {
        // Given
        ChildChannel channel = newChannel();
        channel.config().setRecvByteBufAllocator(new FixedRecvByteBufAllocator(100));
        channel.pipeline().addLast("closer", new ChannelInboundHandlerAdapter());
        channel.pipeline().addFirst(new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                ctx.fireChannelRead(message);
                ctx.close();
            }
        });
        peerOutput.write(randomBytes(1000));
        peerOutput.flush();

        // When
        register(channel);

        // Then
        awaitClosed(channel);
        assertThat(recorder.received()).isEqualTo(100);
        assertThat(recorder.failures()).isEmpty();
    }

    @Test
    public void survivesAListenerThatClosesItInTheMiddleOfAWrite() throws Exception {
        // Given
        ChildChannel channel = register(newChannel());
        List<ByteBuf> buffers = new ArrayList<>();
        List<ChannelFuture> written = new ArrayList<>();

        // When
        channel.eventLoop()
                .submit(() -> {
                    for (int i = 0; i < 20; i++) {
                        ByteBuf buffer = channel.alloc().directBuffer().writeZero(1000);
                        buffers.add(buffer);
                        written.add(channel.write(buffer));
                    }
                    written.get(3).addListener(ignored -> {
                        channel.close();
                    });
                    channel.flush();
                })
                .sync();

        // Then
        awaitClosed(channel);
        for (ChannelFuture future : written) {
            future.await();
        }
        assertThat(written.get(3).isSuccess()).isTrue();
        assertThat(written.get(19).isSuccess()).isFalse();
        assertThat(buffers).allSatisfy(buffer -> assertThat(buffer.refCnt()).isZero());
    }

    @Test
    public void writesWhatAListenerFlushes() throws Exception {
        // Given
        ChildChannel channel = register(newChannel());
        Future<byte[]> peer = inPeer(() -> peerInput.readNBytes(4));

        // When
        List<ChannelFuture> later = new CopyOnWriteArrayList<>();
        ChannelFuture first = channel.writeAndFlush(Unpooled.copiedBuffer(new byte[] {1, 2}));
        first.addListener(ignored -> {
            later.add(channel.write(Unpooled.EMPTY_BUFFER));
            later.add(channel.writeAndFlush(Unpooled.copiedBuffer(new byte[] {3, 4})));
        });

        // Then
        assertThat(peer.get()).containsExactly(1, 2, 3, 4);
        await().atMost(PATIENCE).until(() -> later.size() == 2 && later.get(1).isDone());
        assertThat(later).allSatisfy(future -> assertThat(future.isSuccess()).isTrue());
    }

    @Test
    public void movesToAnotherEventLoopWithoutLosingAByte() throws Exception {
        // Given
        ChildChannel channel = register(newChannel());
        EventLoop first = channel.eventLoop();
        EventLoop second = group.next() == first ? group.next() : first;
        await().until(() -> channel.isRegistered());
        peerOutput.write(new byte[] {1, 2, 3});
        peerOutput.flush();
        awaitReceived(3);

        // When
        channel.deregister().sync();
        peerOutput.write(new byte[] {4, 5, 6});
        peerOutput.flush();
        second.register(channel).sync();
        awaitReceived(6);
        channel.writeAndFlush(Unpooled.copiedBuffer(new byte[] {7})).sync();

        // Then
        assertThat(recorder.bytes()).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(peerInput.read()).isEqualTo(7);
        assertThat(recorder.events()).containsExactly("registered", "active", "unregistered", "registered");
    }

    @Test
    public void closesTwiceWithoutHarm() throws Exception {
        // Given
        ChildChannel channel = register(newChannel());

        // When
        ChannelFuture first = channel.close().await();
        ChannelFuture second = channel.close().await();

        // Then
        assertThat(first.isSuccess()).isTrue();
        assertThat(second.isSuccess()).isTrue();
        assertThatThrownBy(() -> channel.writeAndFlush(Unpooled.EMPTY_BUFFER).sync())
                .isInstanceOf(ClosedChannelException.class);
    }

    @Test
    public void leavesNoDescriptorAndNoThreadBehindAfterAThousandChannels() throws Exception {
        // Given
        int descriptors = openDescriptors();
        // Such as the one that starts children, which the process keeps.
        long threads = threadsOf(threadNames());

        // When
        for (int i = 0; i < 1000; i++) {
            Wiring wiring = wire();
            ChildChannel channel = register(wiring.channel());
            ChannelFuture written = channel.writeAndFlush(Unpooled.copiedBuffer(new byte[] {1}));
            wiring.peerOutput().write(2);
            wiring.peerOutput().flush();
            written.sync();
            if (i % 2 == 0) {
                channel.close().sync();
            } else {
                wiring.peerOutput().close();
                channel.closeFuture().sync();
            }
            wiring.peerInput().close();
            wiring.peerOutput().close();
        }

        // Then
        await().atMost(PATIENCE).until(() -> openDescriptors() <= descriptors + 5);
        await().atMost(PATIENCE).until(() -> threadsOf(threadNames()) <= threads);
    }
}
