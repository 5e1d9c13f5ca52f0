package io.nbd4j.codec.fuzz;

import io.nbd4j.codec.golden.GoldenVector;
import io.nbd4j.codec.verify.FuzzInput;
import java.util.Collection;
import java.util.stream.Stream;

/** Makes a fuzzer's seeds of golden bytes. */
final class Seeds {
    private Seeds() {}

    /** Returns an input for each vector: {@code octets}, then its bytes. */
    static Stream<byte[]> each(Collection<? extends GoldenVector<?>> vectors, int... octets) {
        return vectors.stream().map(vector -> FuzzInput.of(octets, vector.wire()));
    }

    /** Returns the input of all vectors in a row: {@code octets}, then their bytes. */
    static byte[] together(Collection<? extends GoldenVector<?>> vectors, int... octets) {
        return FuzzInput.of(octets, vectors.stream().map(GoldenVector::wire).toArray(byte[][]::new));
    }
}
