package io.nbd4j.client;

/** How a child process gets its standard input and output. It decides the speed, not the behaviour. */
public enum SubprocessTransport {
    /** The best one that works here: socketpair, else pipe, else stream. */
    AUTO,
    /** One Unix socket for both directions. Linux, JDK 22 or newer, native epoll, glibc 2.34 or newer. */
    SOCKETPAIR,
    /** Two pipes that Netty owns. Linux with native epoll, any JDK. */
    PIPE,
    /** The JDK's own streams with two threads. Works everywhere, slow. */
    STREAM,
    /**
     * Not at all: the child listens on a Unix socket that it was given, and its standard input and output are those of this
     * process. The one of {@link NbdTarget.SocketActivation}; a command can't ask for it.
     */
    SOCKET_ACTIVATION
}
