package io.nbd4j.client.internal.handle;

import io.nbd4j.client.InvalidRequestException;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.AttributeKey;
import org.jspecify.annotations.Nullable;

/**
 * A channel of somebody else that a handle takes over, once.
 *
 * @param isFirst whether nobody has it yet; who comes later must not touch it
 */
record Adoption(Channel channel, boolean isFirst) {
    private static final AttributeKey<Boolean> OWNED = AttributeKey.valueOf(Adoption.class, "OWNED");

    /** Claims the channel for the caller, unless it was claimed before. Any thread. */
    static Adoption claim(Channel channel) {
        return new Adoption(channel, channel.attr(OWNED).compareAndSet(null, Boolean.TRUE));
    }

    /** Returns why the channel can't be taken over, null if that can be tried. */
    @Nullable
    InvalidRequestException problem() {
        if (!isFirst) {
            return TargetCheck.invalid("the channel was taken over already: " + channel);
        }
        return channel.isRegistered()
                ? null
                : TargetCheck.invalid("the channel is not registered with an event loop: " + channel);
    }

    EventLoop eventLoop() {
        return channel.eventLoop();
    }

    /** Closes the channel, which is of no use any more, unless it is somebody else's. Any thread. */
    void refuse() {
        if (!isFirst) {
            return;
        }
        if (channel.isRegistered()) {
            channel.close();
        } else {
            // No event loop knows it.
            channel.unsafe().closeForcibly();
        }
    }
}
