package io.nbd4j.client.internal.tls;

import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;

/** Carries bytes between two embedded channels. */
final class Wire {
    private Wire() {}

    /** Carries what each has said to the other, until both are silent. */
    static void carry(EmbeddedChannel one, EmbeddedChannel other) {
        boolean any = true;
        while (any) {
            any = carryOneWay(one, other);
            any |= carryOneWay(other, one);
        }
    }

    private static boolean carryOneWay(EmbeddedChannel from, EmbeddedChannel to) {
        from.runPendingTasks();
        boolean any = false;
        for (ByteBuf bytes = from.readOutbound(); bytes != null; bytes = from.readOutbound()) {
            any = true;
            if (to.isActive()) {
                to.writeOneInbound(bytes);
            } else {
                bytes.release();
            }
        }
        if (any && to.isActive()) {
            to.flushInbound();
        }
        to.runPendingTasks();
        return any;
    }
}
