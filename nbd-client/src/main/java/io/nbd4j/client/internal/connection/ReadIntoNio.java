package io.nbd4j.client.internal.connection;

import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A read into the caller's {@link ByteBuffer}. */
final class ReadIntoNio extends ReadCommand<@Nullable Void> {
    private final ByteBuffer buffer;
    private final int position;

    ReadIntoNio(Connection connection, int flags, long offset, ByteBuffer buffer) {
        super(connection, flags, offset, buffer.remaining());
        this.buffer = buffer;
        this.position = buffer.position();
        this.destination = Unpooled.wrappedBuffer(buffer);
    }

    @Override
    void deliver() {
        releaseBuffers();
        buffer.position(position + (int) length);
        succeed(null);
    }
}
