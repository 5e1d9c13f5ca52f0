package io.nbd4j.client.internal.handle;

import io.nbd4j.client.internal.connection.Traffic;
import io.nbd4j.client.internal.negotiation.NegotiationObserver;
import io.nbd4j.codec.handshake.Greeting;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionRequest;
import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/**
 * Has the messages of a handshake counted and logged.
 *
 * @param traffic counts them
 * @param log writes them down
 */
record HandshakeWatch(Traffic traffic, HandleLog log) implements NegotiationObserver {
    @Override
    public void greetingReceived(Greeting greeting) {
        traffic.greetingReceived();
        log.greeting(greeting);
    }

    @Override
    public void optionSent(OptionRequest request) {
        traffic.optionSent();
        log.option(request);
    }

    @Override
    public void replyReceived(OptionReply reply) {
        log.reply(reply);
    }

    @Override
    public void tlsEnded(Channel channel, @Nullable Throwable failure) {
        log.tls(channel, failure);
    }
}
