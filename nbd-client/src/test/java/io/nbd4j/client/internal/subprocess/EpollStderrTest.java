package io.nbd4j.client.internal.subprocess;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EpollStderrTest {
    private IoEventLoopGroup group;
    private IoEventLoop loop;
    private FileDescriptor reading;
    private FileDescriptor writing;
    private final StderrTail tail = new StderrTail(line -> {});

    @BeforeEach
    void openPipe() throws IOException {
        assumeThat(Epoll.isAvailable()).as("native epoll").isTrue();
        group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        loop = group.next();
        FileDescriptor[] pipe = FileDescriptor.pipe();
        reading = pipe[0];
        writing = pipe[1];
    }

    @AfterEach
    void endLoop() throws IOException {
        if (group != null) {
            writing.close();
            endGroup();
        }
    }

    @Test
    void readsUntilTheEndOfThePipe() throws Exception {
        // Given
        ByteBuf neighbour =
                loop.submit(() -> ByteBufAllocator.DEFAULT.directBuffer(16)).get();
        EpollStderr.start(reading, tail, loop);

        // When
        write("first ");
        await().until(() -> tail.text().equals("first "));
        write("x".repeat(60_000));
        write("last");
        writing.close();

        // Then
        tail.ended().join();
        assertThat(tail.text()).hasSize(StderrTail.CAPACITY).endsWith("xlast");
        assertThat(reading.isOpen()).isFalse();
        neighbour.release();
    }

    @Test
    void reportsTheEndOfAnEmptyPipe() throws IOException {
        // Given
        EpollStderr.start(reading, tail, loop);

        // When
        writing.close();

        // Then
        tail.ended().join();
        assertThat(tail.text()).isEmpty();
        assertThat(reading.isOpen()).isFalse();
    }

    /** Epoll refuses files as it refuses any descriptor when its limits are reached. */
    @Test
    void endsWhereTheKernelDoesNotWatch(@TempDir Path directory) throws IOException {
        // Given
        FileDescriptor refused =
                FileDescriptor.from(Files.createFile(directory.resolve("file")).toFile());

        // When
        EpollStderr.start(refused, tail, loop);

        // Then
        await().until(tail.ended()::isDone);
        assertThat(refused.isOpen()).isFalse();
        reading.close();
    }

    @Test
    void endsWithTheLoop() {
        // Given
        EpollStderr.start(reading, tail, loop);

        // When
        endGroup();

        // Then
        tail.ended().join();
        assertThat(reading.isOpen()).isFalse();
    }

    @Test
    void endsAtOnceOnALoopThatHasEnded() {
        // Given
        endGroup();

        // When
        EpollStderr.start(reading, tail, loop);

        // Then
        tail.ended().join();
        assertThat(reading.isOpen()).isFalse();
    }

    private void endGroup() {
        group.shutdownGracefully(0, 10, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private void write(String text) throws IOException {
        byte[] bytes = text.getBytes(UTF_8);
        ByteBuffer buffer = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
        while (buffer.hasRemaining()) {
            // The pipe holds 64 KiB and does not block: 0 means that the reader has not caught up.
            int n = writing.write(buffer, buffer.position(), buffer.limit());
            buffer.position(buffer.position() + n);
        }
    }
}
