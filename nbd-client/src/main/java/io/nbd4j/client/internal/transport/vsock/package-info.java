/** Sockets between a virtual machine and its host (AF_VSOCK), for which Netty 4.2 has no channel. */
@NullMarked
package io.nbd4j.client.internal.transport.vsock;

import org.jspecify.annotations.NullMarked;
