package io.nbd4j.client.internal.connection;

import io.nbd4j.client.NbdException;
import io.nbd4j.client.internal.logging.Loggers;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** Writes the requests and replies of one connection to the log, at TRACE. While that is off it costs one look each. */
final class TransmissionLog {
    private final Logger logger;
    private final String name;

    TransmissionLog(String name) {
        this(Loggers.TRANSMISSION, name);
    }

    TransmissionLog(Logger logger, String name) {
        this.logger = logger;
        this.name = name;
    }

    /** A request is being sent. */
    void sent(Command<?> command) {
        if (logger.isTraceEnabled()) {
            logger.trace("{}: request {}", name, words(command));
        }
    }

    /** The reply is complete. What the server said about an error is printable in the exception already. */
    void answered(Command<?> command, @Nullable NbdException failure) {
        if (logger.isTraceEnabled()) {
            logger.trace(
                    "{}: reply to {}: {}", name, words(command), failure == null ? "success" : failure.getMessage());
        }
    }

    /** The goodbye is being sent. */
    void goodbye() {
        logger.trace("{}: request DISC", name);
    }

    private static String words(Command<?> command) {
        return "%s, flags 0x%x, offset %s, length %s, cookie 0x%x"
                .formatted(
                        command.type,
                        command.flags,
                        Long.toUnsignedString(command.offset),
                        Long.toUnsignedString(command.length),
                        command.cookie);
    }
}
