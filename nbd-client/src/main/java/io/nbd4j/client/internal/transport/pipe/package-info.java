/** A Netty channel over two pipes: one from the child process, one to it. Linux, with Netty's native epoll. */
@NullMarked
package io.nbd4j.client.internal.transport.pipe;

import org.jspecify.annotations.NullMarked;
