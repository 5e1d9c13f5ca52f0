package io.nbd4j.testkit.internal;

import java.util.Arrays;

/** Extents one behind the other, joined where their status is the same. Holds numbers only, and grows as needed. */
final class ExtentList {
    private long[] lengths = new long[16];
    private long[] statuses = new long[16];
    private int size;

    void clear() {
        size = 0;
    }

    int size() {
        return size;
    }

    long length(int index) {
        return lengths[index];
    }

    long status(int index) {
        return statuses[index];
    }

    /** Returns whether an extent of this status would become part of the last one. */
    boolean continues(long status) {
        return size > 0 && statuses[size - 1] == status;
    }

    void add(long length, long status) {
        if (continues(status)) {
            lengths[size - 1] += length;
            return;
        }
        if (size == lengths.length) {
            lengths = Arrays.copyOf(lengths, 2 * size);
            statuses = Arrays.copyOf(statuses, 2 * size);
        }
        lengths[size] = length;
        statuses[size] = status;
        size++;
    }
}
