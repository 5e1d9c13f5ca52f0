package io.nbd4j.client.internal.handle;

import io.nbd4j.client.internal.connection.ReceiveBuffers;
import io.nbd4j.client.internal.tls.TlsEnd;
import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/**
 * What reaches the server: the channel and, if the server is a child process, that process.
 *
 * @param buffers what the channel receives into; null if that is its own affair
 * @param transport as {@link io.nbd4j.client.NbdClient#transport} names it
 */
record Link(
        Channel channel,
        @Nullable ReceiveBuffers buffers,
        @Nullable DefaultSubprocess subprocess,
        String transport) {
    /** Returns whether TLS is up, or about to be. Any thread. */
    boolean isTls() {
        return TlsEnd.isIn(channel);
    }
}
