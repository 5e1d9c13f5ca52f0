/**
 * Bytes of the protocol that no encoder of this project made: typed from the specification, or captured from real
 * servers. Other modules use them through the test-jar.
 */
@NullMarked
package io.nbd4j.codec.golden;

import org.jspecify.annotations.NullMarked;
