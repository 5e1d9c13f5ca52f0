package io.nbd4j.client.internal.handle;

import io.nbd4j.client.BlockStatus;
import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.Extent;
import io.nbd4j.client.ExtentWalk;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdProtocolException;
import io.nbd4j.client.NbdRange;
import io.nbd4j.client.RequestFate;
import io.nbd4j.client.internal.connection.Commands;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.SizeConstraints;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A walk over the extents of a device, by one block status after another. What it knows changes while a call is under way
 * only, on the home loop, and is seen by the next call, which comes when the future of that one is done.
 */
final class StatusWalk implements ExtentWalk {
    /** What is walked over. */
    interface Source {
        /** Returns where the walk's state is confined to. */
        HomeLoop home();

        HandleFuture<List<Extent>> newFuture(Consumer<Runnable> onGiveUp);

        /** Returns the facts, null if there is no export, and never was. */
        @Nullable
        ExportInfo export();

        /** Asks about a part, in these contexts only; in all if none is named. */
        NbdFuture<BlockStatus> blockStatus(NbdRange part, List<String> contexts);
    }

    private final Source source;
    private final String context;
    private final AtomicBoolean asking = new AtomicBoolean();

    /** What the walk is over; null for the whole export, until that is known. */
    private @Nullable NbdRange range;
    /** Up to where the extents are known. */
    private long position;
    /** The last extent that is known, which may go on behind {@link #position}. */
    private @Nullable Extent last;

    /** Creates a walk over {@code range}; null for the whole export. */
    StatusWalk(Source source, String context, @Nullable NbdRange range) {
        this.source = source;
        this.context = context;
        this.range = range;
        this.position = range == null ? 0 : range.offset();
    }

    @Override
    public NbdFuture<List<Extent>> next() {
        Step step = new Step();
        if (asking.compareAndSet(false, true)) {
            source.home().execute(step::start);
        } else {
            source.home()
                    .execute(() -> step.future.failed(new InvalidRequestException(
                            "the walk is at its next step already", NbdError.EINVAL, CommandType.BLOCK_STATUS, null)));
        }
        return step.future;
    }

    private static long block(ExportInfo export) {
        SizeConstraints constraints = export.constraints();
        return constraints == null ? 1 : constraints.minimumBlock();
    }

    /** One call of {@link #next}. Confined to the home loop. */
    private final class Step {
        private final HandleFuture<List<Extent>> future = source.newFuture(this::giveUp);
        private @Nullable NbdFuture<BlockStatus> request;
        private @Nullable Runnable givenUp;
        private boolean over;

        void start() {
            ExportInfo export = source.export();
            if (export == null) {
                // The device says by itself why it does not do that now.
                ask(source.blockStatus(NbdRange.of(position, 0), List.of()));
                return;
            }
            NbdRange all = range;
            if (all == null) {
                all = NbdRange.of(0, export.size() - export.size() % block(export));
                range = all;
            }
            if (position == all.end()) {
                finish(() -> future.done(List.of()));
            } else if (export.canMetaContext(context)) {
                askFor(export, all);
            } else {
                fail(new InvalidRequestException(
                        "the server has not selected the meta context " + context,
                        NbdError.ENOTSUP,
                        CommandType.BLOCK_STATUS,
                        all));
            }
        }

        private void askFor(ExportInfo export, NbdRange all) {
            // An answer may have ended within a block: that block is asked about again.
            long from = Math.max(all.offset(), position - position % block(export));
            long left = all.end() - from;
            NbdRange part =
                    NbdRange.of(from, export.extendedHeaders() ? left : Math.min(left, Commands.MAX_COMPACT_EFFECT));
            boolean chooses =
                    export.canBlockStatusPayload() && export.metaContexts().size() > 1;
            ask(source.blockStatus(part, chooses ? List.of(context) : List.of()));
        }

        private void ask(NbdFuture<BlockStatus> status) {
            request = status;
            status.whenComplete((answer, failure) -> source.home().execute(() -> answered(answer, failure)));
        }

        private void answered(@Nullable BlockStatus answer, @Nullable Throwable failure) {
            Runnable ending = givenUp;
            if (ending != null) {
                finish(ending);
            } else if (answer == null) {
                fail(failure == null ? new IllegalStateException("neither an answer nor a failure") : failure);
            } else {
                takeOrFail(answer);
            }
        }

        /** Without an outcome the step would keep all later ones away. */
        private void takeOrFail(BlockStatus answer) {
            try {
                take(answer);
            } catch (RuntimeException e) {
                if (over) {
                    throw e;
                }
                fail(e);
            }
        }

        private void take(BlockStatus answer) {
            List<Extent> complete = new ArrayList<>();
            long known = position;
            for (Extent extent : answer.extents(context)) {
                if (extent.end() > position) {
                    add(extent, complete);
                }
            }
            NbdRange all = range;
            if (position == known) {
                fail(new NbdProtocolException(
                        "the server tells nothing of what is behind " + known,
                        RequestFate.UNKNOWN,
                        CommandType.BLOCK_STATUS,
                        answer.range(),
                        null));
                return;
            }
            Extent open = last;
            if (all != null && open != null && position == all.end()) {
                complete.add(open);
                last = null;
            }
            if (complete.isEmpty()) {
                start();
            } else {
                finish(() -> future.done(List.copyOf(complete)));
            }
        }

        /** Goes on by an extent: the last one grows, or is complete. */
        private void add(Extent extent, List<Extent> complete) {
            Extent open = last;
            long start = position;
            if (open != null && open.flags() == extent.flags()) {
                start = open.offset();
            } else if (open != null) {
                complete.add(open);
            }
            position = extent.end();
            last = new Extent(start, position - start, extent.flags());
        }

        private void giveUp(Runnable ending) {
            NbdFuture<BlockStatus> asked = request;
            if (!over && givenUp == null) {
                givenUp = ending;
                if (asked != null) {
                    asked.cancel(false);
                }
            }
        }

        private void fail(Throwable cause) {
            finish(() -> future.failed(cause));
        }

        private void finish(Runnable ending) {
            over = true;
            asking.set(false);
            ending.run();
        }
    }
}
