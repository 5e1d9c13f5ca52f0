/** {@code nbd serve}: the test server of the testkit, for a person or another process to talk to. */
@NullMarked
package io.nbd4j.tools.serve;

import org.jspecify.annotations.NullMarked;
