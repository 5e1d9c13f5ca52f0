package io.nbd4j.client.internal.transport;

import java.io.InputStream;
import java.io.OutputStream;

/**
 * A channel and the other side of both its directions, which a test plays.
 *
 * @param channel not registered yet
 * @param peerInput gives what is written to the channel; blocks
 * @param peerOutput what is written here comes out of the channel; blocks
 */
public record Wiring(ChildChannel channel, InputStream peerInput, OutputStream peerOutput) {}
