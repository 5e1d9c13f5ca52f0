package io.nbd4j.client.internal.handle;

import io.nbd4j.client.NbdException;
import io.nbd4j.client.internal.tls.TlsLayer;
import io.nbd4j.client.internal.tls.options.TlsLayers;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The TLS of a handle: made off the event loop when it is wanted, and let go of with the handle. */
final class HandleTls {
    private final HandleLoop loop;
    private @Nullable TlsLayer made;

    HandleTls(HandleLoop loop) {
        this.loop = loop;
    }

    /**
     * Makes what the options ask for. One of the two consumers is called, on the event loop; if that was shut down, the
     * second one is, on some thread.
     *
     * @param isWanted whether anybody still waits for it when it is made
     */
    void make(
            Destination destination,
            BooleanSupplier isWanted,
            Consumer<TlsLayer> then,
            Consumer<NbdException> otherwise) {
        TlsLayers.make(destination.tlsOptions(), destination.host())
                .whenComplete((layer, failure) -> loop.execute(
                        () -> {
                            if (failure != null) {
                                otherwise.accept(Failures.tlsOptions(failure));
                            } else if (isWanted.getAsBoolean()) {
                                made = layer;
                                then.accept(layer);
                            } else {
                                layer.release();
                                otherwise.accept(Failures.closedByCaller());
                            }
                        },
                        gone -> {
                            if (layer != null) {
                                layer.release();
                            }
                            otherwise.accept(Failures.eventLoopShutDown(gone));
                        }));
    }

    /** Lets go of what was made. On the event loop. */
    void release() {
        TlsLayer layer = made;
        made = null;
        if (layer != null) {
            layer.release();
        }
    }
}
