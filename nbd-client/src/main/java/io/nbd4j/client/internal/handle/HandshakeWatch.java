package io.nbd4j.client.internal.handle;

import io.nbd4j.client.TlsSession;
import io.nbd4j.client.internal.connection.Traffic;
import io.nbd4j.client.internal.negotiation.NegotiationObserver;
import io.nbd4j.client.internal.tls.TlsEnd;
import io.nbd4j.codec.handshake.Greeting;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionRequest;
import io.netty.channel.Channel;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Has the messages of a handshake counted and logged, and what TLS came to be.
 *
 * @param traffic counts them
 * @param log writes them down
 * @param tlsUp is told when TLS is up, on the event loop
 */
record HandshakeWatch(Traffic traffic, HandleLog log, Consumer<TlsSession> tlsUp) implements NegotiationObserver {
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
        if (failure != null) {
            log.tlsFailed(failure);
            return;
        }
        TlsSession session = TlsEnd.sessionOn(channel);
        log.tlsUp(session);
        tlsUp.accept(session);
    }
}
