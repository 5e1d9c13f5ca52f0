package io.nbd4j.client.internal.handle;

import io.nbd4j.client.BlockStatus;
import io.nbd4j.client.CloseMode;
import io.nbd4j.client.ConnectionState;
import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.ExtentWalk;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdRange;
import io.nbd4j.client.NbdStatistics;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.NbdUri;
import io.nbd4j.client.Negotiation;
import io.nbd4j.client.RawCommands;
import io.nbd4j.client.ReadChunkListener;
import io.nbd4j.client.StrictCheck;
import io.nbd4j.client.Subprocess;
import io.nbd4j.client.TlsSession;
import io.nbd4j.client.internal.connection.Commands;
import io.nbd4j.client.internal.connection.Connection;
import io.nbd4j.client.internal.negotiation.ExportWish;
import io.nbd4j.client.internal.transport.EventLoops;
import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.netty.buffer.ByteBuf;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoEventLoopGroup;
import io.netty.util.AttributeMap;
import io.netty.util.DefaultAttributeMap;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collection;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The handle, as users see it: checks what can be checked at once, and hands over to the event loop. Any thread. */
public final class DefaultNbdClient implements NbdClient {
    private final ClientSettings settings;
    private final HandleLoop loop;
    private final StateCell state;
    private final AttributeMap attributes = new DefaultAttributeMap();
    private final RawCommands raw = new DefaultRawCommands(this);
    private final Session session;
    private final DefaultNegotiation negotiation;

    /** Makes a handle in the state CREATED. */
    public DefaultNbdClient(ClientSettings settings) {
        IoEventLoopGroup group = settings.eventLoopGroup();
        this.settings = settings;
        this.state = new StateCell(settings.name());
        IoEventLoop first = (group != null ? group : EventLoops.shared()).next();
        this.loop = new HandleLoop(first);
        this.session = new Session(this, first, loop, settings, state);
        this.negotiation = new DefaultNegotiation(this, session, settings);
    }

    // ---- Connecting

    @Override
    public NbdFuture<NbdClient> connect(NbdTarget target) {
        Objects.requireNonNull(target);
        Adoption adoption = target instanceof NbdTarget.Adopted adopted ? Adoption.claim(adopted.channel()) : null;
        ExportWish wish = target instanceof NbdTarget.Uri named
                ? negotiation.wish().withExportName(named.uri().exportName())
                : negotiation.wish();
        InvalidRequestException problem = problemOf(target, wish, adoption);
        if (problem == null && !state.claim()) {
            problem = Failures.wrongState("connect", state.get());
        }
        if (problem != null) {
            if (adoption != null) {
                adoption.refuse();
            }
            return refusedConnect(problem);
        }
        negotiation.exportName(wish.exportName());
        HandleFuture<NbdClient> future = session.newConnectFuture();
        if (adoption == null) {
            onLoop(future, () -> session.connect(target, wish, future));
        } else {
            loop.execute(() -> moveTo(adoption, target, wish, future), gone -> failAdoption(adoption, future, gone));
        }
        if (adoption == null && loop.get().isShuttingDown()) {
            state.die();
        }
        return future;
    }

    private @Nullable InvalidRequestException problemOf(
            NbdTarget target, ExportWish wish, @Nullable Adoption adoption) {
        if (!isCreated()) {
            return Failures.wrongState("connect", state.get());
        }
        InvalidRequestException problem =
                adoption != null ? adoption.problem() : TargetCheck.problemOf(target, settings);
        return problem != null ? problem : TargetCheck.problemOf(wish);
    }

    /** Makes the event loop of an adopted channel that of the handle. On the one that it has until then. */
    private void moveTo(Adoption adoption, NbdTarget target, ExportWish wish, HandleFuture<NbdClient> future) {
        loop.moveTo(
                adoption.eventLoop(),
                () -> session.connect(target, wish, future),
                gone -> failAdoption(adoption, future, gone));
    }

    private void failAdoption(
            Adoption adoption, HandleFuture<NbdClient> future, RejectedExecutionException eventLoopGone) {
        state.die();
        adoption.refuse();
        future.failed(Failures.eventLoopShutDown(eventLoopGone));
    }

    @Override
    public NbdFuture<NbdClient> connectUri(String uri) {
        Objects.requireNonNull(uri);
        NbdUri parsed;
        try {
            parsed = NbdUri.parse(uri);
        } catch (IllegalArgumentException e) {
            return refusedConnect(
                    isCreated()
                            ? TargetCheck.invalid(String.valueOf(e.getMessage()))
                            : Failures.wrongState("connect", state.get()));
        }
        return connect(NbdTarget.uri(parsed));
    }

    /** Whoever cancels this one must not end the attempt of another call. */
    private HandleFuture<NbdClient> refusedConnect(InvalidRequestException problem) {
        HandleFuture<NbdClient> future = newFuture(Runnable::run);
        onLoop(future, () -> future.failed(problem));
        return future;
    }

