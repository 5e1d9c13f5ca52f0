/** Tests of the channel over two streams. */
@NullMarked
package io.nbd4j.client.internal.transport.stream;

import org.jspecify.annotations.NullMarked;
