package io.nbd4j.client.internal.handle;

import io.nbd4j.client.TlsMode;
import io.nbd4j.client.TlsOptions;
import io.nbd4j.codec.handshake.HandshakeFlags;
import io.netty.buffer.ByteBufAllocator;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/** Options of a client for tests. */
final class Settings {
    private Settings() {}

    /** Returns plain ones, in which only the end of a child has limits that are ever reached. */
    static ClientSettings ending(Duration graceTimeout, Duration killTimeout) {
        Duration never = Duration.ofDays(1);
        return new ClientSettings(
                "test",
                "",
                false,
                false,
                false,
                false,
                false,
                false,
                List.of(),
                new HandshakeFlags(0),
                TlsMode.DISABLE,
                TlsOptions.defaults(),
                never,
                never,
                never,
                graceTimeout,
                killTimeout,
                never,
                never,
                Duration.ZERO,
                1,
                1,
                1,
                null,
                null,
                ByteBufAllocator.DEFAULT,
                Set.of(),
                null,
                UriPolicy.DEFAULT);
    }
}
