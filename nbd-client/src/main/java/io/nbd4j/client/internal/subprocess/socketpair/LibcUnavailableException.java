package io.nbd4j.client.internal.subprocess.socketpair;

import org.jspecify.annotations.Nullable;

/** The functions of libc can't be called here. The message is a sentence that says why. */
final class LibcUnavailableException extends Exception {
    private static final long serialVersionUID = 1L;

    LibcUnavailableException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
