/**
 * The handshake: the server's greeting, the client's flags, option requests and option replies, both directions.
 *
 * <p>Messages here are small, so they are gathered whole before they are decoded, and they are records: no message
 * holds a buffer.
 */
@NullMarked
package io.nbd4j.codec.handshake;

import org.jspecify.annotations.NullMarked;
