/** The whole client against a server that a fuzzer plays. */
@NullMarked
package io.nbd4j.client.fuzz;

import org.jspecify.annotations.NullMarked;
