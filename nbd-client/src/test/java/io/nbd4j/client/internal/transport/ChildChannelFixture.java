package io.nbd4j.client.internal.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;

/** A channel to a child process and its other side, which the test plays. */
public abstract class ChildChannelFixture {
    protected static final Duration PATIENCE = Duration.ofSeconds(30);

    private final ExecutorService peers = Executors.newCachedThreadPool();
    private final List<Closeable> toClose = new ArrayList<>();
    private final List<ChildChannel> channels = new ArrayList<>();
    protected EventLoopGroup group = newGroup();
    protected RecordingHandler recorder = new RecordingHandler(1 << 20);
    protected InputStream peerInput = InputStream.nullInputStream();
    protected OutputStream peerOutput = OutputStream.nullOutputStream();

    /** Returns a group with two loops. */
    protected abstract EventLoopGroup newGroup();

    /** Returns a channel that is not registered, and its other side. */
    protected abstract Wiring wire() throws IOException;

    /** Returns the first word of the names of the threads that belong to the channels; null if there are none. */
    protected abstract String threadNames();

    @AfterEach
    void end() throws Exception {
        for (ChildChannel channel : channels) {
            if (channel.isRegistered()) {
                channel.close().sync();
            } else if (channel.isOpen()) {
                channel.unsafe().closeForcibly();
            }
        }
        for (Closeable closeable : toClose) {
            closeable.close();
        }
        peers.shutdown();
        assertThat(peers.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
        group.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
    }

    protected final ChildChannel newChannel() throws IOException {
        return track(wire());
    }

    protected final ChildChannel track(Wiring wiring) {
        peerInput = wiring.peerInput();
        peerOutput = wiring.peerOutput();
        toClose.add(peerInput);
        toClose.add(peerOutput);
        channels.add(wiring.channel());
        wiring.channel().pipeline().addLast(recorder);
        return wiring.channel();
    }

    protected final ChildChannel register(ChildChannel channel) throws InterruptedException {
        group.register(channel).sync();
        return channel;
    }

    protected final <T> Future<T> inPeer(Callable<T> task) {
        return peers.submit(task);
    }

    protected final void awaitReceived(long count) {
        await().atMost(PATIENCE).until(() -> recorder.received() == count);
    }

    protected final void awaitClosed(ChildChannel channel) {
        await().atMost(PATIENCE).until(() -> recorder.events().contains("unregistered"));
        assertThat(channel.closeFuture().isDone()).isTrue();
    }

    protected static byte[] randomBytes(int count) {
        byte[] bytes = new byte[count];
        new Random(count).nextBytes(bytes);
        return bytes;
    }

    protected static void turn(EventLoop loop) throws Exception {
        loop.submit(() -> {}).sync();
    }

    /** Returns how many descriptors this process has; 0 where that can't be seen. */
    protected static int openDescriptors() {
        String[] names = new File("/proc/self/fd").list();
        return names == null ? 0 : names.length;
    }

    /** Returns how many threads live whose name begins with {@code prefix}. */
    protected static long threadsOf(String prefix) {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> Objects.requireNonNull(name).startsWith(prefix))
                .count();
    }
}
