package io.nbd4j.client.internal.handle;

import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.TlsSession;
import io.nbd4j.client.internal.logging.Loggers;
import io.nbd4j.codec.ServerText;
import io.nbd4j.codec.handshake.Greeting;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionRequest;
import io.nbd4j.codec.handshake.OptionType;
import org.slf4j.Logger;

/**
 * Writes what happens to one handle up to the transmission phase to the log, at DEBUG. Foreign text is bounded, and made
 * printable.
 */
final class HandleLog {
    private static final int MAX_TEXT = 1024;

    private final Logger logger;
    private final String name;

    HandleLog(String name) {
        this(Loggers.NEGOTIATION, name);
    }

    HandleLog(Logger logger, String name) {
        this.logger = logger;
        this.name = name;
    }

    void connects(NbdTarget target) {
        if (Loggers.HANDLE.isDebugEnabled()) {
            Loggers.HANDLE.debug("{}: connects to {}", name, printable(target));
        }
    }

    void opened(Link link) {
        Loggers.TRANSPORT.debug("{}: {} is open: {}", name, link.transport(), link.channel());
        DefaultSubprocess subprocess = link.subprocess();
        if (subprocess != null && Loggers.SUBPROCESS.isDebugEnabled()) {
            Loggers.SUBPROCESS.debug(
                    "{}: process {} is {}", name, subprocess.pid(), printable(String.join(" ", subprocess.argv())));
        }
    }

    void tlsFailed(Throwable failure) {
        Loggers.TLS.debug("{}: TLS failed", name, failure);
    }

    /** The handshake of TLS has ended well. Of the keys nothing is said. */
    void tlsUp(TlsSession session) {
        if (Loggers.TLS.isDebugEnabled()) {
            Loggers.TLS.debug(
                    "{}: TLS is up: {}, {}, {}", name, session.protocol(), session.cipherSuite(), session.engine());
        }
    }

    void greeting(Greeting greeting) {
        if (logger.isDebugEnabled()) {
            logger.debug("{}: greeting {}", name, printable(greeting));
        }
    }

    void option(OptionRequest request) {
        if (logger.isDebugEnabled()) {
            logger.debug("{}: option {}", name, printable(request));
        }
    }

    void reply(OptionReply reply) {
        if (logger.isDebugEnabled()) {
            logger.debug(
                    "{}: reply to {}: {}",
                    name,
                    OptionType.fromWire(reply.option()),
                    reply instanceof OptionReply.Refusal refusal
                            ? refusal.type() + ", " + printable(refusal.message())
                            : printable(reply));
        }
    }

    private static String printable(Object message) {
        return ServerText.escape(message.toString(), MAX_TEXT);
    }
}
