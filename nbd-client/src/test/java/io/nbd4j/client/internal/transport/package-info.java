/** What every channel to a child process must do, told once and run on each. */
@NullMarked
package io.nbd4j.client.internal.transport;

import org.jspecify.annotations.NullMarked;
