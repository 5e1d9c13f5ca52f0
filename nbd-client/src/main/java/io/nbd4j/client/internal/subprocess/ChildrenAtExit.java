package io.nbd4j.client.internal.subprocess;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Ends the children that are still alive when the JVM exits in order (also by SIGTERM or SIGINT): SIGTERM, a short
 * grace, SIGKILL. One shutdown hook serves all of them, added with the first child. A JVM that is killed runs no hook;
 * its children see EOF.
 */
public final class ChildrenAtExit {
    /** How long children have between SIGTERM and SIGKILL; the exit of the JVM waits for it at most. */
    static final Duration GRACE = Duration.ofMillis(500);

    private static final ChildrenAtExit INSTANCE = new ChildrenAtExit(hook -> {
        try {
            Runtime.getRuntime().addShutdownHook(new Thread(hook, "nbd4j-children-at-exit"));
            return true;
        } catch (IllegalStateException e) {
            return false;
        }
    });

    /** Says what to do at the exit of the JVM. */
    @FunctionalInterface
    interface Hooks {
        /** Returns false if the JVM is already shutting down. */
        boolean add(Runnable hook);
    }

    private final Set<ChildProcess> alive = ConcurrentHashMap.newKeySet();
    private final Hooks hooks;
    private final AtomicBoolean hookClaimed = new AtomicBoolean();
    private volatile boolean ending;

    ChildrenAtExit(Hooks hooks) {
        this.hooks = hooks;
    }

    /** Returns the one of this JVM. */
    public static ChildrenAtExit ofThisJvm() {
        return INSTANCE;
    }

    /**
     * Ends {@code child} with the JVM, unless it ends before. While the JVM is shutting down, when nobody would look
     * after the child any more, it is asked to end at once.
     */
    public void add(ChildProcess child) {
        alive.add(child);
        child.onExit().whenComplete((status, failure) -> alive.remove(child));
        if (hookClaimed.compareAndSet(false, true) && !hooks.add(this::endAll)) {
            ending = true;
            alive.forEach(ChildrenAtExit::endLate);
        } else if (ending) {
            // Whoever ends children sets the flag, then walks the set; here it is the other way round: none is missed.
            endLate(child);
        }
    }

    /** Nobody will wait for the child any more. */
    private static void endLate(ChildProcess child) {
        child.terminate();
        child.removeFiles();
    }

    /** Returns how many children are alive. */
    int size() {
        return alive.size();
    }

    /** Ends all children that are alive. */
    void endAll() {
        ending = true;
        List<ChildProcess> children = List.copyOf(alive);
        children.forEach(ChildProcess::terminate);
        if (!haveEndedInTime(children)) {
            children.forEach(ChildProcess::kill);
        }
        // Not left to the end of each child, which may come too late now.
        children.forEach(ChildProcess::removeFiles);
    }

    private static boolean haveEndedInTime(List<ChildProcess> children) {
        CompletableFuture<?>[] exits =
                children.stream().map(ChildProcess::onExit).toArray(CompletableFuture<?>[]::new);
        try {
            CompletableFuture.allOf(exits).get(GRACE.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException | ExecutionException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
