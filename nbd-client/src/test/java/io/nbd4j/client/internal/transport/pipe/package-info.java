/** Tests of the channel over two pipes. */
@NullMarked
package io.nbd4j.client.internal.transport.pipe;

import org.jspecify.annotations.NullMarked;
