package io.nbd4j.client.internal.handle;

import io.nbd4j.client.BlockStatus;
import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.ExtentWalk;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdMultiDevice;
import io.nbd4j.client.NbdRange;
import io.nbd4j.client.ReadChunkListener;
import io.nbd4j.codec.CommandFlag;
import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.ScheduledFuture;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Several connections as one device. Any thread; what is more than a counter is confined to the loop of the first. */
final class MultiDevice implements NbdMultiDevice {
    /** A connection, and how many commands of this device it has. */
    private record Member(DefaultNbdClient client, AtomicInteger commands) {}

    /** A write that is not answered; equal to itself alone. */
    private static final class Write {
        final CompletableFuture<?> future;

        Write(CompletableFuture<?> future) {
            this.future = future;
        }
    }

    private final List<Member> members;
    private final boolean coherent;
    private final DefaultNbdClient first;
    private final HomeLoop home;
    private final HandleFuture<@Nullable Void> closed;
    private final AtomicBoolean closing = new AtomicBoolean();
    private final Set<Write> writes = ConcurrentHashMap.newKeySet();
    private final Set<MultiFlush> flushes = ConcurrentHashMap.newKeySet();

    /**
     * Takes clients that are READY, at least one.
     *
     * @param coherent whether one of them flushes for all
     */
    MultiDevice(List<DefaultNbdClient> clients, boolean coherent) {
        this.coherent = coherent;
        this.members = clients.stream()
                .map(client -> new Member(client, new AtomicInteger()))
                .toList();
        this.first = clients.get(0);
        this.home = first.home();
        // Nobody can give the end up.
        this.closed = first.newFuture(ending -> {}, this::isOnEventLoop);
    }

    /** What concerns all connections completes on the loop of the first, but takes a turn of each of the others before. */
    private boolean isOnEventLoop() {
        return members.stream().anyMatch(member -> member.client().isOnEventLoop());
    }

    @Override
    public List<NbdClient> connections() {
        return members.stream().<NbdClient>map(Member::client).toList();
    }

    /** Returns the connection with the fewest commands. If none is READY, any: it says by itself why it refuses. */
    private Member leastBusy() {
        Member best = members.get(0);
        int fewest = Integer.MAX_VALUE;
        for (Member member : members) {
            int commands = member.commands().get();
            if (commands < fewest && member.client().isReady()) {
                best = member;
                fewest = commands;
            }
        }
        return best;
    }

    private <T extends @Nullable Object> NbdFuture<T> issue(Function<NbdClient, NbdFuture<T>> command) {
        Member member = leastBusy();
        member.commands().incrementAndGet();
        NbdFuture<T> future = command.apply(member.client());
        future.whenComplete((value, failure) -> member.commands().decrementAndGet());
        return future;
    }

    private <T extends @Nullable Object> NbdFuture<T> issueWrite(Function<NbdClient, NbdFuture<T>> command) {
        NbdFuture<T> future = issue(command);
        Write write = new Write(future);
        writes.add(write);
        future.whenComplete((value, failure) -> writes.remove(write));
        return future;
    }

    @Override
    public NbdFuture<ByteBuf> pread(int length, long offset) {
        return issue(client -> client.pread(length, offset));
    }

    @Override
    public NbdFuture<ByteBuf> pread(int length, long offset, CommandFlag... flags) {
        return issue(client -> client.pread(length, offset, flags));
    }

    @Override
    public NbdFuture<@Nullable Void> pread(ByteBuf dst, long offset) {
        return issue(client -> client.pread(dst, offset));
    }

    @Override
    public NbdFuture<@Nullable Void> pread(ByteBuf dst, long offset, CommandFlag... flags) {
        return issue(client -> client.pread(dst, offset, flags));
    }

    @Override
    public NbdFuture<@Nullable Void> pread(ByteBuffer dst, long offset) {
        return issue(client -> client.pread(dst, offset));
    }

    @Override
    public NbdFuture<@Nullable Void> pread(ByteBuffer dst, long offset, CommandFlag... flags) {
        return issue(client -> client.pread(dst, offset, flags));
    }

    @Override
    public NbdFuture<@Nullable Void> pwrite(ByteBuf data, long offset, CommandFlag... flags) {
        return issueWrite(client -> client.pwrite(data, offset, flags));
    }

