package io.nbd4j.codec.golden;

/**
 * A message, and what it is on the wire.
 *
 * @param name what it is and where the bytes come from
 * @param hex the bytes in the notation of {@link WireBytes}
 * @param message what they mean
 */
public record GoldenVector<M>(String name, String hex, M message) {
    /** Returns the bytes, in a new array. */
    public byte[] wire() {
        return WireBytes.parse(hex);
    }

    @Override
    public String toString() {
        return name;
    }
}
