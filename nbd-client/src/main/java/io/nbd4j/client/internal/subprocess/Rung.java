package io.nbd4j.client.internal.subprocess;

import io.nbd4j.client.SubprocessTransport;
import io.netty.channel.EventLoop;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** One way of wiring up a child process. */
public interface Rung {
    /** Returns which one this is; never AUTO. */
    SubprocessTransport transport();

    /** Returns why this rung can't be used with {@code loop}, or null if it can. The platform is probed once per JVM. */
    @Nullable
    String unavailableBecause(EventLoop loop);

    /**
     * Starts the child. Runs on the spawn thread and may block.
     *
     * @param loop the loop that the channel will be registered with
     * @throws IOException if the child could not be started; nothing is left behind: no descriptor, no process
     */
    Launched launch(Executable executable, EventLoop loop) throws IOException;
}
