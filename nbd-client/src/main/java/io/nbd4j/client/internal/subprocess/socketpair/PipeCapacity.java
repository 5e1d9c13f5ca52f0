package io.nbd4j.client.internal.subprocess.socketpair;

import org.jspecify.annotations.Nullable;

/**
 * How much a pipe holds. It is the one thing that the pipe rung wants of libc and can do without: with the 64 KiB that
 * a pipe has by default it works at a third of the speed.
 */
public final class PipeCapacity {
    private static final int F_SETPIPE_SZ = 1031;

    private PipeCapacity() {}

    /** Returns why the capacity of a pipe can't be set in this JVM, or null if it can. */
    public static @Nullable String unavailableBecause() {
        return LibcProbe.ofThisJvm().reason();
    }

    /**
     * Asks for a pipe that holds {@code bytes}.
     *
     * @param descriptor either end
     * @return whether it does now; the kernel refuses more than {@code fs.pipe-max-size}, and anything to a user whose
     *     pipes hold too much already
     */
    public static boolean set(int descriptor, int bytes) {
        Libc libc = LibcProbe.ofThisJvm().libc();
        return libc != null && libc.fcntl(descriptor, F_SETPIPE_SZ, bytes) >= bytes;
    }
}
