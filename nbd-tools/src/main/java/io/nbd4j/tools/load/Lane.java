package io.nbd4j.tools.load;

import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.NbdDevice;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.codec.CommandFlag;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one connection. Everything happens on one thread, usually the event loop of the connection: the end of a
 * request issues the next one right there. What decides when a request is issued is the subclass.
 */
abstract class Lane {
    private static final CommandFlag[] NO_FLAGS = {};

    /**
     * What a lane is made of.
     *
     * @param offLoop where the lane lives if that is not the event loop of the connection, null if it is
     * @param region of the export, where the blocks of the workload lie
     * @param verifier null if nothing is verified
     * @param buffers one per slot; the lane releases them when it has finished
     */
    record Parts(
            NbdDevice device,
            @Nullable Executor offLoop,
            LoopTime time,
            RunWindow window,
            Region region,
            int blockSize,
            Workload workload,
            @Nullable Verifier verifier,
            Recorder recorder,
            List<SlotBuffers> buffers) {}

    final LoopTime time;
    final RunWindow window;
    final Slot[] slots;

    private final NbdDevice device;
    private final @Nullable Executor offLoop;
    private final Region region;
    private final int blockSize;
    private final Workload workload;
    private final @Nullable Verifier verifier;
    private final Recorder recorder;
    private final CompletableFuture<Void> finished = new CompletableFuture<>();
    private int inFlight;
    private @Nullable Throwable failure;

    Lane(Parts parts) {
        time = parts.time();
        window = parts.window();
        device = parts.device();
        offLoop = parts.offLoop();
        region = parts.region();
        blockSize = parts.blockSize();
        workload = parts.workload();
        verifier = parts.verifier();
        recorder = parts.recorder();
        slots = new Slot[parts.buffers().size()];
        for (int i = 0; i < slots.length; i++) {
            slots[i] = new Slot(this, parts.buffers().get(i));
        }
    }

    /** Issues the first requests. */
    abstract void issueFirst(long now);

    /** Uses a slot whose request has ended, unless the window is over. */
    abstract void issueNext(Slot free, long now);

    /** Issues what is due, without a request having ended. */
    abstract void issueDue(long now);

    /** Returns whether requests may follow although none is in flight. */
    abstract boolean expectsMore(long now);

    /** Starts the lane. On its thread, once. */
    final void start() {
        // Counted as a request, so that requests which end at once do not finish the lane before all have started.
        inFlight++;
        long now = time.nanoTime();
        try {
            issueFirst(now);
        } catch (RuntimeException e) {
            fail(e);
        }
        inFlight--;
        finishIfDone(time.nanoTime());
    }

    /** Looks at the clock and the window again. On its thread. */
    final void wake() {
        long now = time.nanoTime();
        if (!window.isOver(now)) {
            issueDue(now);
        }
        finishIfDone(now);
    }

    /**
     * Returns what completes once the last request has ended; exceptionally, if something else than a refusal by the
     * server ended one.
     */
    final CompletableFuture<Void> finished() {
        return finished;
    }

    final Recorder recorder() {
        return recorder;
    }

    final boolean verifies() {
        return verifier != null;
    }

    /** Issues the next request of the workload. Returns false if there is none. */
    @SuppressWarnings("FutureReturnValueIgnored") // the slot hears of the end, and nothing comes after it
    final boolean submit(Slot slot, long startNanos) {
        boolean writing = workload.nextIsWrite();
        long block = workload.nextBlock();
        if (block == Workload.NO_BLOCK) {
            return false;
        }
        if (verifier != null) {
            block = verifier.claim(block);
            if (writing) {
                slot.generation = verifier.stamp(block, slot.buffers.writeView());
            }
        }
        slot.startNanos = startNanos;
        slot.block = block;
        slot.writing = writing;
        inFlight++;
        long offset = (region.firstBlock() + block) * blockSize;
        NbdFuture<Void> end = writing
                ? device.pwrite(slot.buffers.write().retain(), offset, NO_FLAGS)
                : device.pread(slot.buffers.read().clear(), offset);
        if (offLoop == null) {
            end.whenComplete(slot);
        } else {
            end.whenCompleteAsync(slot, offLoop);
        }
        return true;
    }

    /** Called by a slot when its request has ended. */
    final void ended(Slot slot, @Nullable Throwable error) {
        long now = time.nanoTime();
        inFlight--;
        try {
            settle(slot, error, now);
            if (!window.isOver(now)) {
                issueNext(slot, now);
            }
        } catch (RuntimeException e) {
            fail(e);
        }
        finishIfDone(now);
    }

    private void settle(Slot slot, @Nullable Throwable error, long now) {
        recorder.count();
        if (error == null) {
            if (window.isMeasured(now)) {
                recorder.measure(now - slot.startNanos);
            }
        } else if (!(error instanceof CommandRefusedException refusal)) {
            fail(error);
        } else if (window.isWarm(now)) {
            recorder.refused(refusal);
        }
        if (verifier != null) {
            verify(verifier, slot, error == null, now);
        }
    }

    private void verify(Verifier checker, Slot slot, boolean success, long now) {
        if (slot.writing) {
            checker.release(slot.block, success ? slot.generation : Verifier.UNKNOWN);
            return;
        }
        if (success && checker.generationOf(slot.block) != Verifier.UNKNOWN) {
            if (!checker.matches(slot.block, slot.buffers.readView())) {
                recorder.mismatch(checker.describe(slot.block, slot.buffers.readView()));
            } else if (window.isWarm(now)) {
                recorder.verified();
            }
        }
        checker.release(slot.block);
    }

    private void fail(Throwable cause) {
        if (failure == null) {
            failure = cause;
        }
        window.end(time.nanoTime());
    }

    private void finishIfDone(long now) {
        if (inFlight > 0 || finished.isDone() || expectsMore(now)) {
            return;
        }
        for (Slot slot : slots) {
            slot.buffers.release();
        }
        if (failure == null) {
            finished.complete(null);
        } else {
            finished.completeExceptionally(failure);
        }
    }
}
