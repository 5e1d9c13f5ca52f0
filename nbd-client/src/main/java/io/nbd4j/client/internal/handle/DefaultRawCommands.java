package io.nbd4j.client.internal.handle;

import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.RawCommands;
import io.nbd4j.codec.CommandType;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** The commands of one handle with their flags as a number. Any thread. */
final class DefaultRawCommands implements RawCommands {
    private final DefaultNbdClient client;

    DefaultRawCommands(DefaultNbdClient client) {
        this.client = client;
    }

    @Override
    public NbdFuture<@Nullable Void> pread(ByteBuf dst, long offset, int flags) {
        return client.read(dst, offset, flags);
    }

    @Override
    public NbdFuture<@Nullable Void> pwrite(ByteBuf data, long offset, int flags) {
        return client.write(data, offset, flags);
    }

    @Override
    public NbdFuture<@Nullable Void> flush(int flags) {
        return client.flush(flags);
    }

    @Override
    public NbdFuture<@Nullable Void> trim(long length, long offset, int flags) {
        return client.effect(CommandType.TRIM, length, offset, flags);
    }

    @Override
    public NbdFuture<@Nullable Void> zero(long length, long offset, int flags) {
        return client.effect(CommandType.WRITE_ZEROES, length, offset, flags);
    }

    @Override
    public NbdFuture<@Nullable Void> cache(long length, long offset, int flags) {
        return client.cache(length, offset, flags);
    }
}
