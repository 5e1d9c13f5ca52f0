package io.nbd4j.client;

import io.nbd4j.codec.CommandFlag;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.Collection;

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
 *       {@link NbdClientBuilder#maxBytesInFlight} wait, in order, and so do requests behind more than 16 MiB that the
 *       transport has not taken.
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
     * Reads a range and hands out what comes as it comes, data apart from holes ({@code NBD_CMD_READ}).
     *
     * <p>The chunks come in the order of the server, which need not be that of the range; if the server does not have
     * structured replies, one chunk of data comes for each request. They are inside of the range, and when the future
     * completes normally they have covered each byte of it exactly once. When it fails, what has come before is undefined, as
     * is the content of a buffer after a failed read.
     *
     * <p>A chunk is handed out whole, so the memory for it is as large as the largest chunk, at most the maximum payload of the
     * server or 32 MiB, whichever is smaller (64 MiB where {@link StrictCheck#PAYLOAD} is off); one chunk arrives at a time. If
     * there is no direct memory for it, the future fails with the {@link OutOfMemoryError}, and nothing else is harmed.
     *
     * @param length in bytes; may be that of the whole export
     * @param listener hears the chunks; not any more once the future has ended
     * @param flags DF, if the server advertises it: one chunk for each request, so one for all if the range is not split. A
     *     server that refuses to fails the read, which is not sent again. An answer in several parts all the same fails it with
     *     an {@link NbdProtocolException}
     * @return completes after the last chunk. If the listener threw, fails with the first that it threw, unless the read fails
     *     by itself, which then has that suppressed
     */
    NbdFuture<Void> preadChunks(long length, long offset, ReadChunkListener listener, CommandFlag... flags);

    /** As {@link #preadChunks(long, long, ReadChunkListener, CommandFlag...)}. */
    default NbdFuture<Void> preadChunks(NbdRange range, ReadChunkListener listener, CommandFlag... flags) {
        return preadChunks(range.length(), range.offset(), listener, flags);
    }

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
     * Asks what the server knows of the blocks of a range ({@code NBD_CMD_BLOCK_STATUS}), in all meta contexts that it has
     * selected, see {@link ExportInfo#metaContexts}. Without any the future fails with an {@link InvalidRequestException}
     * (ENOTSUP).
     *
     * <p>The answer may be short: it tells about the start of the range, at least about its first byte, and maybe about less than
     * all. Where it is complete and the range is longer than a request can say (4 GiB, without extended headers), the rest is
     * asked for, request by request, up to the first answer that is short in one of the contexts; so each list of extents is
     * without a gap. It has at most 2^20 extents; one that would have more ends there. To learn about all of a range, follow
     * {@link #extents}.
     *
     * <p>An answer that contradicts itself (a context twice or left out; with REQ_ONE several extents, or one that is longer than
     * the range) fails the future with an {@link NbdProtocolException}, and the connection goes on.
     *
     * @param flags REQ_ONE: one extent for each context, which is not longer than the range. No further request is made then
     */
    NbdFuture<BlockStatus> blockStatus(long length, long offset, CommandFlag... flags);

    /** As {@link #blockStatus(long, long, CommandFlag...)}. */
    default NbdFuture<BlockStatus> blockStatus(NbdRange range, CommandFlag... flags) {
        return blockStatus(range.length(), range.offset(), flags);
    }

    /**
     * Asks as {@link #blockStatus(long, long, CommandFlag...)}, in some of the meta contexts only. Needs extended headers (else
     * ENOTSUP), and a server that advertises it, see {@link ExportInfo#canBlockStatusPayload()} (else EINVAL).
     *
     * @param contexts names of contexts that the server has selected, at least one. Other names are refused (EINVAL). A name that
     *     is there twice counts once
     */
    NbdFuture<BlockStatus> blockStatus(long length, long offset, Collection<String> contexts, CommandFlag... flags);

    /** As {@link #blockStatus(long, long, Collection, CommandFlag...)}. */
    default NbdFuture<BlockStatus> blockStatus(NbdRange range, Collection<String> contexts, CommandFlag... flags) {
        return blockStatus(range.length(), range.offset(), contexts, flags);
    }

    /**
     * Returns a walk over the extents of a range, in one of the meta contexts that the server has selected. Nothing is asked
     * before the first {@link ExtentWalk#next}.
     *
     * @param context its name, such as {@link MetaContext#BASE_ALLOCATION}
     */
    ExtentWalk extents(String context, NbdRange range);

    /**
     * Returns a walk over the extents of the whole export, as {@link #extents(String, NbdRange)}. What is behind the last whole
     * minimum block of the server is out of reach, and left out.
     */
    ExtentWalk extents(String context);

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
     * an event loop of its group ({@link NbdClientBuilder#eventLoopGroup}) it does not wait. Not to be called on those of
     * another group, which would stand still meanwhile: use {@link #closeAsync} there.
     */
    @Override
    void close();
}
