/**
 * What a test server has seen and said: the {@link io.nbd4j.testkit.transcript.Transcript}, and the facts of each message
 * in it.
 */
@NullMarked
package io.nbd4j.testkit.transcript;

import org.jspecify.annotations.NullMarked;
