package io.nbd4j.client.internal.subprocess.ladder;

import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.client.internal.logging.Loggers;
import io.nbd4j.client.internal.subprocess.Rung;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Chooses the rung, before anything is started: a failure on one rung never leads to a try on the next, since the
 * command would run twice. Thread-safe.
 */
public final class RungLadder {
    private static final Logger LOG = Loggers.SUBPROCESS;
    private static final List<SubprocessTransport> BEST_FIRST =
            List.of(SubprocessTransport.SOCKETPAIR, SubprocessTransport.PIPE, SubprocessTransport.STREAM);

    private final Map<SubprocessTransport, Rung> rungs = new EnumMap<>(SubprocessTransport.class);
    private final AtomicReference<@Nullable String> lastChoice = new AtomicReference<>();

    /** Takes the rungs that this build has, in any order. */
    public RungLadder(List<Rung> rungs) {
        for (Rung rung : rungs) {
            Rung other = this.rungs.put(rung.transport(), rung);
            if (other != null || rung.transport() == SubprocessTransport.AUTO) {
                throw new IllegalArgumentException("two rungs for one transport, or one for none: " + rung.transport());
            }
        }
    }

    /**
     * Returns the rung for {@code wanted}; for AUTO the best one that works with {@code loop}. The first call probes the
     * platform and may take some milliseconds, so it does not belong on an event loop.
     *
     * @throws TransportUnavailableException if it does not work here
     */
    public Rung choose(SubprocessTransport wanted, EventLoop loop) throws TransportUnavailableException {
        List<String> reasons = new ArrayList<>();
        for (SubprocessTransport transport : wanted == SubprocessTransport.AUTO ? BEST_FIRST : List.of(wanted)) {
            Rung rung = rungs.get(transport);
            String reason = rung == null ? "this build does not have it" : rung.unavailableBecause(loop);
            if (rung != null && reason == null) {
                logOnce(transport, wanted, reasons);
                return rung;
            }
            reasons.add(
                    wanted == SubprocessTransport.AUTO ? nameOf(transport) + ": " + reason : String.valueOf(reason));
        }
        throw new TransportUnavailableException(wanted, String.join("; ", reasons));
    }

    /** Logs a choice that differs from the last one, so that a thousand children make one line. */
    private void logOnce(SubprocessTransport chosen, SubprocessTransport wanted, List<String> reasons) {
        String why = wanted != SubprocessTransport.AUTO
                ? "it was asked for"
                : reasons.isEmpty() ? "it is the best one" : "not available are " + String.join("; ", reasons);
        String choice = nameOf(chosen) + ": " + why;
        if (!choice.equals(lastChoice.getAndSet(choice))) {
            LOG.debug("Subprocess transport {}", choice);
        }
    }

    static String nameOf(SubprocessTransport transport) {
        return transport.name().toLowerCase(Locale.ROOT);
    }
}
