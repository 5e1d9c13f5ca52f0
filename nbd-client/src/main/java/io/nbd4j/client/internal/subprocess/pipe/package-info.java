/** The middle rung: two pipes that Netty owns are the child's standard input and output. */
@NullMarked
package io.nbd4j.client.internal.subprocess.pipe;

import org.jspecify.annotations.NullMarked;