    @Override
    public NbdFuture<@Nullable Void> pwrite(ByteBuffer data, long offset, CommandFlag... flags) {
        return issueWrite(client -> client.pwrite(data, offset, flags));
    }

    @Override
    public NbdFuture<@Nullable Void> trim(long length, long offset, CommandFlag... flags) {
        return issueWrite(client -> client.trim(length, offset, flags));
    }

    @Override
    public NbdFuture<@Nullable Void> zero(long length, long offset, CommandFlag... flags) {
        return issueWrite(client -> client.zero(length, offset, flags));
    }

    @Override
    public NbdFuture<@Nullable Void> cache(long length, long offset) {
        return issue(client -> client.cache(length, offset));
    }

    @Override
    public NbdFuture<@Nullable Void> preadChunks(
            long length, long offset, ReadChunkListener listener, CommandFlag... flags) {
        Objects.requireNonNull(listener);
        return issue(client -> client.preadChunks(length, offset, listener, flags));
    }

    @Override
    public NbdFuture<BlockStatus> blockStatus(long length, long offset, CommandFlag... flags) {
        return issue(client -> client.blockStatus(length, offset, flags));
    }

    @Override
    public NbdFuture<BlockStatus> blockStatus(
            long length, long offset, Collection<String> contexts, CommandFlag... flags) {
        Objects.requireNonNull(contexts);
        return issue(client -> client.blockStatus(length, offset, contexts, flags));
    }

    @Override
    public ExtentWalk extents(String context, NbdRange range) {
        Objects.requireNonNull(range);
        return new StatusWalk(
                new StatusSource(this, first, this::isOnEventLoop), Objects.requireNonNull(context), range);
    }

    @Override
    public ExtentWalk extents(String context) {
        return new StatusWalk(
                new StatusSource(this, first, this::isOnEventLoop), Objects.requireNonNull(context), null);
    }

    @Override
    public NbdFuture<@Nullable Void> flush() {
        DefaultNbdClient checked = leastBusy().client();
        if (!checked.isReady() || !export().canFlush()) {
            return checked.flush();
        }
        MultiFlush flush = new MultiFlush(first, this::isOnEventLoop, this::sendFlush);
        flushes.add(flush);
        flush.future().whenComplete((value, failure) -> flushes.remove(flush));
        flush.startAfter(writes.stream().map(write -> write.future).toList());
        return flush.future();
    }

    /**
     * One connection flushes for all if the one server says so (CAN_MULTI_CONN). Otherwise each has to, those that were lost
     * included: what was written over them is not known to be safe, so the flush fails.
     */
    private List<? extends CompletableFuture<?>> sendFlush() {
        if (coherent) {
            return List.of(leastBusy().client().flushEvenIfClosing());
        }
        return members.stream()
                .map(member -> member.client().flushEvenIfClosing())
                .toList();
    }

    @Override
    public ExportInfo export() {
        return first.export();
    }

    @Override
    public NbdFuture<@Nullable Void> closeAsync() {
        if (closing.compareAndSet(false, true)) {
            members.forEach(member -> member.client().refuseCommands());
            home.execute(this::drain);
        }
        return closed;
    }

    /**
     * Flushes that wait for writes go first: the connections are closed once they are sent. What was sent is up to each
     * connection, which ends it one way or another when it is closed.
     */
    private void drain() {
        List<MultiFlush> pending = new ArrayList<>(flushes);
        ScheduledFuture<?> limit = home.after(first.drainTimeout(), () -> pending.forEach(MultiFlush::abandon));
        allOf(pending.stream().map(MultiFlush::sentOrOver).toList()).whenComplete((done, failure) -> {
            if (limit != null) {
                limit.cancel(false);
            }
            List<CompletableFuture<?>> last = new ArrayList<>();
            members.forEach(member -> last.add(member.client().closeAsync()));
            pending.forEach(flush -> last.add(flush.future()));
            allOf(last).whenComplete((all, ignored) -> home.execute(() -> closed.done(null)));
        });
    }

    private static CompletableFuture<Void> allOf(List<? extends CompletableFuture<?>> futures) {
        return CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new));
    }

    @Override
    public void close() {
        NbdFuture<@Nullable Void> end = closeAsync();
        if (members.stream().noneMatch(member -> member.client().isInEventLoopGroup())) {
            end.join();
        }
    }

    @Override
    public String toString() {
        return "NbdMultiDevice" + connections();
    }
}
