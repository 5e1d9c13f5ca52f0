package io.nbd4j.client.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.BlockStatus;
import io.nbd4j.client.Extent;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.ReadChunk;
import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.ProtocolViolationException;
import io.nbd4j.codec.verify.MeasuredMemory;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** The calls that a fuzzer's user makes, and what has to become of each: it ends, and its buffers are whose they should be. */
final class FuzzedCalls {
    /** In the octet of the operation: the write has FUA, the read DF. */
    static final int FLAG = 0x10;
    /** In the octet of the operation: the next call is made where this one completes. */
    static final int CHAIN = 0x20;

    /** In the octet of the operation: it is one of those that begin here. */
    private static final int MORE = 0x40;

    static final int READ = 0;
    static final int READ_INTO = 1;
    static final int READ_INTO_NIO = 2;
    static final int WRITE = 3;
    static final int WRITE_NIO = 4;
    static final int FLUSH = 5;
    static final int TRIM = 6;
    static final int ZERO = 7;
    static final int CACHE = 8;
    static final int CANCEL = 9;
    static final int CLOSE = 10;
    static final int LIST = 11;
    static final int INFO = 12;
    static final int GO = 13;
    static final int NAME_AND_GO = 14;
    static final int ABORT = 15;
    static final int STRUCTURED_REPLIES = MORE;
    static final int EXTENDED_HEADERS = MORE + 1;
    static final int LIST_CONTEXTS = MORE + 2;
    static final int LIST_ALL_CONTEXTS = MORE + 3;
    static final int SET_CONTEXTS = MORE + 4;
    static final int SET_OTHER_CONTEXTS = MORE + 5;
    static final int INFO_AS_IT_IS = MORE + 6;
    static final int GO_AS_IT_IS = MORE + 7;
    static final int READ_CHUNKS = MORE + 8;
    /** With a listener that throws. */
    static final int READ_CHUNKS_BADLY = MORE + 9;

    static final int STATUS = MORE + 10;
    static final int STATUS_OF_ONE = MORE + 11;
    /** Of more than a compact request can say. */
    static final int LONG_STATUS = MORE + 12;

    static final int WALK = MORE + 13;

    private static final String CONTEXT = "base:allocation";
    private static final int BLOCK = 512;
    private static final int MAX_NIO = 4096;

    /** A call that was made. */
    private record Made(
            CompletableFuture<?> future, @Nullable ByteBuf lent) {}

    private final NbdClient client;
    private final MeasuredMemory memory;
    private final byte[] script;
    private final List<Made> made = new ArrayList<>();
    /** What became of the buffers that reads gave. Not the user's to cancel. */
    private final List<CompletableFuture<?>> received = new ArrayList<>();

    private int next;
    private long buffered;
    private int chunks;
    private int statuses;

    /**
     * Prepares the calls.
     *
     * @param script three octets for each: the operation, the block where it starts, how long it is
     */
    FuzzedCalls(NbdClient client, MeasuredMemory memory, byte[] script) {
        this.client = client;
        this.memory = memory;
        this.script = script;
    }

    /** Returns how many bytes the calls so far may hold in buffers. */
    long buffered() {
        return buffered;
    }

    /** Returns how many chunks were handed out. */
    int chunks() {
        return chunks;
    }

    /** Returns how many times the status of blocks was told. */
    int statuses() {
        return statuses;
    }

    /** Makes the next call, if there is one. */
    boolean makeNext() {
        if (next + 3 > script.length) {
            return false;
        }
        int operation = script[next] & 0xff;
        long offset = (script[next + 1] & 0xffL) * BLOCK;
        int length = length(script[next + 2] & 0xff);
        next += 3;
        CompletableFuture<?> future = make(
                (operation & MORE) == 0 ? operation & 0xf : operation & (MORE + 0xf),
                (operation & FLAG) != 0,
                offset,
                length);
        if ((operation & CHAIN) != 0 && future != null) {
            future.whenComplete((value, failure) -> makeNext());
        }
        return true;
    }

    /** Returns up to 127 bytes, up to 36 KiB, or up to 896 KiB. */
    private static int length(int octet) {
        return octet < 128 ? octet : octet < 200 ? (octet - 127) * BLOCK : (octet - 199) * 16 * 1024;
    }

