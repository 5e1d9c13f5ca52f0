package io.nbd4j.client.internal.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is in the file, read by another hand than the one that wrote it. */
class CaptureTest {
    @TempDir
    Path directory;

    private static byte[] random(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    @Test
    void bothDirectionsAreWholeWhateverTheirLength() throws IOException {
        // Given
        Path file = directory.resolve("whole.pcap");
        byte[] said = random(200_000, 1);
        byte[] heard = random(300_001, 2);
        EmbeddedChannel channel = new EmbeddedChannel(Capture.to(file, "disk"));

        // When
        CompositeByteBuf parts = Unpooled.compositeBuffer();
        parts.addComponents(
                true, Unpooled.copiedBuffer(said, 0, 7), Unpooled.directBuffer().writeBytes(said, 7, said.length - 7));
        channel.writeOutbound(Unpooled.EMPTY_BUFFER, parts);
        channel.writeInbound(
                Unpooled.directBuffer().writeZero(3).writeBytes(heard).skipBytes(3));
        ByteBuf received = channel.readInbound();
        channel.finishAndReleaseAll();

        // Then
        assertThat(ByteBufUtil.getBytes(received)).isEqualTo(heard);
        received.release();
        PcapReader reader = PcapReader.read(file).requireWhole();
        assertThat(reader.client()).isEqualTo(said);
        assertThat(reader.server()).isEqualTo(heard);
    }

    @Test
    void aFileThatIsThereIsEmptiedFirst() throws IOException {
        // Given
        Path file = Files.write(directory.resolve("old.pcap"), random(5000, 3));

        // When
        Capture.to(file, "disk").close();

        // Then
        PcapReader reader = PcapReader.read(file).requireWhole();
        assertThat(reader.client()).isEmpty();
        assertThat(reader.server()).isEmpty();
    }

    @Test
    void aFileThatCanNotBeMadeIsAnError() {
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> Capture.to(directory.resolve("missing").resolve("file.pcap"), "disk"));
        assertThatExceptionOfType(IOException.class).isThrownBy(() -> Capture.to(Path.of("/dev/full"), "disk"));
    }

    @Test
    void aFileThatBreaksIsGivenUpAndTheBytesGoOn() throws IOException {
        // Given
        Path file = directory.resolve("broken.pcap");
        EmbeddedChannel channel = new EmbeddedChannel(Capture.to(file, "disk"));
        channel.writeOutbound(Unpooled.copiedBuffer(new byte[] {1}));

        // When
        // The file system of a test can't be filled; that a thread is interrupted breaks its channel to a file, too.
        Thread.currentThread().interrupt();
        channel.writeOutbound(Unpooled.copiedBuffer(new byte[] {2}));
        boolean interrupted = Thread.interrupted();
        channel.writeOutbound(Unpooled.copiedBuffer(new byte[] {3}));
        channel.writeInbound(Unpooled.copiedBuffer(new byte[] {4}));

        // Then
        assertThat(interrupted).isTrue();
        assertThat(channel.isOpen()).isTrue();
        assertThat(channel.outboundMessages()).hasSize(3);
        assertThat(channel.inboundMessages()).hasSize(1);
        channel.finishAndReleaseAll();
        assertThat(PcapReader.read(file).client()).containsExactly(1);
    }
}
