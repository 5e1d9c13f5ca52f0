package io.nbd4j.client.internal.subprocess;

import io.netty.channel.Channel;

/**
 * A child that runs, and the channel that reaches its standard input and output.
 *
 * @param channel not registered yet: the caller adds its handlers, then registers it with the event loop that the
 *     launch was for. From here on the caller owns it: closing it gives the child EOF
 * @param child runs whether or not the channel is ever registered
 */
public record Launched(Channel channel, ChildProcess child) {}
