package io.nbd4j.client.internal.tls;

import io.netty.channel.ChannelHandler;

/**
 * A handler that keeps to itself some of what was flushed through it, until what it has sent before is away. The channel does
 * not know of those bytes.
 */
public interface HoldsBack extends ChannelHandler {
    /** Returns how many bytes were flushed and not sent on. Event loop. */
    long bytesHeldBack();
}
