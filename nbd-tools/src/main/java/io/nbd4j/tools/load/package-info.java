/**
 * {@code nbd load}: a load test in fio's terms.
 *
 * <p>{@link io.nbd4j.tools.load.LoadTest} opens the connections and gives each a {@link io.nbd4j.tools.load.Lane}, which
 * lives on the event loop of its connection, keeps its {@link io.nbd4j.tools.load.Slot slots} busy and counts into a
 * {@link io.nbd4j.tools.load.Recorder}. The thread of the command only waits, samples the CPU time, and reports.
 */
@NullMarked
package io.nbd4j.tools.load;

import org.jspecify.annotations.NullMarked;
