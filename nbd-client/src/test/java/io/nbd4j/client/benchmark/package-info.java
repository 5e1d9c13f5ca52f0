/**
 * How long the client takes, and how much it allocates, for a request that is in flight. The server is at the other end of
 * a channel inside of the JVM, on the same event loop, and allocates nothing, so that what is measured is the client; what
 * the server takes is measured by itself, to be subtracted. Each operation of a benchmark is one request.
 * {@code nbd-tools/src/bench/microbench} runs them.
 */
@NullMarked
package io.nbd4j.client.benchmark;

import org.jspecify.annotations.NullMarked;
