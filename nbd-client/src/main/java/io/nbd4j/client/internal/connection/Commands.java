package io.nbd4j.client.internal.connection;

import io.nbd4j.client.BlockStatus;
import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.MetaContext;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdRange;
import io.nbd4j.client.ReadChunkListener;
import io.nbd4j.client.StrictCheck;
import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.ProtocolLimits;
import io.nbd4j.codec.SizeConstraints;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes commands, checks them, splits those that are too long, and submits them. Any thread.
 *
 * <p>A method takes what {@link io.nbd4j.client.NbdDevice} says that it takes, whatever becomes of the command.
 */
public final class Commands {
    /** The longest effect of a command without payload whose length field has 32 bits, and aligned to any block. */
    public static final long MAX_COMPACT_EFFECT = 0xffff_0000L;

    /** Longer requests are nobody's to send, whatever is being tested: libnbd's bound too. A multiple of any block. */
    private static final long MAX_LAX_PAYLOAD = 64 * 1024 * 1024;

    private final Connection connection;
    private final ExportInfo export;
    private final RequestValidator validator;
    private final StrictMode strict;
    private final long maxPayload;
    private final long maxEffect;

    Commands(Connection connection, ExportInfo export, StrictMode strict) {
        this.connection = connection;
        this.export = export;
        this.validator = new RequestValidator(export, strict);
        this.strict = strict;
        this.maxPayload = maxPayload(export.constraints());
        this.maxEffect = export.extendedHeaders() ? Long.MAX_VALUE : MAX_COMPACT_EFFECT;
    }

    /** A server may take more than 32 MiB at once, but longer requests gain nothing and hold up the others. */
    private static long maxPayload(@Nullable SizeConstraints constraints) {
        if (constraints == null) {
            return ProtocolLimits.DEFAULT_MAXIMUM_PAYLOAD;
        }
        long bounded = Math.min(constraints.maximumPayload(), ProtocolLimits.DEFAULT_MAXIMUM_PAYLOAD);
        return bounded - bounded % constraints.minimumBlock();
    }

    /** Returns how long a piece with payload may be. */
    private long maxPayload() {
        return StrictMode.has(strict.bits(), StrictCheck.PAYLOAD) ? maxPayload : MAX_LAX_PAYLOAD;
    }

    /** Extended headers have a flag that says that the length counts payload: every write needs it, and nothing else here. */
    private int writeFlags(int flags) {
        if (!StrictMode.has(strict.bits(), StrictCheck.AUTO_FLAG)) {
            return flags;
        }
        return export.extendedHeaders()
                ? flags | CommandFlag.PAYLOAD_LEN.bit()
                : flags & ~CommandFlag.PAYLOAD_LEN.bit();
    }

    /** Reads into a new buffer. */
    public NbdFuture<ByteBuf> read(int length, long offset) {
        return read(length, offset, 0);
    }

    /** Reads into a new buffer. */
    public NbdFuture<ByteBuf> read(int length, long offset, int flags) {
        return start(new ReadNew(connection, flags, offset, length), maxPayload());
    }

    /** Reads into {@code destination}, which is retained until the end. */
    public NbdFuture<@Nullable Void> read(ByteBuf destination, long offset) {
        return read(destination, offset, 0);
    }

    /** Reads into {@code destination}, which is retained until the end. */
    public NbdFuture<@Nullable Void> read(ByteBuf destination, long offset, int flags) {
        if (destination.refCnt() == 0 || destination.isReadOnly()) {
            return refused(CommandType.READ, offset, destination.writableBytes(), "a buffer that can't be written to");
        }
        return start(new ReadInto(connection, flags, offset, destination.retain()), maxPayload());
    }

    /** Reads into {@code destination}. */
    public NbdFuture<@Nullable Void> read(ByteBuffer destination, long offset) {
        return read(destination, offset, 0);
    }

    /** Reads into {@code destination}. */
    public NbdFuture<@Nullable Void> read(ByteBuffer destination, long offset, int flags) {
        if (destination.isReadOnly()) {
            return refused(CommandType.READ, offset, destination.remaining(), "a buffer that can't be written to");
        }
        return start(new ReadIntoNio(connection, flags, offset, destination), maxPayload());
    }

