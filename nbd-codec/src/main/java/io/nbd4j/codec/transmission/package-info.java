/**
 * The transmission phase: requests with their payload, simple replies and structured reply chunks, both directions.
 *
 * <p>Decoders here stream: they gather headers, never payload, which passes through as borrowed views.
 */
@NullMarked
package io.nbd4j.codec.transmission;

import org.jspecify.annotations.NullMarked;
