package io.nbd4j.client.internal.handle;

import io.nbd4j.client.BlockStatus;
import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.Extent;
import io.nbd4j.client.NbdDevice;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdRange;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A device as a walk sees it.
 *
 * @param client the device, or one of its connections, whose event loop the walk is confined to
 * @param isOnEventLoop whether the calling thread is an event loop of the device
 */
record StatusSource(NbdDevice device, DefaultNbdClient client, BooleanSupplier isOnEventLoop)
        implements StatusWalk.Source {
    @Override
    public HomeLoop home() {
        return client.home();
    }

    @Override
    public HandleFuture<List<Extent>> newFuture(Consumer<Runnable> onGiveUp) {
        return client.newFuture(onGiveUp, isOnEventLoop);
    }

    @Override
    public @Nullable ExportInfo export() {
        return client.exportIfKnown();
    }

    @Override
    public NbdFuture<BlockStatus> blockStatus(NbdRange part, List<String> contexts) {
        return contexts.isEmpty() ? device.blockStatus(part) : device.blockStatus(part, contexts);
    }
}
