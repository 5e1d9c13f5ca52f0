package io.nbd4j.client.internal.subprocess.socketpair;

/** How a child gets the socket that it serves on. */
sealed interface ChildSocket {
    /**
     * Returns the socket.
     *
     * @return above 2, and still the caller's
     */
    Descriptor descriptor();

    /** It is connected, and becomes the child's standard input and output. */
    record Stdio(Descriptor descriptor) implements ChildSocket {}

    /** It listens, and becomes the child's descriptor 3; its standard input and output are those of this process. */
    record Listener(Descriptor descriptor) implements ChildSocket {}
}
