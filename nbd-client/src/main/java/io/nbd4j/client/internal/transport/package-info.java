/** Event loops, and connecting over sockets. The channels that Netty lacks are in packages of their own below. */
@NullMarked
package io.nbd4j.client.internal.transport;

import org.jspecify.annotations.NullMarked;
