package io.nbd4j.tools.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class BlockStampTest {
    private static final int BLOCK = 512;

    private final BlockStamp stamp = new BlockStamp(BLOCK, 99);
    private final ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);

    @Test
    void matchesWhatItFilled() {
        // When
        stamp.fill(block, 4096, 7);

        // Then
        assertThat(stamp.matches(block, 4096, 7)).isTrue();
    }

    @Test
    void noticesEveryByteThatChanges() {
        // Given
        stamp.fill(block, 4096, 7);

        for (int i = 0; i < BLOCK; i++) {
            // When
            block.put(i, (byte) (block.get(i) ^ 1 << i % 8));

            // Then
            assertThat(stamp.matches(block, 4096, 7)).isFalse();
            assertThat(stamp.describe(block, 4096, 7))
                    .isEqualTo("its bytes differ from byte " + i + " of the block on");
            block.put(i, (byte) (block.get(i) ^ 1 << i % 8));
        }
    }

    @Test
    void noticesABlockThatIsOutOfDate() {
        // When
        stamp.fill(block, 4096, 6);

        // Then
        assertThat(stamp.matches(block, 4096, 7)).isFalse();
        assertThat(stamp.describe(block, 4096, 7)).isEqualTo("it holds an older write of this run");
    }

    @Test
    void noticesABlockFromElsewhere() {
        // When
        stamp.fill(block, 8192, 7);

        // Then
        assertThat(stamp.matches(block, 4096, 7)).isFalse();
        assertThat(stamp.describe(block, 4096, 7)).isEqualTo("it holds what was written at offset 8192");
    }

    @Test
    void noticesABlockThatIsShiftedInItself() {
        // Given
        stamp.fill(block, 4096, 7);
        ByteBuffer shifted = ByteBuffer.allocate(BLOCK);

        // When
        for (int i = 0; i < BLOCK; i++) {
            shifted.put(i, block.get((i + BlockStamp.GRANULE) % BLOCK));
        }

        // Then
        assertThat(stamp.matches(shifted, 4096, 7)).isFalse();
    }

    @Test
    void noticesABlockOfAnotherRunAndZeroes() {
        // Given
        BlockStamp otherRun = new BlockStamp(BLOCK, 98);

        // When
        otherRun.fill(block, 4096, 7);

        // Then
        assertThat(stamp.matches(block, 4096, 7)).isFalse();
        assertThat(stamp.matches(ByteBuffer.allocate(BLOCK), 4096, 7)).isFalse();
    }
}
