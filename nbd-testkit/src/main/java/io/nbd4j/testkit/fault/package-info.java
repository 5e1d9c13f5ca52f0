/**
 * Faults that a test server commits on purpose. A {@link io.nbd4j.testkit.fault.FaultPlan} is a list of rules; a
 * {@link io.nbd4j.testkit.fault.FaultRule} says when (a {@link io.nbd4j.testkit.fault.Matcher} and a
 * {@link io.nbd4j.testkit.fault.Schedule}) which {@link io.nbd4j.testkit.fault.Fault} happens. Rules can be written as
 * text, such as {@code on READ nth 5: refuse EIO}.
 */
@NullMarked
package io.nbd4j.testkit.fault;

import org.jspecify.annotations.NullMarked;
