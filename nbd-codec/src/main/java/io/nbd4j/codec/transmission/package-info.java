/**
 * The transmission phase: requests with their payload, simple replies, structured and extended reply chunks, both
 * directions. What both sides agreed on is a {@link io.nbd4j.codec.transmission.TransmissionMode}.
 *
 * <p>Decoders here stream: they gather headers, never payload, which passes through as borrowed views.
 */
@NullMarked
package io.nbd4j.codec.transmission;

import org.jspecify.annotations.NullMarked;
