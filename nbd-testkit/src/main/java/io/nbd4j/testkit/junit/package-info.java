/** JUnit Jupiter extensions: real servers where they are installed, and leak checks for Netty buffers. */
@NullMarked
package io.nbd4j.testkit.junit;

import org.jspecify.annotations.NullMarked;
