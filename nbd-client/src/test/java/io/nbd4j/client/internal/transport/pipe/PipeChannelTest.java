package io.nbd4j.client.internal.transport.pipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.nbd4j.client.internal.transport.ChildChannel;
import io.nbd4j.client.internal.transport.ChildChannelContract;
import io.nbd4j.client.internal.transport.ProcessAddress;
import io.nbd4j.client.internal.transport.Wiring;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.unix.FileDescriptor;
import java.io.BufferedInputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

@EnabledIf(value = "io.netty.channel.epoll.Epoll#isAvailable", disabledReason = "needs Linux and native epoll")
final class PipeChannelTest extends ChildChannelContract {
    /** A spinning loop gives an event in each of its turns; one that waits gives a few in all. */
    private static final int TURNS = 500;

    private static final int FEW = 20;

    @BeforeAll
    static void loadNatives() {
        EpollIoHandler.newFactory();
    }

    @Override
    protected EventLoopGroup newGroup() {
        return new MultiThreadIoEventLoopGroup(2, EpollIoHandler.newFactory());
    }

    @Override
    protected Wiring wire() throws IOException {
        FileDescriptor[] fromPeer = FileDescriptor.pipe();
        FileDescriptor[] toPeer = FileDescriptor.pipe();
        // Opened anew, an end blocks, as a child wants it. The file stream alone would try to seek.
        InputStream peerInput = new BufferedInputStream(new FileInputStream("/proc/self/fd/" + toPeer[0].intValue()));
        OutputStream peerOutput = new FileOutputStream("/proc/self/fd/" + fromPeer[1].intValue());
        toPeer[0].close();
        fromPeer[1].close();
        return new Wiring(new PipeChannel(fromPeer[0], toPeer[1], server()), peerInput, peerOutput);
    }

    private static ProcessAddress server() {
        return new ProcessAddress("server", 4711);
    }

    @Override
    protected String threadNames() {
        return "nbd4j-";
    }

    private static void turnOften(ChildChannel channel) throws Exception {
        for (int i = 0; i < TURNS; i++) {
            turn(channel.eventLoop());
        }
    }

    private static long events(ChildChannel channel) {
        return ((PipeChannel) channel).events();
    }

    @Test
    void noticesADeadPeerWithAutoReadOffAndDoesNotSpin() throws Exception {
        // Given
        ChildChannel channel = newChannel();
        channel.config().setAutoRead(false);
        register(channel);
        byte[] bytes = randomBytes(50_000);
        peerOutput.write(bytes);

        // When
        peerOutput.close();
        peerInput.close();

        // Then
        awaitClosed(channel);
        assertThat(recorder.bytes()).isEqualTo(bytes);
        assertThat(events(channel)).isLessThan(FEW);
    }

    @Test
    void readsToTheEndAfterAHangUpHoweverSmallTheReads() throws Exception {
        // Given
        ChildChannel channel = newChannel();
        channel.config().setAutoRead(false);
        channel.config().setRecvByteBufAllocator(new FixedRecvByteBufAllocator(100).maxMessagesPerRead(1));
        byte[] bytes = randomBytes(50_000);
        peerOutput.write(bytes);
        peerOutput.close();

        // When
        register(channel);

        // Then
        awaitClosed(channel);
        assertThat(recorder.bytes()).isEqualTo(bytes);
        assertThat(recorder.messageSizes()).hasSize(500);
    }

    @Test
    void doesNotSpinWhileAutoReadIsOffAndThereIsSomethingToRead() throws Exception {
        // Given
        ChildChannel channel = newChannel();
        channel.config().setAutoRead(false);
        register(channel);
        peerOutput.write(randomBytes(1000));

        // When
        turnOften(channel);

        // Then
        assertThat(recorder.received()).isZero();
        assertThat(events(channel)).isLessThan(FEW);
    }

    @Test
    void doesNotSpinWhenThePeerIsGoneAndHalfClosureIsAllowed() throws Exception {
        // Given
        ChildChannel channel = newChannel();
        channel.config().setAllowHalfClosure(true);
        register(channel);

        // When
        peerOutput.close();
        peerInput.close();
        await().until(channel::isInputShutdown);
        turnOften(channel);

        // Then
        assertThat(channel.isActive()).isTrue();
        assertThat(events(channel)).isLessThan(FEW);
        assertThat(channel.writeAndFlush(Unpooled.copiedBuffer(new byte[1]))
                        .await()
                        .isSuccess())
                .isFalse();
        assertThat(channel.isOutputShutdown()).isTrue();
    }

    @Test
    void doesNotSpinWhenThePeerReadsNothing() throws Exception {
        // Given
        ChildChannel channel = register(newChannel());

        // When
        ChannelFuture written =
                channel.writeAndFlush(channel.alloc().directBuffer(1 << 21).writeZero(1 << 21));
        turnOften(channel);

        // Then
        assertThat(written.isDone()).isFalse();
        assertThat(events(channel)).isLessThan(FEW);
    }

    @Test
    void echoesToItselfThroughOnePipe() throws Exception {
        // Given
        FileDescriptor[] loop = FileDescriptor.pipe();
        PipeChannel channel = new PipeChannel(loop[0], loop[1], server());
        track(new Wiring(channel, InputStream.nullInputStream(), OutputStream.nullOutputStream()));
        register(channel);
        byte[] bytes = randomBytes(1 << 20);

        // When
        channel.writeAndFlush(Unpooled.wrappedBuffer(bytes)).sync();
        channel.shutdownOutput().sync();

        // Then
        awaitClosed(channel);
        assertThat(recorder.bytes()).isEqualTo(bytes);
    }

