/** The programs that the documentation shows, compiled and run so that they stay true. */
@NullMarked
package io.nbd4j.examples;

import org.jspecify.annotations.NullMarked;
