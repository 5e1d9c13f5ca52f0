package io.nbd4j.client.internal.connection;

import io.nbd4j.client.ExportInfo;
import io.netty.buffer.ByteBufAllocator;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * What a connection has to know.
 *
 * @param export what the handshake agreed on
 * @param maxRequestsInFlight at least 1
 * @param maxBytesInFlight at least 1; a single larger request goes alone
 * @param maxRequestsWaiting how many may wait beyond what is in flight
 * @param stallNanos how long the server may be silent while it owes a reply; 0 for ever
 * @param requestNanos how long a request may take, from its call to its answer; 0 for ever
 * @param pollNanos how long the event loop polls for an answer before it sleeps, if it is the only one owed; 0 for never
 * @param completionExecutor where futures complete; null for the event loop
 * @param allocator where buffers for reads and for large batches of requests come from
 * @param receiveDirectly whether the channel's {@link ReceiveBuffers} hand out windows of destinations; needs the
 *     connection to be the first handler that looks at what comes in
 * @param strict which checks are made of a command before it is sent
 * @param name of the handle, for the log
 * @param traffic counts the bytes, and the handshake, for the statistics
 */
public record ConnectionSettings(
        ExportInfo export,
        int maxRequestsInFlight,
        long maxBytesInFlight,
        int maxRequestsWaiting,
        long stallNanos,
        long requestNanos,
        long pollNanos,
        @Nullable Executor completionExecutor,
        ByteBufAllocator allocator,
        @Nullable ReceiveBuffers receiveDirectly,
        StrictMode strict,
        String name,
        Traffic traffic) {}