    @Test
    void talksToAnotherChannelOfItsKindOnTheSameLoop() throws Exception {
        // Given
        FileDescriptor[] there = FileDescriptor.pipe();
        FileDescriptor[] back = FileDescriptor.pipe();
        PipeChannel channel = new PipeChannel(back[0], there[1], server());
        track(new Wiring(channel, InputStream.nullInputStream(), OutputStream.nullOutputStream()));
        PipeChannel echo = new PipeChannel(there[0], back[1], server());
        echo.pipeline().addLast(new EchoHandler());
        register(channel);
        channel.eventLoop().register(echo).sync();
        byte[] bytes = randomBytes(1 << 20);

        // When
        channel.writeAndFlush(Unpooled.wrappedBuffer(bytes)).sync();
        awaitReceived(bytes.length);
        channel.close().sync();

        // Then
        assertThat(recorder.bytes()).isEqualTo(bytes);
        assertThat(echo.closeFuture().await(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void undoesTheFirstRegistrationWhenTheSecondFails(@TempDir Path directory) throws Exception {
        // Given
        Path file = Files.createFile(directory.resolve("file"));
        FileDescriptor[] pipe = FileDescriptor.pipe();
        // Epoll refuses regular files.
        FileDescriptor unwatchable = FileDescriptor.from(file.toFile());
        PipeChannel channel = new PipeChannel(pipe[0], unwatchable, server());

        // When
        ChannelFuture registered = group.register(channel).await();

        // Then
        assertThat(registered.cause()).isInstanceOf(IOException.class);
        assertThat(channel.isOpen()).isFalse();
        assertThat(channel.isRegistered()).isFalse();
        assertThat(channel.closeFuture().isDone()).isTrue();
        assertThat(pipe[0].isOpen()).isFalse();
        assertThat(unwatchable.isOpen()).isFalse();
        pipe[1].close();
    }

    @Test
    void refusesAnEventLoopWithoutEpoll() throws Exception {
        // Given
        ChildChannel channel = newChannel();
        EventLoopGroup nio = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

        // When
        ChannelFuture registered = nio.register(channel).await();

        // Then
        assertThat(registered.cause()).isInstanceOf(IllegalStateException.class);
        assertThat(channel.isOpen()).isTrue();
        assertThat(PipeChannel.canRunOn(nio.next())).isFalse();
        assertThat(PipeChannel.canRunOn(group.next())).isTrue();
        nio.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
    }

    @Test
    void leavesTheDescriptorsToTheCallerWhenItCanNotBeMade() throws Exception {
        // Given
        FileDescriptor[] pipe = FileDescriptor.pipe();

        // When
        assertThatThrownBy(() -> new PipeChannel(pipe[0], pipe[0], server()))
                .isInstanceOf(IllegalArgumentException.class);

        // Then
        assertThat(pipe[0].isOpen()).isTrue();
        pipe[0].close();
        pipe[1].close();
    }

    @Test
    void closesItsDescriptorsExactlyOnce() throws Exception {
        // Given
        FileDescriptor[] fromPeer = FileDescriptor.pipe();
        FileDescriptor[] toPeer = FileDescriptor.pipe();
        PipeChannel channel = new PipeChannel(fromPeer[0], toPeer[1], server());
        track(new Wiring(channel, InputStream.nullInputStream(), OutputStream.nullOutputStream()));
        register(channel);
        channel.close().sync();
        awaitClosed(channel);
        // The lowest free numbers are given again: they are the channel's old ones.
        FileDescriptor[] reused = FileDescriptor.pipe();

        // When
        channel.unsafe().closeForcibly();
        channel.close().sync();

        // Then
        ByteBuf one = Unpooled.directBuffer().writeByte(1);
        assertThat(reused[1].write(one.nioBuffer(), 0, 1)).isEqualTo(1);
        one.release();
        for (FileDescriptor fd : new FileDescriptor[] {fromPeer[1], toPeer[0], reused[0], reused[1]}) {
            fd.close();
        }
    }

    @Test
    void refusesAReceiveBufferOnTheHeap() throws Exception {
        // Given
        ChildChannel channel = newChannel();
        channel.config().setRecvByteBufAllocator(new HeapAllocator());
        register(channel);

        // When
        peerOutput.write(1);

        // Then
        awaitClosed(channel);
        assertThat(recorder.failures()).singleElement().isInstanceOf(IllegalStateException.class);
    }

    @Test
    void closesWhenItsEventLoopShutsDown() throws Exception {
        // Given
        ChildChannel channel = register(newChannel());
        Future<Integer> peer = inPeer(peerInput::read);

        // When
        group.shutdownGracefully(10, 10_000, TimeUnit.MILLISECONDS).sync();

        // Then
        assertThat(channel.isOpen()).isFalse();
        assertThat(peer.get()).isEqualTo(-1);
    }

    private static final class HeapAllocator implements RecvByteBufAllocator {
        @Override
        @SuppressWarnings("deprecation")
        public Handle newHandle() {
            ExtendedHandle handle = (ExtendedHandle) new AdaptiveRecvByteBufAllocator().newHandle();
            return new HeapHandle(handle);
        }
    }

    @SuppressWarnings("deprecation")
    private static final class HeapHandle extends RecvByteBufAllocator.DelegatingHandle
            implements RecvByteBufAllocator.ExtendedHandle {
        HeapHandle(RecvByteBufAllocator.ExtendedHandle handle) {
            super(handle);
        }

        @Override
        public ByteBuf allocate(ByteBufAllocator alloc) {
            return alloc.heapBuffer(10);
        }

        @Override
        public boolean continueReading(io.netty.util.UncheckedBooleanSupplier maybeMoreDataSupplier) {
            return continueReading();
        }
    }
}
