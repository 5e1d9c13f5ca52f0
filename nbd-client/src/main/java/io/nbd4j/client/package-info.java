/**
 * The public API of the NBD client. Start at {@link io.nbd4j.client.NbdClient}.
 *
 * <p>Everything here may be used from any thread and never blocks, but for methods that say so. Asynchronous methods
 * throw nothing but {@link NullPointerException}; everything else arrives through the future.
 */
@NullMarked
package io.nbd4j.client;

import org.jspecify.annotations.NullMarked;
