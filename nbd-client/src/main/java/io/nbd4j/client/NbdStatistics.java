package io.nbd4j.client;

/**
 * Counters of one connection, as they stood at one moment. They stay readable after its end; then nothing is in flight and
 * nothing waits.
 *
 * <p>Bytes and chunks are counted from the handshake on, as libnbd counts them, and as NBD has them: what TLS or a socket adds
 * is left out. A flush is 28 bytes and one chunk sent, and 16 bytes and one chunk received if its reply is a simple one.
 *
 * @param requestsInFlight sent, or being sent, and not answered
 * @param bytesInFlight payload of these requests, in both directions
 * @param requestsWaiting accepted but not sent, since the bounds on what is in flight are reached, or the transport is behind
 * @param requestsSent since the connection is READY, with each piece of a split request counted
 * @param repliesReceived complete ones
 * @param bytesReceivedDirect payload that the kernel wrote straight into the buffer of its destination
 * @param bytesReceivedCopied payload that was copied from a receive buffer into its destination
 * @param bytesSent all that was said to the server and handed to the transport: the handshake, requests, payload
 * @param bytesReceived all that the server has said: the handshake, replies, payload
 * @param chunksSent options of the handshake, requests, and the goodbye
 * @param chunksReceived the greeting, and each simple reply or reply chunk, maybe incomplete. Replies to options do not count
 */
public record NbdStatistics(
        int requestsInFlight,
        long bytesInFlight,
        int requestsWaiting,
        long requestsSent,
        long repliesReceived,
        long bytesReceivedDirect,
        long bytesReceivedCopied,
        long bytesSent,
        long bytesReceived,
        long chunksSent,
        long chunksReceived) {}
