package io.nbd4j.codec;

import io.netty.handler.codec.CorruptedFrameException;

/**
 * The other side broke a rule of the protocol, so the stream of bytes can no longer be trusted.
 *
 * <p>Its scope is the connection: a decoder that threw it discards everything that follows.
 */
public final class ProtocolViolationException extends CorruptedFrameException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception. {@code message} says which rule was broken, and by which value. */
    public ProtocolViolationException(String message) {
        super(message);
    }
}
