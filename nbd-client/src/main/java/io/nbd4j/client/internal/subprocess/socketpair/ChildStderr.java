package io.nbd4j.client.internal.subprocess.socketpair;

/** What becomes the stderr of a child. */
sealed interface ChildStderr {
    /** That of this process. */
    record Inherited() implements ChildStderr {}

    /** The null device. */
    record Discarded() implements ChildStderr {}

    /**
     * A descriptor.
     *
     * @param descriptor above 2, and still the caller's
     */
    record To(Descriptor descriptor) implements ChildStderr {}
}
