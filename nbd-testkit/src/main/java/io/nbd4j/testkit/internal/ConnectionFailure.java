package io.nbd4j.testkit.internal;

import io.nbd4j.codec.ProtocolViolationException;
import io.nbd4j.testkit.ExportException;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderException;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The end of a connection that cannot go on. */
final class ConnectionFailure {
    private static final Logger logger = LoggerFactory.getLogger(ConnectionFailure.class);

    private ConnectionFailure() {}

    @SuppressWarnings("FutureReturnValueIgnored") // Nobody waits; the connection is over either way.
    static void close(ChannelHandlerContext ctx, Throwable cause) {
        // A decoder wraps what it found, TLS too.
        Throwable inner = cause.getCause();
        Throwable root = cause instanceof DecoderException && inner != null ? inner : cause;
        if (root instanceof ProtocolViolationException
                || root instanceof IOException
                || root instanceof ExportException) {
            // Clients misbehave and go away, exports fail; that is what a test server is for.
            logger.debug("connection closed: {}", root.getMessage());
        } else {
            logger.warn("connection closed", root);
        }
        ctx.close();
    }
}
