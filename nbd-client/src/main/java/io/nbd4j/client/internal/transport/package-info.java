/**
 * Event loops, connecting over sockets, and what the channels to a child process have in common. The channels that Netty
 * lacks are in packages of their own below: {@code pipe} over two descriptors and {@code stream} over the streams of the
 * JDK, which are alike to whoever uses them: the same options, the same end; and {@code vsock}.
 */
@NullMarked
package io.nbd4j.client.internal.transport;

import org.jspecify.annotations.NullMarked;
