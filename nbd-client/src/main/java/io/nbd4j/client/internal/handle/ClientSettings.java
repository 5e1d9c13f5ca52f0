package io.nbd4j.client.internal.handle;

import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.StrictCheck;
import io.nbd4j.client.TlsMode;
import io.nbd4j.client.TlsOptions;
import io.nbd4j.client.internal.connection.ConnectionSettings;
import io.nbd4j.client.internal.connection.StrictMode;
import io.nbd4j.client.internal.connection.Traffic;
import io.nbd4j.codec.handshake.HandshakeFlags;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.IoEventLoopGroup;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** The options of a client, as {@link io.nbd4j.client.NbdClientBuilder} documents them. Checked already. */
public record ClientSettings(
        String name,
        String exportName,
        boolean optionMode,
        boolean structuredReplies,
        boolean extendedHeaders,
        boolean requestBlockSize,
        boolean fullInfo,
        boolean requestMetaContexts,
        List<String> metaContexts,
        HandshakeFlags handshakeFlags,
        TlsMode tlsMode,
        TlsOptions tlsOptions,
        Duration connectTimeout,
        Duration handshakeTimeout,
        Duration drainTimeout,
        Duration graceTimeout,
        Duration killTimeout,
        Duration stallTimeout,
        Duration requestTimeout,
        Duration busyPoll,
        int maxRequestsInFlight,
        long maxBytesInFlight,
        int maxRequestsWaiting,
        @Nullable IoEventLoopGroup eventLoopGroup,
        @Nullable Executor completionExecutor,
        ByteBufAllocator allocator,
        Set<StrictCheck> strictMode,
        @Nullable Path capture,
        UriPolicy uriPolicy) {
    /**
     * Returns what a connection has to know of them.
     *
     * @param link that it runs over
     * @param strict shared with the handle, whose user may change it
     * @param traffic shared with the handle, which has counted the handshake
     */
    ConnectionSettings forConnection(ExportInfo export, Link link, StrictMode strict, Traffic traffic) {
        return new ConnectionSettings(
                export,
                maxRequestsInFlight,
                maxBytesInFlight,
                maxRequestsWaiting,
                stallTimeout.toNanos(),
                requestTimeout.toNanos(),
                busyPoll.toNanos(),
                completionExecutor,
                allocator,
                // Under TLS the bytes from the kernel are not those that the destination gets.
                link.isTls() ? null : link.buffers(),
                strict,
                name,
                traffic);
    }
}