    /** Runs {@code action} on the event loop; if that was shut down, the future fails on this thread. */
    void onLoop(HandleFuture<?> future, Runnable action) {
        loop.execute(action, gone -> future.failed(Failures.eventLoopShutDown(gone)));
    }

    // ---- Data commands

    @Override
    public NbdFuture<ByteBuf> pread(int length, long offset) {
        return read(length, offset, 0);
    }

    @Override
    public NbdFuture<ByteBuf> pread(int length, long offset, CommandFlag... flags) {
        return read(length, offset, CommandFlag.bits(flags));
    }

    private NbdFuture<ByteBuf> read(int length, long offset, int flags) {
        Commands commands = commands();
        return commands != null && isReady()
                ? commands.read(length, offset, flags)
                : refused(CommandType.READ, offset, length);
    }

    @Override
    public NbdFuture<@Nullable Void> pread(ByteBuf dst, long offset) {
        return read(dst, offset, 0);
    }

    @Override
    public NbdFuture<@Nullable Void> pread(ByteBuf dst, long offset, CommandFlag... flags) {
        return read(dst, offset, CommandFlag.bits(flags));
    }

    NbdFuture<@Nullable Void> read(ByteBuf dst, long offset, int flags) {
        Objects.requireNonNull(dst);
        Commands commands = commands();
        return commands != null && isReady()
                ? commands.read(dst, offset, flags)
                : refused(CommandType.READ, offset, dst.writableBytes());
    }

    @Override
    public NbdFuture<@Nullable Void> pread(ByteBuffer dst, long offset) {
        return read(dst, offset, 0);
    }

    @Override
    public NbdFuture<@Nullable Void> pread(ByteBuffer dst, long offset, CommandFlag... flags) {
        return read(dst, offset, CommandFlag.bits(flags));
    }

    private NbdFuture<@Nullable Void> read(ByteBuffer dst, long offset, int flags) {
        Objects.requireNonNull(dst);
        Commands commands = commands();
        return commands != null && isReady()
                ? commands.read(dst, offset, flags)
                : refused(CommandType.READ, offset, dst.remaining());
    }

    @Override
    public NbdFuture<@Nullable Void> pwrite(ByteBuf data, long offset, CommandFlag... flags) {
        return write(data, offset, CommandFlag.bits(flags));
    }

    NbdFuture<@Nullable Void> write(ByteBuf data, long offset, int flags) {
        Objects.requireNonNull(data);
        Commands commands = commands();
        if (commands != null && isReady()) {
            return commands.write(data, offset, flags);
        }
        int length = data.readableBytes();
        if (data.refCnt() > 0) {
            data.release();
        }
        return refused(CommandType.WRITE, offset, length);
    }

    @Override
    public NbdFuture<@Nullable Void> pwrite(ByteBuffer data, long offset, CommandFlag... flags) {
        Objects.requireNonNull(data);
        int bits = CommandFlag.bits(flags);
        Commands commands = commands();
        return commands != null && isReady()
                ? commands.write(data, offset, bits)
                : refused(CommandType.WRITE, offset, data.remaining());
    }

    @Override
    public NbdFuture<@Nullable Void> flush() {
        return flush(0);
    }

    NbdFuture<@Nullable Void> flush(int flags) {
        Commands commands = commands();
        return commands != null && isReady() ? commands.flush(flags) : refused(CommandType.FLUSH, 0, 0);
    }

    @Override
    public NbdFuture<@Nullable Void> trim(long length, long offset, CommandFlag... flags) {
        return effect(CommandType.TRIM, length, offset, CommandFlag.bits(flags));
    }

    @Override
    public NbdFuture<@Nullable Void> zero(long length, long offset, CommandFlag... flags) {
        return effect(CommandType.WRITE_ZEROES, length, offset, CommandFlag.bits(flags));
    }

    NbdFuture<@Nullable Void> effect(CommandType type, long length, long offset, int flags) {
        Commands commands = commands();
        return commands != null && isReady()
                ? commands.effect(type, length, offset, flags)
                : refused(type, offset, length);
    }

    @Override
    public NbdFuture<@Nullable Void> cache(long length, long offset) {
        return cache(length, offset, 0);
    }

    NbdFuture<@Nullable Void> cache(long length, long offset, int flags) {
        Commands commands = commands();
        return commands != null && isReady()
                ? commands.cache(length, offset, flags)
                : refused(CommandType.CACHE, offset, length);
    }

    @Override
    public NbdFuture<@Nullable Void> preadChunks(
            long length, long offset, ReadChunkListener listener, CommandFlag... flags) {
        Objects.requireNonNull(listener);
        int bits = CommandFlag.bits(flags);
        Commands commands = commands();
        return commands != null && isReady()
                ? commands.readChunks(length, offset, listener, bits)
                : refused(CommandType.READ, offset, length);
    }

    @Override
    public NbdFuture<BlockStatus> blockStatus(long length, long offset, CommandFlag... flags) {
        int bits = CommandFlag.bits(flags);
        Commands commands = commands();
        return commands != null && isReady()
                ? commands.blockStatus(length, offset, bits)
                : refused(CommandType.BLOCK_STATUS, offset, length);
    }

