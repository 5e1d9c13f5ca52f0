/**
 * {@code nbd scale}: what many connections, and many requests on one, cost the client.
 *
 * <p>{@link io.nbd4j.tools.scale.ScaleTest} starts the server, and for each number of connections measures the memory while
 * they are idle and runs a {@link io.nbd4j.tools.load.LoadTest} on them.
 */
@NullMarked
package io.nbd4j.tools.scale;

import org.jspecify.annotations.NullMarked;
