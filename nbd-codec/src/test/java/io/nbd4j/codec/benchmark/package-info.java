/**
 * How long the codec takes, and how much it allocates, for a request. Each operation of a benchmark is one request or one
 * reply. {@code nbd-tools/src/bench/microbench} runs them.
 */
@NullMarked
package io.nbd4j.codec.benchmark;

import org.jspecify.annotations.NullMarked;
