package io.nbd4j.client;

import io.nbd4j.codec.CommandFlag;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;

/**
 * An export that can be read and written: the data commands, and the facts about the export.
 *
 * <h2>What holds for all commands</h2>
 *
 * <ul>
 *   <li>Offsets and lengths are in bytes. The range must lie within the export, its length must not be zero, and both
 *       ends must be multiples of the minimum block that the server advertises, if it does. A range that breaks a rule,
 *       a command or a flag that the server does not advertise, and a write to a read-only export fail with an
 *       {@link InvalidRequestException} before anything is sent.
 *   <li>A range that is longer than the server takes at once is split, and the answers are joined: the future completes
 *       when all pieces have ended. If one fails, the exception names the part that failed.
 *   <li>Fails with {@link CommandRefusedException} if the server answers with an error, {@link ConnectionLostException},
 *       {@link NbdProtocolException} or {@link NbdTimeoutException} if the connection ends first. Each says in
 *       {@link NbdException#fate()} whether the request can have had an effect.
 *   <li>Requests may be answered in any order. Ranges of requests in flight at the same time must not overlap if one of
 *       them writes.
 *   <li>Requests beyond the bounds of {@link NbdClientBuilder#maxRequestsInFlight} and
 *       {@link NbdClientBuilder#maxBytesInFlight} wait, in order.
 *   <li>Cancelling a request that was not sent withdraws it. One that was sent can't be called back: the future ends,
 *       the answer is waited for and thrown away. So it is at a deadline, see {@link NbdClientBuilder#requestTimeout}.
 * </ul>
 */
public interface NbdDevice extends AutoCloseable {
    /**
     * Reads into a new buffer ({@code NBD_CMD_READ}).
     *
     * @param length in bytes. The buffer takes as much direct memory; if there is not so much, the future fails with an
     *     {@link InvalidRequestException} (ENOMEM), and nothing else is harmed
     * @return completes with a buffer of exactly {@code length} readable bytes, which the caller releases
     */
    NbdFuture<ByteBuf> pread(int length, long offset);

    /**
     * Reads into a new buffer, as {@link #pread(int, long)}.
     *
     * @param flags DF, if the server advertises it (see {@link ExportInfo#canDf()}): the server is to answer in one part. A
     *     range that is split is asked for in one part for each piece. If the server refuses to (EOVERFLOW, or EINVAL as
     *     nbd-server does for all such reads) the read is sent again without the flag: it gives the same bytes. An answer in
     *     several parts all the same fails this read with an {@link NbdProtocolException}, and the connection goes on
     */
    NbdFuture<ByteBuf> pread(int length, long offset, CommandFlag... flags);

    /**
     * Reads into the caller's buffer ({@code NBD_CMD_READ}), as many bytes as it has room for.
     *
     * @param dst borrowed until the future completes: nobody else may touch its writable bytes until then. The library
     *     retains it while it is in use. Its indices are read now; its writer index is advanced on success only. After a
     *     failure the content of the writable bytes is undefined, but never another connection's data. A direct buffer
     *     is filled without a copy where that is faster
     */
    NbdFuture<Void> pread(ByteBuf dst, long offset);

    /**
     * Reads into the caller's buffer, as {@link #pread(ByteBuf, long)}.
     *
     * @param flags DF, as {@link #pread(int, long, CommandFlag...)} says
     */
    NbdFuture<Void> pread(ByteBuf dst, long offset, CommandFlag... flags);

    /**
     * Reads into the caller's buffer ({@code NBD_CMD_READ}), as many bytes as remain in it.
     *
     * @param dst borrowed until the future completes: nobody else may touch it until then. Its position is advanced on
     *     success only. After a failure its content is undefined. A read-only buffer is refused (EINVAL)
     */
    NbdFuture<Void> pread(ByteBuffer dst, long offset);

    /**
     * Reads into the caller's buffer, as {@link #pread(ByteBuffer, long)}.
     *
     * @param flags DF, as {@link #pread(int, long, CommandFlag...)} says
     */
    NbdFuture<Void> pread(ByteBuffer dst, long offset, CommandFlag... flags);

    /**
     * Writes the readable bytes of a buffer ({@code NBD_CMD_WRITE}).
     *
     * @param data taken: the library releases it, whether the write succeeds, fails, or is never sent. To keep it, pass
     *     {@code data.retain()}, and do not change it until the future completes. Its indices are not changed
     * @param flags FUA, if the server advertises it: the data is on stable storage when the future completes
     */
    NbdFuture<Void> pwrite(ByteBuf data, long offset, CommandFlag... flags);

    /**
     * Writes the remaining bytes of a buffer ({@code NBD_CMD_WRITE}).
     *
     * @param data borrowed until the future completes: nobody may change it until then. Its position is advanced on
     *     success only
     * @param flags FUA, if the server advertises it: the data is on stable storage when the future completes
     */
    NbdFuture<Void> pwrite(ByteBuffer data, long offset, CommandFlag... flags);

    /**
     * Makes all writes durable that were complete before this call ({@code NBD_CMD_FLUSH}). It says nothing about writes
     * that are still in flight. The server must advertise it, see {@link ExportInfo#canFlush()}.
     */
    NbdFuture<Void> flush();

    /**
     * Tells the server that a range is not needed any more ({@code NBD_CMD_TRIM}); what is read there afterwards is
     * unspecified. The server must advertise it, see {@link ExportInfo#canTrim()}.
     *
     * @param flags FUA, if the server advertises it
     */
    NbdFuture<Void> trim(long length, long offset, CommandFlag... flags);

    /** As {@link #trim(long, long, CommandFlag...)}. */
    default NbdFuture<Void> trim(NbdRange range, CommandFlag... flags) {
        return trim(range.length(), range.offset(), flags);
    }

    /**
     * Makes a range read as zeroes ({@code NBD_CMD_WRITE_ZEROES}). The server must advertise it, see
     * {@link ExportInfo#canZero()}.
     *
     * @param flags FUA, if the server advertises it; NO_HOLE to keep the range allocated; FAST_ZERO, if the server
     *     advertises it, to be refused (ENOTSUP) rather than be slow
     */
    NbdFuture<Void> zero(long length, long offset, CommandFlag... flags);

    /** As {@link #zero(long, long, CommandFlag...)}. */
    default NbdFuture<Void> zero(NbdRange range, CommandFlag... flags) {
        return zero(range.length(), range.offset(), flags);
    }

    /**
     * Asks the server to have a range at hand for reads to come ({@code NBD_CMD_CACHE}). It is a hint: its failure says
     * nothing about the reads. The server must advertise it, see {@link ExportInfo#canCache()}.
     */
    NbdFuture<Void> cache(long length, long offset);

    /** As {@link #cache(long, long)}. */
    default NbdFuture<Void> cache(NbdRange range) {
        return cache(range.length(), range.offset());
    }

    /**
     * Returns what is known of the export. Stays readable after the end of the connection.
     *
     * @throws IllegalStateException if the connection never was READY
     */
    ExportInfo export();

    /**
     * Closes the device without blocking: waits for the requests in flight and waiting (for a bounded time), then says
     * goodbye to the server and ends the connection.
     *
     * @return always the same future; completes, never exceptionally, when all is closed
     */
    NbdFuture<Void> closeAsync();

    /**
     * Closes the device and waits until that is done, which takes no longer than the timeouts of the builder together. On
     * an event loop it does not wait.
     */
    @Override
    void close();
}
