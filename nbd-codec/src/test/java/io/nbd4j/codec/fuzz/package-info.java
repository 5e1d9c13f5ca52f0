/**
 * What a fuzzer does with the decoders. Each target is replayed by the build: with its seeds, which are the golden bytes,
 * and with what was found so far, which lies in the resources in a folder for each target. CONTRIBUTING.md tells how to
 * look for more.
 */
@NullMarked
package io.nbd4j.codec.fuzz;

import org.jspecify.annotations.NullMarked;
