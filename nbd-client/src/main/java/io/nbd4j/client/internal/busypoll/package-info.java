/** Event loops that poll for what is expected any moment instead of sleeping. */
@NullMarked
package io.nbd4j.client.internal.busypoll;

import org.jspecify.annotations.NullMarked;
