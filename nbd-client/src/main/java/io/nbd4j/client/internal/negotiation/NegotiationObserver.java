package io.nbd4j.client.internal.negotiation;

import io.nbd4j.codec.handshake.Greeting;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionRequest;
import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/** Sees what is said in a handshake, on the event loop, and has no say in it. */
public interface NegotiationObserver {
    /** Looks away. */
    NegotiationObserver NONE = new NegotiationObserver() {};

    /** The greeting has come, and is looked at next. */
    default void greetingReceived(Greeting greeting) {}

    /** An option is sent next. */
    default void optionSent(OptionRequest request) {}

    /** A reply to an option has come, and is looked at next. */
    default void replyReceived(OptionReply reply) {}

    /** The handshake of TLS has ended: with what is wrong, or null if TLS is up. */
    default void tlsEnded(Channel channel, @Nullable Throwable failure) {}
}
