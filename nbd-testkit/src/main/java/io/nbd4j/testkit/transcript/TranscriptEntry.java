package io.nbd4j.testkit.transcript;

import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One line of a {@link Transcript}: either a client's message or a server's.
 *
 * @param number counts the lines of the transcript, from 1
 * @param connection counts the connections of the server, from 1
 * @param time since the transcript was begun
 * @param client what the client did, {@code null} if it was the server
 * @param server what the server said, {@code null} if it was the client
 * @param rule the rule of the fault plan that made the server say it, in its text form; {@code null} if none did
 */
public record TranscriptEntry(
        long number,
        int connection,
        Duration time,
        @Nullable ClientMessage client,
        @Nullable ServerMessage server,
        @Nullable String rule) {
    /** Refuses a line of nobody, or of both. */
    public TranscriptEntry {
        if ((client == null) == (server == null)) {
            throw new IllegalArgumentException("a line is the client's or the server's");
        }
    }

    /** Returns how many bytes the message has on the wire. */
    public long bytes() {
        if (client != null) {
            return client.bytes();
        }
        return server == null ? 0 : server.bytes();
    }

    @Override
    public String toString() {
        String line = String.format(
                Locale.ROOT,
                "%10.3f ms  #%d %s  %s",
                time.toNanos() / 1e6,
                connection,
                client == null ? "server" : "client",
                client == null ? server : client);
        String size = bytes() == 0 ? "" : " (" + bytes() + " bytes)";
        return line + size + (rule == null ? "" : " [" + rule + "]");
    }
}
