package io.nbd4j.client.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ReadChunk;
import io.nbd4j.client.ReadChunkListener;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/** Puts the chunks of a read together again. Used when the read has ended. */
final class Chunks implements ReadChunkListener {
    final byte[] content;
    int data;
    int holes;
    final List<ReadChunk.Failure> failures = new ArrayList<>();

    private final long start;
    private final BitSet covered = new BitSet();

    /** Prepares for a read of {@code length} bytes from {@code start} on. */
    Chunks(long start, int length) {
        this.start = start;
        content = new byte[length];
        Arrays.fill(content, (byte) 0x5a);
    }

    @Override
    public void chunk(ReadChunk chunk) {
        int at = (int) (chunk.offset() - start);
        if (chunk instanceof ReadChunk.Data piece) {
            data++;
            int length = piece.content().readableBytes();
            piece.content().readBytes(content, at, length);
            cover(at, length);
        } else if (chunk instanceof ReadChunk.Hole hole) {
            holes++;
            Arrays.fill(content, at, at + (int) hole.length(), (byte) 0);
            cover(at, (int) hole.length());
        } else if (chunk instanceof ReadChunk.Failure failure) {
            failures.add(failure);
        }
    }

    private void cover(int at, int length) {
        assertThat(covered.get(at, at + length).isEmpty()).as("comes once").isTrue();
        covered.set(at, at + length);
    }

    int covered() {
        return covered.cardinality();
    }
}
