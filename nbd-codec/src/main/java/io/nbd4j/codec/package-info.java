/**
 * The words that both phases of the NBD protocol share: magic numbers, flags, commands, error values, sizes.
 *
 * <p>Decoding a number never fails and never gives {@code null}: what the specification does not name becomes
 * {@code UNKNOWN} (or {@code EINVAL}, for error values) and the message that carried it keeps the raw value.
 */
@NullMarked
package io.nbd4j.codec;

import org.jspecify.annotations.NullMarked;
