package io.nbd4j.client.internal.connection;

import io.nbd4j.codec.CommandType;
import org.jspecify.annotations.Nullable;

/** A command without payload: flush, trim, zero, cache. */
final class PlainCommand extends Command<@Nullable Void> {
    PlainCommand(Connection connection, CommandType type, int flags, long offset, long length) {
        super(connection, type, flags, offset, length);
    }

    @Override
    long payloadLength() {
        return 0;
    }

    @Override
    void releaseBuffers() {
        // It has none.
    }

    @Override
    void deliver() {
        succeed(null);
    }

    @Override
    void detach(Runnable ending) {
        ending.run();
    }
}