    private @Nullable CompletableFuture<?> make(int operation, boolean flag, long offset, int length) {
        CommandFlag[] onWrite = flag ? new CommandFlag[] {CommandFlag.FUA} : new CommandFlag[0];
        CommandFlag[] onRead = flag ? new CommandFlag[] {CommandFlag.DF} : new CommandFlag[0];
        int nio = Math.min(length, MAX_NIO);
        return switch (operation) {
            case READ -> read(length, offset, onRead);
            case READ_INTO -> readInto(length, offset, onRead);
            case READ_INTO_NIO -> note(client.pread(ByteBuffer.allocate(nio), offset, onRead), null);
            case WRITE -> write(length, offset, onWrite);
            case WRITE_NIO -> note(client.pwrite(ByteBuffer.allocate(nio), offset, onWrite), null);
            case FLUSH -> note(client.flush(), null);
            case TRIM -> note(client.trim(length, offset, onWrite), null);
            case ZERO -> note(client.zero(length, offset, onWrite), null);
            case CACHE -> note(client.cache(length, offset), null);
            case CANCEL -> cancel((int) (offset / BLOCK));
            case CLOSE -> note(client.closeAsync(), null);
            case LIST -> note(client.negotiation().list(), null);
            case INFO -> note(client.negotiation().info(), null);
            case GO -> note(client.negotiation().go(), null);
            case NAME_AND_GO -> {
                client.negotiation().exportName("disk");
                yield note(client.negotiation().go(), null);
            }
            case STRUCTURED_REPLIES -> note(client.negotiation().structuredReplies(), null);
            case EXTENDED_HEADERS -> note(client.negotiation().extendedHeaders(), null);
            case LIST_CONTEXTS -> note(client.negotiation().listMetaContexts(), null);
            case LIST_ALL_CONTEXTS -> note(client.negotiation().listMetaContexts(new String[0]), null);
            case SET_CONTEXTS -> note(client.negotiation().setMetaContexts(), null);
            case SET_OTHER_CONTEXTS -> note(client.negotiation().setMetaContexts("x-a", "base:"), null);
            case INFO_AS_IT_IS ->
                note(client.negotiation().requestMetaContexts(flag).info(), null);
            case GO_AS_IT_IS ->
                note(client.negotiation().requestMetaContexts(flag).go(), null);
            case READ_CHUNKS -> readChunks(length, offset, onRead, false);
            case READ_CHUNKS_BADLY -> readChunks(length, offset, onRead, true);
            case STATUS ->
                status(client.blockStatus(
                        length, offset, flag ? new CommandFlag[] {CommandFlag.REQ_ONE} : new CommandFlag[0]));
            case STATUS_OF_ONE -> status(client.blockStatus(length, offset, List.of(CONTEXT)));
            case LONG_STATUS -> status(client.blockStatus(1L << 34, offset));
            case WALK -> note(client.extents(CONTEXT).forEach(extent -> statuses++), null);
            default -> note(client.negotiation().abort(), null);
        };
    }

    private CompletableFuture<?> note(CompletableFuture<?> future, @Nullable ByteBuf lent) {
        made.add(new Made(future, lent));
        return future;
    }

    private CompletableFuture<?> read(int length, long offset, CommandFlag[] flags) {
        buffered += length;
        CompletableFuture<ByteBuf> read = client.pread(length, offset, flags);
        received.add(read.whenComplete((buffer, failure) -> {
            if (buffer != null) {
                assertThat(buffer.readableBytes()).isEqualTo(length);
                assertThat(buffer.refCnt()).isEqualTo(1);
                buffer.release();
            }
        }));
        return note(read, null);
    }

    private CompletableFuture<?> readChunks(int length, long offset, CommandFlag[] flags, boolean throwing) {
        buffered += length;
        return note(
                client.preadChunks(
                        length,
                        offset,
                        chunk -> {
                            chunks++;
                            if (chunk instanceof ReadChunk.Data data) {
                                assertWithin(data.offset(), data.content().readableBytes(), offset, length);
                                assertThat(data.content().refCnt()).isEqualTo(1);
                            } else if (chunk instanceof ReadChunk.Hole hole) {
                                assertWithin(hole.offset(), hole.length(), offset, length);
                            }
                            if (throwing) {
                                throw new CancellationException();
                            }
                        },
                        flags),
                null);
    }

    private static void assertWithin(long at, long count, long offset, long length) {
        assertThat(at).isGreaterThanOrEqualTo(offset);
        assertThat(count).isBetween(1L, offset + length - at);
    }

    private CompletableFuture<?> status(CompletableFuture<BlockStatus> future) {
        received.add(future.whenComplete((status, failure) -> {
            if (status != null) {
                statuses++;
                for (List<Extent> extents : status.extents().values()) {
                    long end = status.range().offset();
                    for (Extent extent : extents) {
                        assertThat(extent.offset()).isEqualTo(end);
                        assertThat(extent.length()).isPositive();
                        end = extent.end();
                    }
                    assertThat(end).isLessThanOrEqualTo(status.range().end());
                }
            }
        }));
        return note(future, null);
    }

    private CompletableFuture<?> readInto(int length, long offset, CommandFlag[] flags) {
        buffered += length;
        ByteBuf destination = memory.directBuffer(Math.max(1, length), Math.max(1, length));
        destination.setIndex(0, destination.capacity() - length);
        return note(client.pread(destination, offset, flags), destination);
    }

    private CompletableFuture<?> write(int length, long offset, CommandFlag[] flags) {
        buffered += length;
        return note(client.pwrite(memory.directBuffer(Math.max(1, length)).writeZero(length), offset, flags), null);
    }

    private @Nullable CompletableFuture<?> cancel(int index) {
        if (!made.isEmpty()) {
            made.get(index % made.size()).future().cancel(false);
        }
        return null;
    }

    /** Requires that each call has ended, in a way that is documented; takes back the buffers that were lent. */
    void requireEnded() {
        received.forEach(FuzzedCalls::requireTyped);
        for (int i = 0; i < made.size(); i++) {
            CompletableFuture<?> future = made.get(i).future();
            assertThat(future.isDone()).as("call %d has ended", i).isTrue();
            requireTyped(future);
            ByteBuf lent = made.get(i).lent();
            if (lent != null) {
                assertThat(lent.refCnt())
                        .as("references to what call %d was lent", i)
                        .isEqualTo(1);
                lent.release();
            }
        }
    }

    /** Requires of a future that has failed that it says so with the exceptions of the library, for causes of their kind. */
    static void requireTyped(CompletableFuture<?> future) {
        if (!future.isCompletedExceptionally()) {
            return;
        }
        Throwable failure = future.handle((value, cause) -> cause).join();
        while (failure != null) {
            assertThat(failure)
                    .isInstanceOfAny(
                            IOException.class,
                            ProtocolViolationException.class,
                            CancellationException.class,
                            CompletionException.class,
                            TimeoutException.class);
            failure = failure.getCause();
        }
    }
}
