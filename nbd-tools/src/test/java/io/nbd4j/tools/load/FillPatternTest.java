package io.nbd4j.tools.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FillPatternTest {
    @Test
    void noByteIsZeroAndNoBlockIsLikeAnother() {
        // Given
        byte[] piece = content(1 << 20, 0);

        // Then
        Set<ByteBuffer> blocks = new HashSet<>();
        for (int at = 0; at < piece.length; at += 512) {
            blocks.add(ByteBuffer.wrap(piece, at, 512));
        }
        assertThat(blocks).hasSize(piece.length / 512);
        assertThat(piece).doesNotContain((byte) 0);
    }

    @Test
    void aByteDependsOnItsPlaceInTheExportAlone() {
        // Given
        byte[] whole = content(4096, 1L << 40);

        // Then
        assertThat(content(1024, (1L << 40) + 512)).isEqualTo(Arrays.copyOfRange(whole, 512, 1536));
        assertThat(content(4096, 0)).isNotEqualTo(whole);
    }

    private static byte[] content(int length, long offset) {
        byte[] bytes = new byte[length];
        FillPattern.write(ByteBuffer.wrap(bytes), offset);
        return bytes;
    }
}
