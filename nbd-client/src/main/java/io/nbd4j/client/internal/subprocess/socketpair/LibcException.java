package io.nbd4j.client.internal.subprocess.socketpair;

import io.netty.channel.unix.Errors;
import java.io.IOException;

/** A function of libc that reported an error. */
final class LibcException extends IOException {
    private static final long serialVersionUID = 1L;

    private LibcException(IOException cause) {
        super(cause.getMessage(), cause);
    }

    /** Returns {@code result}, which a function that sets errno returned, unless it is an error. */
    static int check(String function, int result) throws LibcException {
        if (result < 0) {
            throw new LibcException(Errors.newIOException(function, result));
        }
        return result;
    }

    /** Checks the result of a function of the posix_spawn family, which is 0 or an error number. */
    static void checkSpawn(String function, int result) throws LibcException {
        check(function, -result);
    }
}
