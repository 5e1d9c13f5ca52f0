package io.nbd4j.client.contract;

import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.netty.channel.IoEventLoop;
import org.jspecify.annotations.Nullable;

/** How a contract reaches its servers: over which transport, on which event loops. */
interface Setting {
    /** Returns the name of the transport, as {@link NbdClient#transport()} gives it. */
    String transport();

    /** Returns why this can't be run here, null if it can. */
    @Nullable
    String unavailableBecause();

    /** Returns a builder of clients that use the event loops of this setting. */
    NbdClientBuilder builder();

    /** Returns the event loop of the connections of a client that is given it as its group. */
    IoEventLoop loop();

    /** Makes nbdkit reachable, with what follows its listening options, such as {@code "memory", "1M"}. */
    Served nbdkit(String... arguments);

    /** Makes a server reachable that takes connections and never says a word. */
    Served silent();

    /** Returns whether the kernel can write payload straight into its destination. */
    boolean receivesDirectly();
}
