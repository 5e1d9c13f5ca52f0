package io.nbd4j.tools.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class VerifierTest {
    private final Verifier verifier = new Verifier(new Region(100, 5_000), 16, new BlockStamp(16, 5));

    @Test
    void givesAnotherBlockInPlaceOfABusyOne() {
        // When
        long first = verifier.claim(4_095);
        long second = verifier.claim(4_095);
        long last = verifier.claim(4_999);
        long wrapped = verifier.claim(4_999);

        // Then
        assertThat(new long[] {first, second, last, wrapped}).containsExactly(4_095, 4_096, 4_999, 0);
    }

    @Test
    void givesABlockAgainOnceItIsReleased() {
        // Given
        verifier.release(verifier.claim(3));

        // Then
        assertThat(verifier.claim(3)).isEqualTo(3);
    }

    @Test
    void remembersTheLastWriteOfABlockWhileItIsRead() {
        // Given
        ByteBuffer content = ByteBuffer.allocate(16);
        long block = verifier.claim(3);
        verifier.release(block, verifier.stamp(block, content));

        // When
        long again = verifier.claim(3);

        // Then
        assertThat(verifier.generationOf(again)).isNotEqualTo(Verifier.UNKNOWN);
        assertThat(verifier.matches(again, content)).isTrue();
        assertThat(verifier.describe(again, ByteBuffer.allocate(16))).startsWith("the block at offset 1648: ");
    }

    @Test
    void everyWriteHasAGenerationOfItsOwn() {
        // Given
        ByteBuffer content = ByteBuffer.allocate(16);

        // When
        int first = verifier.stamp(1, content);
        int second = verifier.stamp(1, content);
        int other = verifier.stamp(2, content);

        // Then
        assertThat(new int[] {first, second, other, Verifier.UNKNOWN}).doesNotHaveDuplicates();
    }

    @Test
    void knowsNothingOfBlocksThatWereNotWritten() {
        assertThat(verifier.generationOf(77)).isEqualTo(Verifier.UNKNOWN);
        assertThat(verifier.nextKnown(0)).isEqualTo(Workload.NO_BLOCK);
    }
}
