/**
 * JUnit Jupiter extensions: a test server or a real one for parameters and fields, and leak checks for Netty buffers. They
 * run on JUnit 5.14 and 6.
 */
@NullMarked
package io.nbd4j.testkit.junit;

import org.jspecify.annotations.NullMarked;
