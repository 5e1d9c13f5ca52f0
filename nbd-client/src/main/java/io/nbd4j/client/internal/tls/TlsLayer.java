package io.nbd4j.client.internal.tls;

import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.util.concurrent.Future;

/** What puts TLS under everything else that is in a pipeline. Its owner releases it. */
public interface TlsLayer {
    /**
     * Adds the handler at the head of the pipeline, where it starts the TLS handshake at once. On the event loop.
     *
     * @return completes on the event loop when the TLS handshake is over
     */
    Future<Channel> addTo(ChannelPipeline pipeline);

    /** Lets go of what the layer holds, once no channel will start TLS any more. Those that have keep what they need. Any thread. */
    default void release() {}
}
