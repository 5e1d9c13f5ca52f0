package io.nbd4j.client;

/**
 * Counters of one connection, as they stood at one moment.
 *
 * @param requestsInFlight sent, or being sent, and not answered
 * @param bytesInFlight payload of these requests, in both directions
 * @param requestsWaiting accepted but not sent, since the bounds on what is in flight are reached
 * @param requestsSent since the connection is READY, with each piece of a split request counted
 * @param repliesReceived complete ones
 * @param bytesReceivedDirect payload that the kernel wrote straight into the buffer of its destination
 * @param bytesReceivedCopied payload that was copied from a receive buffer into its destination
 */
public record NbdStatistics(
        int requestsInFlight,
        long bytesInFlight,
        int requestsWaiting,
        long requestsSent,
        long repliesReceived,
        long bytesReceivedDirect,
        long bytesReceivedCopied) {}
