/** A Netty channel over an input and an output stream, with a thread for each: it works on any event loop. */
@NullMarked
package io.nbd4j.client.internal.transport.stream;

import org.jspecify.annotations.NullMarked;
