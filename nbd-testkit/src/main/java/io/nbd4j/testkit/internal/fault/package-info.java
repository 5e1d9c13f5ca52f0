/**
 * The gate between the wire and the server. It takes the bytes of both directions apart, lets the rules of a plan spoil
 * answers, and writes the transcript. A server without a plan and without a transcript has no gate.
 */
@NullMarked
package io.nbd4j.testkit.internal.fault;

import org.jspecify.annotations.NullMarked;
