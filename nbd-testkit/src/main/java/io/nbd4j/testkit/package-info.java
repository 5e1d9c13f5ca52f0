/** An NBD server that runs inside a program or a test, and says afterwards what was on the wire. */
@NullMarked
package io.nbd4j.testkit;

import org.jspecify.annotations.NullMarked;
