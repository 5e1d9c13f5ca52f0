package io.nbd4j.client.internal.connection;

import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdException;
import io.nbd4j.codec.NbdError;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** A read into a new buffer, allocated when it is sent. */
final class ReadNew extends ReadCommand<ByteBuf> {
    ReadNew(Connection connection, int flags, long offset, int length) {
        super(connection, flags, offset, length);
    }

    @Override
    @Nullable
    NbdException prepare() {
        try {
            destination = connection.allocator().directBuffer((int) length, (int) length);
            return null;
        } catch (OutOfMemoryError e) {
            // Netty's own, when direct memory is at its limit, or the JDK's for the same reason: the heap is well.
            return new InvalidRequestException(
                    "no direct memory for a buffer of this size", NbdError.ENOMEM, type, range());
        }
    }

    @Override
    void deliver() {
        ByteBuf buffer = destination;
        if (buffer == null) {
            return;
        }
        destination = null;
        buffer.writerIndex((int) length);
        if (!succeed(buffer)) {
            buffer.release();
        }
    }
}