    /** Reads, and hands out what comes. */
    public NbdFuture<@Nullable Void> readChunks(long length, long offset, ReadChunkListener listener, int flags) {
        return start(new ChunkRead(connection, flags, offset, length, listener), maxPayload());
    }

    /** Writes {@code data}, which is released in every case. */
    public NbdFuture<@Nullable Void> write(ByteBuf data, long offset, int flags) {
        int index = data.readerIndex();
        int length = data.readableBytes();
        if (data.refCnt() == 0) {
            return refused(CommandType.WRITE, offset, length, "a buffer that was released already");
        }
        return start(new WriteCommand(connection, writeFlags(flags), offset, data, index, length), maxPayload());
    }

    /** Writes {@code data}. */
    public NbdFuture<@Nullable Void> write(ByteBuffer data, long offset, int flags) {
        return start(new WriteCommand(connection, writeFlags(flags), offset, data), maxPayload());
    }

    /** Flushes. */
    public NbdFuture<@Nullable Void> flush() {
        return flush(0);
    }

    /** Flushes. */
    public NbdFuture<@Nullable Void> flush(int flags) {
        return start(new PlainCommand(connection, CommandType.FLUSH, flags, 0, 0), maxEffect);
    }

    /** Trims, or writes zeroes. */
    public NbdFuture<@Nullable Void> effect(CommandType type, long length, long offset, int flags) {
        return start(new PlainCommand(connection, type, flags, offset, length), maxEffect);
    }

    /** Caches. Older servers hold this command to the maximum payload, though it has none; it is a hint, so obey. */
    public NbdFuture<@Nullable Void> cache(long length, long offset) {
        return cache(length, offset, 0);
    }

    /** Caches, as {@link #cache(long, long)}. */
    public NbdFuture<@Nullable Void> cache(long length, long offset, int flags) {
        boolean obedient = StrictMode.has(strict.bits(), StrictCheck.PAYLOAD);
        return start(
                new PlainCommand(connection, CommandType.CACHE, flags, offset, length),
                obedient ? maxPayload : maxEffect);
    }

    /** Asks for the block status in all meta contexts. */
    public NbdFuture<BlockStatus> blockStatus(long length, long offset, int flags) {
        return start(
                new StatusCommand(connection, flags, offset, length, export.metaContexts(), false, maxEffect),
                Long.MAX_VALUE);
    }

    /** Asks for the block status in some of the meta contexts. */
    public NbdFuture<BlockStatus> blockStatus(long length, long offset, Collection<String> names, int flags) {
        Set<String> wanted = new LinkedHashSet<>(names);
        List<MetaContext> contexts = export.metaContexts().stream()
                .filter(context -> wanted.contains(context.name()))
                .toList();
        StatusCommand command =
                new StatusCommand(connection, withoutPayloadLength(flags), offset, length, contexts, true, maxEffect);
        InvalidRequestException problem = validator.checkFilter(NbdRange.of(offset, length), wanted);
        if (problem != null) {
            connection.refuse(command, problem);
            return command;
        }
        return start(command, Long.MAX_VALUE);
    }

    /** Whether a block status says how long its payload is follows from its header, not from the caller's wish. */
    private static int withoutPayloadLength(int flags) {
        return flags & ~CommandFlag.PAYLOAD_LEN.bit();
    }

    private <T extends @Nullable Object> NbdFuture<T> start(Command<T> command, long maxPiece) {
        InvalidRequestException problem = validator.check(command.type, command.flags, command.offset, command.length);
        if (problem != null) {
            connection.refuse(command, problem);
        } else {
            if (command.length > maxPiece) {
                command.splitInto(new Split(command, maxPiece));
            }
            connection.submit(command);
        }
        return command;
    }

    private NbdFuture<@Nullable Void> refused(CommandType type, long offset, long length, String why) {
        PlainCommand command = new PlainCommand(connection, type, 0, offset, length);
        connection.refuse(
                command, new InvalidRequestException(why, NbdError.EINVAL, type, NbdRange.of(offset, length)));
        return command;
    }
}
