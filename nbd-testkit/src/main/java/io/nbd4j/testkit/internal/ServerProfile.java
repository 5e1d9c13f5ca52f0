package io.nbd4j.testkit.internal;

import io.nbd4j.codec.handshake.HandshakeFlags;
import io.nbd4j.testkit.HandshakeStyle;
import io.nbd4j.testkit.TlsMode;
import io.netty.handler.ssl.SslContext;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a server offers to each connection.
 *
 * @param exports by name, in the order in which they are listed; exactly one for an oldstyle handshake
 * @param handshake how a connection begins
 * @param structuredReplies whether clients may ask for them
 * @param extendedHeaders whether clients may ask for them
 * @param tls what is done about TLS
 * @param sslContext there unless {@code tls} is off
 */
public record ServerProfile(
        Map<String, ServedExport> exports,
        HandshakeStyle handshake,
        boolean structuredReplies,
        boolean extendedHeaders,
        TlsMode tls,
        @Nullable SslContext sslContext) {
    @Nullable
    ServedExport find(String name) {
        return exports.get(name);
    }

    /** Returns what a newstyle greeting offers. */
    HandshakeFlags handshakeFlags() {
        return new HandshakeFlags(
                handshake == HandshakeStyle.FIXED_NEWSTYLE
                        ? HandshakeFlags.FIXED_NEWSTYLE | HandshakeFlags.NO_ZEROES
                        : 0);
    }
}