    @Override
    public NbdFuture<BlockStatus> blockStatus(
            long length, long offset, Collection<String> contexts, CommandFlag... flags) {
        Objects.requireNonNull(contexts);
        int bits = CommandFlag.bits(flags);
        Commands commands = commands();
        return commands != null && isReady()
                ? commands.blockStatus(length, offset, contexts, bits)
                : refused(CommandType.BLOCK_STATUS, offset, length);
    }

    @Override
    public ExtentWalk extents(String context, NbdRange range) {
        Objects.requireNonNull(range);
        return new StatusWalk(
                new StatusSource(this, this, this::isOnEventLoop), Objects.requireNonNull(context), range);
    }

    @Override
    public ExtentWalk extents(String context) {
        return new StatusWalk(new StatusSource(this, this, this::isOnEventLoop), Objects.requireNonNull(context), null);
    }

    private @Nullable Commands commands() {
        Connection connection = session.connection();
        return connection == null ? null : connection.commands();
    }

    private <T extends @Nullable Object> NbdFuture<T> refused(CommandType type, long offset, long length) {
        HandleFuture<T> future = session.newOptionFuture();
        ConnectionState now = state.get();
        InvalidRequestException refusal = new InvalidRequestException(
                now == ConnectionState.CREATED ? "there is no connection yet" : "not allowed in the state " + now,
                now == ConnectionState.CREATED ? null : NbdError.EINVAL,
                type,
                length == 0 ? null : NbdRange.of(offset, length));
        onLoop(future, () -> future.failed(refusal));
        return future;
    }

    @Nullable
    ExportInfo exportIfKnown() {
        return session.export();
    }

    // ---- For several connections as one device

    HomeLoop home() {
        return new HomeLoop(loop.get());
    }

    boolean isOnEventLoop() {
        return loop.get().inEventLoop();
    }

    boolean isInEventLoopGroup() {
        return loop.isInGroup();
    }

    Duration drainTimeout() {
        return settings.drainTimeout();
    }

    <T extends @Nullable Object> HandleFuture<T> newFuture(Consumer<Runnable> onGiveUp) {
        return new HandleFuture<>(loop, settings.completionExecutor(), onGiveUp);
    }

    <T extends @Nullable Object> HandleFuture<T> newFuture(
            Consumer<Runnable> onGiveUp, BooleanSupplier isOnCompletingThread) {
        return new HandleFuture<>(loop, settings.completionExecutor(), onGiveUp, isOnCompletingThread);
    }

    /** From now on commands are refused, as after {@link #closeAsync}, which is to follow. */
    void refuseCommands() {
        state.close();
    }

    /** Flushes in the time between {@link #refuseCommands} and {@link #closeAsync}, too. */
    NbdFuture<@Nullable Void> flushEvenIfClosing() {
        Commands commands = commands();
        return commands == null ? flush() : commands.flush();
    }

    // ---- Facts

    @Override
    public ExportInfo export() {
        ExportInfo export = session.export();
        if (export == null) {
            throw new IllegalStateException("the connection never was READY, it is " + state.get());
        }
        return export;
    }

    @Override
    public ConnectionState state() {
        return state.get();
    }

    @Override
    public Negotiation negotiation() {
        return negotiation;
    }

    @Override
    public Optional<Subprocess> subprocess() {
        return session.subprocess().map(Subprocess.class::cast);
    }

    @Override
    public Optional<NbdUri> uri() {
        ExportInfo export = session.export();
        return session.uri(export == null ? negotiation.exportName() : export.name());
    }

    @Override
    public Optional<String> transport() {
        return session.transport();
    }

    @Override
    public boolean isTlsActive() {
        return session.isTls();
    }

    @Override
    public Optional<TlsSession> tlsSession() {
        return session.tlsSession();
    }

    @Override
    public NbdStatistics statistics() {
        return session.statistics();
    }

    @Override
    public String name() {
        return settings.name();
    }

    @Override
    public AttributeMap attributes() {
        return attributes;
    }

    // ---- Strict mode

    @Override
    public Set<StrictCheck> strictMode() {
        return session.strict().get();
    }

    @Override
    public void strictMode(Set<StrictCheck> checks) {
        session.strict().set(checks);
    }

    @Override
    public RawCommands rawCommands() {
        return raw;
    }

    // ---- Closing

    @Override
    public NbdFuture<@Nullable Void> closeAsync() {
        return closeAsync(CloseMode.DRAIN);
    }

    @Override
    public NbdFuture<@Nullable Void> closeAsync(CloseMode mode) {
        Objects.requireNonNull(mode);
        state.close();
        // An event loop that is gone has closed the channel when it was shut down, which the child sees as EOF.
        loop.execute(() -> session.close(mode), gone -> session.closed().done(null));
        return session.closed();
    }

    @Override
    public void close() {
        NbdFuture<@Nullable Void> closed = closeAsync();
        if (!isInEventLoopGroup()) {
            closed.join();
        }
    }

    @Override
    public String toString() {
        return "NbdClient[" + settings.name() + ", " + state.get() + "]";
    }
}
