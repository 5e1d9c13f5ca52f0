package io.nbd4j.client.internal.connection;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** A read into the caller's {@link ByteBuf}. */
final class ReadInto extends ReadCommand<@Nullable Void> {
    /** Takes one reference of {@code destination}, which it fills from its writer index on. */
    ReadInto(Connection connection, int flags, long offset, ByteBuf destination) {
        super(connection, flags, offset, destination.writableBytes());
        this.destination = destination;
        this.index = destination.writerIndex();
    }

    @Override
    void deliver() {
        ByteBuf buffer = destination;
        if (buffer != null) {
            buffer.writerIndex(index + (int) length);
        }
        releaseBuffers();
        succeed(null);
    }
}
