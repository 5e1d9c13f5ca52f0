/** Keeps what is said on a connection in a file that network analysers read. */
@NullMarked
package io.nbd4j.client.internal.capture;

import org.jspecify.annotations.NullMarked;
