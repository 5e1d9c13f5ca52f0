/** The {@code nbd} command: its entry point, what all of its verbs share, and how it exits. */
@NullMarked
package io.nbd4j.tools;

import org.jspecify.annotations.NullMarked;
