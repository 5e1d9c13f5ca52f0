/** The connection log: its loggers, and how its lines are put. See {@code docs/logging.md}. Knows nothing of the other packages. */
@NullMarked
package io.nbd4j.client.internal.logging;

import org.jspecify.annotations.NullMarked;
