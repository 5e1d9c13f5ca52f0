/**
 * What libnbd's own tests assert, asserted here: where no other test does it already, a class for one or a few of them. The
 * tables of docs/libnbd.md and docs/protocol-coverage.md say which test that is, and are held to the code by tests of this package.
 */
@NullMarked
package io.nbd4j.client.parity;

import org.jspecify.annotations.NullMarked;
