package io.nbd4j.client.internal.subprocess.ladder;

import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.client.internal.subprocess.ChildrenAtExit;
import io.nbd4j.client.internal.subprocess.CommandLookup;
import io.nbd4j.client.internal.subprocess.Executable;
import io.nbd4j.client.internal.subprocess.LaunchSpec;
import io.nbd4j.client.internal.subprocess.Launched;
import io.nbd4j.client.internal.subprocess.Rung;
import io.nbd4j.client.internal.subprocess.SpawnThread;
import io.nbd4j.client.internal.subprocess.socketpair.SocketActivation;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import java.util.concurrent.CompletableFuture;

/**
 * Starts children: looks the command up, chooses the rung, spawns, and remembers the child for the exit of the JVM. All
 * of it runs on the spawn thread, since each step may block. Thread-safe.
 */
public final class Launcher {
    private final CommandLookup lookup;
    private final RungLadder ladder;
    private final ChildrenAtExit atExit;
    private final SocketActivation activation = new SocketActivation();

    /** Takes its parts. */
    public Launcher(CommandLookup lookup, RungLadder ladder, ChildrenAtExit atExit) {
        this.lookup = lookup;
        this.ladder = ladder;
        this.atExit = atExit;
    }

    /** Returns a launcher with the rungs of this build and the environment of this process. */
    public static Launcher create() {
        return new Launcher(
                CommandLookup.ofThisProcess(), new RungLadder(DefaultRungs.all()), ChildrenAtExit.ofThisJvm());
    }

    /** A child that was started, and how. */
    public record Launch(SubprocessTransport transport, Launched launched) {}

    /**
     * Starts a child whose channel will be registered with {@code loop}.
     *
     * @return completes on the spawn thread, so what depends on it hops to the loop first: normally with the child, which
     *     the caller owns; exceptionally with {@code CommandLookupException}, {@link TransportUnavailableException} or
     *     another {@link java.io.IOException}, and nothing was left behind. If the future is cancelled while the child is
     *     being started, the child is ended
     */
    public CompletableFuture<Launch> launch(LaunchSpec spec, SubprocessTransport wanted, EventLoop loop) {
        return SpawnThread.get()
                .submit(
                        () -> {
                            Executable executable = lookup.find(spec);
                            Rung rung = ladder.choose(wanted, loop);
                            Launched launched = rung.launch(executable, loop);
                            atExit.add(launched.child());
                            return new Launch(rung.transport(), launched);
                        },
                        Launcher::endUnclaimed);
    }

    /**
     * Starts a child that is given a socket to listen on.
     *
     * @param socketName what the child is told about it; empty for nothing
     * @param loop watches the child
     * @return as of {@link #launch}
     */
    public CompletableFuture<SocketActivation.Activated> activate(
            LaunchSpec spec, String socketName, IoEventLoop loop) {
        return SpawnThread.get()
                .submit(
                        () -> {
                            SocketActivation.Activated activated =
                                    activation.launch(lookup.find(spec), socketName, loop);
                            atExit.add(activated.child());
                            return activated;
                        },
                        activated -> activated.child().kill());
    }

    private static void endUnclaimed(Launch launch) {
        launch.launched().child().kill();
        // The channel was never registered, so no event loop knows it.
        launch.launched().channel().unsafe().closeForcibly();
    }
}
