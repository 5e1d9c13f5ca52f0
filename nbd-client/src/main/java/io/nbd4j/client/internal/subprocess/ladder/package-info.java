/** Choosing the way in which a child is started, and starting it: what the connection calls. */
@NullMarked
package io.nbd4j.client.internal.subprocess.ladder;

import org.jspecify.annotations.NullMarked;
