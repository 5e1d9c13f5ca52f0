package io.nbd4j.tools.load;

import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.NbdDevice;
import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.tools.ErrorLine;
import io.nbd4j.tools.ToolException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Writes an export once, from its start to its end, so that what is read later was written before: a server may answer what
 * was not with zeroes that it never looks up. Lives on one event loop.
 */
final class Filler {
    /** Bytes per write: a multiple of every minimum block there can be. The client cuts it where the server takes less. */
    static final int PIECE = 1 << 20;

    private static final int DEPTH = 8;
    private static final CommandFlag[] NO_FLAGS = {};

    private final NbdDevice device;
    private final long length;
    private final LoopTime time;
    private final RunWindow window;
    private final Recorder recorder;
    private final List<SlotBuffers> buffers;
    private final CompletableFuture<Void> finished = new CompletableFuture<>();
    private long next;
    private int inFlight;
    private @Nullable Throwable failure;

    /**
     * Creates a filler.
     *
     * @param length as {@link #reachable} says
     * @param window when it ends, nothing more is written
     * @param recorder counts the pieces
     * @param buffers as {@link #allocate} gives them; released when all has ended
     */
    Filler(
            NbdDevice device,
            long length,
            LoopTime time,
            RunWindow window,
            Recorder recorder,
            List<SlotBuffers> buffers) {
        this.device = device;
        this.length = length;
        this.time = time;
        this.window = window;
        this.recorder = recorder;
        this.buffers = buffers;
    }

    /** Returns how many bytes of an export can be written: where it ends within a minimum block, that part can't. */
    static long reachable(ExportInfo export) {
        SizeConstraints constraints = export.constraints();
        return constraints == null ? export.size() : export.size() - export.size() % constraints.minimumBlock();
    }

    /**
     * Allocates the memory for the pieces in flight.
     *
     * @throws OutOfMemoryError if there is not so much direct memory
     */
    static List<SlotBuffers> allocate(long length) {
        long pieces = (length + PIECE - 1) / PIECE;
        return SlotBuffers.allocate((int) Math.min(pieces, DEPTH), PIECE, false, true);
    }

    /** Starts to write. On the event loop, once. */
    void start() {
        // Counted as a piece, so that those that fail at once do not end it before all have started.
        inFlight++;
        buffers.forEach(this::issue);
        inFlight--;
        finishIfDone();
    }

    /** Returns what completes once the last piece has ended; exceptionally, if one has failed. */
    CompletableFuture<Void> finished() {
        return finished;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // this filler hears of the end, and nothing comes after it
    private void issue(SlotBuffers free) {
        if (next == length || window.isOver(time.nanoTime())) {
            return;
        }
        long offset = next;
        int bytes = (int) Math.min(PIECE, length - offset);
        next += bytes;
        FillPattern.write(free.writeView(), offset);
        inFlight++;
        device.pwrite(free.write().retainedSlice(0, bytes), offset, NO_FLAGS)
                .whenComplete((ignored, error) -> ended(free, error));
    }

    private void ended(SlotBuffers piece, @Nullable Throwable error) {
        inFlight--;
        recorder.count();
        if (error != null && failure == null) {
            failure = error;
            window.end(time.nanoTime());
        }
        issue(piece);
        finishIfDone();
    }

    private void finishIfDone() {
        if (inFlight > 0 || finished.isDone()) {
            return;
        }
        buffers.forEach(SlotBuffers::release);
        if (failure == null) {
            finished.complete(null);
        } else {
            finished.completeExceptionally(new ToolException("--fill failed: " + ErrorLine.of(failure), failure));
        }
    }
}
