package io.nbd4j.tools.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class WorkloadTest {
    @Test
    void sequentialGoesRoundAndRound() {
        // Given
        Workload workload = new SequentialWorkload(3, true);

        // When
        long[] blocks = LongStream.generate(workload::nextBlock).limit(7).toArray();

        // Then
        assertThat(blocks).containsExactly(0, 1, 2, 0, 1, 2, 0);
        assertThat(workload.nextIsWrite()).isTrue();
        assertThat(new SequentialWorkload(3, false).nextIsWrite()).isFalse();
    }

    @Test
    void randomReachesAllBlocksEvenly() {
        // Given
        Workload workload = new RandomWorkload(16, AccessPattern.RANDREAD, 1);
        int[] hits = new int[16];

        // When
        for (int i = 0; i < 16_000; i++) {
            hits[(int) workload.nextBlock()]++;
        }

        // Then
        assertThat(Arrays.stream(hits).boxed())
                .allSatisfy(count -> assertThat(count).isBetween(800, 1200));
    }

    @Test
    void randomStaysInsideRegionsOfAnySize() {
        for (long blocks : new long[] {1, 2, 3, 1000, 1L << 31, (1L << 40) + 7, Long.MAX_VALUE}) {
            // Given
            Workload workload = new RandomWorkload(blocks, AccessPattern.RANDREAD, blocks);

            // When
            long[] drawn = LongStream.generate(workload::nextBlock).limit(1000).toArray();

            // Then
            assertThat(Arrays.stream(drawn).boxed()).allMatch(block -> block >= 0 && block < blocks);
        }
    }

    @Test
    void differentSeedsGiveDifferentRequests() {
        // Given
        Workload one = new RandomWorkload(1L << 40, AccessPattern.RANDREAD, 1);
        Workload two = new RandomWorkload(1L << 40, AccessPattern.RANDREAD, 2);
        Workload three = new RandomWorkload(1L << 40, AccessPattern.RANDREAD, 3);

        // When
        long[] drawn = {one.nextBlock(), two.nextBlock(), three.nextBlock()};

        // Then
        assertThat(drawn).doesNotHaveDuplicates();
    }

    @Test
    void mixedIsHalfWrites() {
        // Given
        Workload workload = new RandomWorkload(16, AccessPattern.RANDRW, 1);

        // When
        long writes = IntStream.range(0, 10_000)
                .filter(i -> {
                    boolean isWrite = workload.nextIsWrite();
                    workload.nextBlock();
                    return isWrite;
                })
                .count();

        // Then
        assertThat(writes).isBetween(4_800L, 5_200L);
    }

    @Test
    void pureWorkloadsDoOneThing() {
        assertThat(new RandomWorkload(16, AccessPattern.RANDREAD, 1).nextIsWrite())
                .isFalse();
        assertThat(new RandomWorkload(16, AccessPattern.RANDWRITE, 1).nextIsWrite())
                .isTrue();
    }

    @Test
    void readingBackReadsWhatIsKnownOnce() {
        // Given
        Verifier verifier = new Verifier(new Region(0, 10_000), 16, new BlockStamp(16, 1));
        verifier.release(verifier.claim(0), 1);
        verifier.release(verifier.claim(4_095), 2);
        verifier.release(verifier.claim(9_999), 3);
        verifier.release(verifier.claim(17), Verifier.UNKNOWN);
        Workload workload = new ReadBackWorkload(verifier);

        // When
        long[] blocks = LongStream.generate(workload::nextBlock).limit(5).toArray();

        // Then
        assertThat(blocks).containsExactly(0, 4_095, 9_999, Workload.NO_BLOCK, Workload.NO_BLOCK);
        assertThat(workload.nextIsWrite()).isFalse();
    }
}
