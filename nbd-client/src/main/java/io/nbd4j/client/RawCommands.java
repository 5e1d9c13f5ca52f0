package io.nbd4j.client;

import io.netty.buffer.ByteBuf;

/**
 * The data commands with their flags as a number, for tests of servers: see {@link NbdClient#rawCommands()}.
 *
 * <p>What {@link NbdDevice} says of a command holds here too. Of a flag that the command does not have, or that nobody has
 * given a meaning yet, it is up to the strict mode whether it is sent ({@link StrictCheck#FLAGS}). Flags beyond 16 bits are
 * refused in any case (EINVAL), since the wire has no room for them.
 */
public interface RawCommands {
    /** Reads into the caller's buffer, as {@link NbdDevice#pread(ByteBuf, long)}. */
    NbdFuture<Void> pread(ByteBuf dst, long offset, int flags);

    /** Writes the readable bytes of a buffer, which it takes, as {@link NbdDevice#pwrite(ByteBuf, long, io.nbd4j.codec.CommandFlag...)}. */
    NbdFuture<Void> pwrite(ByteBuf data, long offset, int flags);

    /** Flushes, as {@link NbdDevice#flush()}. */
    NbdFuture<Void> flush(int flags);

    /** Trims, as {@link NbdDevice#trim(long, long, io.nbd4j.codec.CommandFlag...)}. */
    NbdFuture<Void> trim(long length, long offset, int flags);

    /** Writes zeroes, as {@link NbdDevice#zero(long, long, io.nbd4j.codec.CommandFlag...)}. */
    NbdFuture<Void> zero(long length, long offset, int flags);

    /** Caches, as {@link NbdDevice#cache(long, long)}. */
    NbdFuture<Void> cache(long length, long offset, int flags);
}
