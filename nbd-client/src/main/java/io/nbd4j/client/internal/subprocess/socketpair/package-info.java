/**
 * The fastest rung: one Unix socket is the child's standard input and output; and socket activation, where the child is given a
 * socket to listen on.
 *
 * <p>The JDK can't start such children, so libc does: {@code ForeignLibc} binds its functions behind the interface {@code
 * Libc}; everything else here is plain Java on top of that interface.
 */
@NullMarked
package io.nbd4j.client.internal.subprocess.socketpair;

import org.jspecify.annotations.NullMarked;
