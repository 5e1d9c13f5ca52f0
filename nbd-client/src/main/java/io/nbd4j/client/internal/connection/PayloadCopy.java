package io.nbd4j.client.internal.connection;

import io.netty.buffer.ByteBuf;
import io.netty.util.internal.PlatformDependent;

/**
 * Copies payload into its place without allocating.
 *
 * <p>Where Netty may not use {@code sun.misc.Unsafe} (JDK 24 and newer, unless told otherwise), a copy between direct
 * buffers allocates in {@link ByteBuf#setBytes(int, ByteBuf, int, int)}. What is worse, there it goes through a view whose
 * position the buffer shares with all of its slices, so that two event loops that fill two slices of one buffer would
 * disturb each other.
 */
final class PayloadCopy {
    private static final boolean BY_ADDRESS = PlatformDependent.hasUnsafe();

    private PayloadCopy() {}

    /** Copies {@code count} bytes from the reader index of {@code in} on to {@code at}. Moves no index. */
    static void copy(ByteBuf in, int count, ByteBuf destination, int at) {
        if (BY_ADDRESS) {
            destination.setBytes(at, in, in.readerIndex(), count);
        } else {
            copyByViews(in, count, destination, at);
        }
    }

    /** As {@link #copy}. Nobody else uses {@code in} meanwhile, but maybe other parts of the destination's memory. */
    static void copyByViews(ByteBuf in, int count, ByteBuf destination, int at) {
        if (destination.hasArray() || destination.nioBufferCount() != 1 || in.nioBufferCount() != 1) {
            destination.setBytes(at, in, in.readerIndex(), count);
        } else if (destination.unwrap() == null) {
            destination.internalNioBuffer(at, count).put(in.internalNioBuffer(in.readerIndex(), count));
        } else {
            destination.nioBuffer(at, count).put(in.internalNioBuffer(in.readerIndex(), count));
        }
    }
}
