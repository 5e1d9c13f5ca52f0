/** Feeds decoders their bytes in every way a stream may deliver them. Other modules use it through the test-jar. */
@NullMarked
package io.nbd4j.codec.verify;

import org.jspecify.annotations.NullMarked;
