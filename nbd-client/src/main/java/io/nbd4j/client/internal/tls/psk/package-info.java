/** TLS with a key that both know, which neither the JDK nor netty-tcnative has: by Bouncy Castle, if it is there. */
@NullMarked
package io.nbd4j.client.internal.tls.psk;

import org.jspecify.annotations.NullMarked;
