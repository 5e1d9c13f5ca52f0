package io.nbd4j.testkit.transcript;

import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.handshake.OptionType;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What was said on the connections of a server, both ways, in order. {@link #toString()} is made for failure messages.
 *
 * <p>With TLS it is what was said inside of it. A message of the server that a fault has changed or made names the rule.
 * Only a bounded number of messages is kept, the latest ones; {@link #dropped()} says how many are gone. Any thread may
 * use it, also while the server runs; what it returns are snapshots.
 */
public final class Transcript {
    /** How many messages are kept by default. */
    public static final int DEFAULT_CAPACITY = 1000;

    private final long start = System.nanoTime();
    private final int capacity;
    private final ConcurrentLinkedQueue<TranscriptEntry> entries = new ConcurrentLinkedQueue<>();
    private final AtomicLong numbers = new AtomicLong();
    private final AtomicInteger kept = new AtomicInteger();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicLong bytesAfterDisc = new AtomicLong();
    private final AtomicLong plaintextAfterStarttls = new AtomicLong();

    /**
     * Begins a transcript.
     *
     * @param capacity how many messages to keep, at least 1
     */
    public Transcript(int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("a transcript of " + capacity + " messages");
        }
        this.capacity = capacity;
    }

    /** Returns the messages that are kept, in order. */
    public List<TranscriptEntry> entries() {
        return entries.stream()
                .sorted(Comparator.comparingLong(TranscriptEntry::number))
                .toList();
    }

    /** Returns how many messages are not kept any more. */
    public long dropped() {
        return numbers.get() - kept.get();
    }

    /** Returns how many clients have connected. */
    public int connections() {
        return connections.get();
    }

    /** Returns the requests of the transmission phase that are kept. */
    public List<ClientMessage.Request> requests() {
        return of(ClientMessage.Request.class).toList();
    }

    /** Returns the requests of one command that are kept. */
    public List<ClientMessage.Request> requests(CommandType type) {
        return of(ClientMessage.Request.class)
                .filter(request -> request.type() == type)
                .toList();
    }

    /** Returns the types of the options that were asked, in order, as far as they are kept. */
    public List<OptionType> options() {
        return of(ClientMessage.Option.class).map(ClientMessage.Option::type).toList();
    }

    /** Returns the requests of one option that are kept. */
    public List<ClientMessage.Option> options(OptionType type) {
        return of(ClientMessage.Option.class)
                .filter(option -> option.type() == type)
                .toList();
    }

    /** Returns what the server said, as far as it is kept. */
    public List<ServerMessage> answers() {
        return entries().stream()
                .map(TranscriptEntry::server)
                .filter(Objects::nonNull)
                .toList();
    }

    /** Returns the messages that a rule has changed or made, as far as they are kept. */
    public List<TranscriptEntry> faults() {
        return entries().stream().filter(entry -> entry.rule() != null).toList();
    }

    /** Returns how many bytes clients have sent behind DISC. The specification wants none. */
    public long bytesAfterDisc() {
        return bytesAfterDisc.get();
    }

    /** Returns how many bytes clients have sent behind STARTTLS without waiting for its answer. None are allowed. */
    public long plaintextAfterStarttls() {
        return plaintextAfterStarttls.get();
    }

    private <T extends ClientMessage> Stream<T> of(Class<T> type) {
        return entries().stream()
                .map(TranscriptEntry::client)
                .filter(type::isInstance)
                .map(type::cast);
    }

    /** Called by the server: begins a connection and returns its number. */
    public int connected() {
        return connections.incrementAndGet();
    }

    /** Called by the server: adds what a client did. */
    public void add(int connection, ClientMessage message) {
        add(connection, message, null, null);
    }

    /**
     * Called by the server: adds what it said.
     *
     * @param rule the rule that made it say that, {@code null} if none did
     */
    public void add(int connection, ServerMessage message, @Nullable String rule) {
        add(connection, null, message, rule);
    }

    /** Called by the server: counts bytes behind DISC. */
    public void addBytesAfterDisc(long bytes) {
        bytesAfterDisc.addAndGet(bytes);
    }

    /** Called by the server: counts bytes behind STARTTLS. */
    public void addPlaintextAfterStarttls(long bytes) {
        plaintextAfterStarttls.addAndGet(bytes);
    }

    private void add(
            int connection, @Nullable ClientMessage client, @Nullable ServerMessage server, @Nullable String rule) {
        Duration time = Duration.ofNanos(System.nanoTime() - start);
        entries.add(new TranscriptEntry(numbers.incrementAndGet(), connection, time, client, server, rule));
        if (kept.incrementAndGet() > capacity) {
            entries.poll();
            kept.decrementAndGet();
        }
    }

    /** Returns one line per message. */
    @Override
    public String toString() {
        StringBuilder out = new StringBuilder();
        if (dropped() > 0) {
            out.append("... ").append(dropped()).append(" earlier messages are not kept\n");
        }
        entries().forEach(entry -> out.append(entry).append('\n'));
        return out.toString();
    }
}
