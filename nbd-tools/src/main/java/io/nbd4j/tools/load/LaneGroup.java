package io.nbd4j.tools.load;

import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The lanes that run at the same time, in one window. */
final class LaneGroup {
    private record Member(Lane lane, EventExecutor caller) {}

    private final RunWindow window;
    private final List<Member> members = new ArrayList<>();

    LaneGroup(RunWindow window) {
        this.window = window;
    }

    void add(Lane lane, EventExecutor caller) {
        members.add(new Member(lane, caller));
    }

    /**
     * Starts all lanes. When they have finished, the window is over, whatever its time is.
     *
     * @param interrupt ends the window when it completes
     * @return completes when all lanes have finished, exceptionally if one has failed
     */
    @SuppressWarnings("FutureReturnValueIgnored") // ending a window can't fail
    CompletableFuture<Void> start(CompletableFuture<Void> interrupt) {
        // The interrupt outlives the lanes, and is to keep nothing of them but the window.
        RunWindow ending = window;
        interrupt.thenRun(() -> ending.end(System.nanoTime()));
        members.forEach(m -> m.caller().execute(m.lane()::start));
        CompletableFuture<Void> finished = CompletableFuture.allOf(
                members.stream().map(m -> m.lane().finished()).toArray(CompletableFuture[]::new));
        finished.whenComplete((ignored, failure) -> window.end(System.nanoTime()));
        return finished;
    }

    /** Makes the lanes look at the window, which a lane with nothing in flight would not do before its next request. */
    void wake() {
        members.forEach(m -> m.caller().execute(m.lane()::wake));
    }
}
