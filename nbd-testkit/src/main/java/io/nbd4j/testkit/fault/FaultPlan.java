package io.nbd4j.testkit.fault;

import io.nbd4j.testkit.transcript.ClientMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The faults of a server, as a list of rules, and what has become of them.
 *
 * <p>Each rule counts what it matches, over all connections, in the order in which the server sees it: what happens on two
 * connections at the same time has no order. If several rules would fire at once, the first one does. Any
 * thread may use a plan. Its counts go on when it is given to another server.
 */
public final class FaultPlan {
    private final List<Counted> rules;

    private FaultPlan(List<FaultRule> rules) {
        this.rules = rules.stream().map(Counted::new).toList();
    }

    /** Creates a plan. */
    public static FaultPlan of(FaultRule... rules) {
        return new FaultPlan(List.of(rules));
    }

    /** Creates a plan. */
    public static FaultPlan of(List<FaultRule> rules) {
        return new FaultPlan(List.copyOf(rules));
    }

    /**
     * Creates a plan from rules in their text form, {@code on WHAT WHEN: FAULT}, such as
     * {@code on READ nth 5: refuse EIO}. Words are read whatever their case; a text stands in single quotes, where a quote
     * is doubled.
     *
     * <table>
     * <caption>WHAT</caption>
     * <tr><td>{@code CONNECT}</td><td>a new connection; the fault happens to the greeting</td></tr>
     * <tr><td>{@code GO}, {@code LIST}, … or {@code OPTION}</td><td>an option of the specification, or any</td></tr>
     * <tr><td>{@code GO export 'name'}</td><td>an option that names this export</td></tr>
     * <tr><td>{@code READ}, {@code WRITE}, … or {@code COMMAND}</td><td>a command, or any but {@code DISC}</td></tr>
     * <tr><td>{@code READ at 1m+4096}</td><td>a command that touches this range, offset and length</td></tr>
     * <tr><td>{@code WRITE with FUA}</td><td>a command that has this flag; {@code with} may be repeated</td></tr>
     * </table>
     *
     * <table>
     * <caption>WHEN, counted for each rule over all connections</caption>
     * <tr><td>{@code nth 5}</td><td>once</td></tr>
     * <tr><td>{@code always}</td><td>each time</td></tr>
     * <tr><td>{@code rate 0.01 seed 7}</td><td>with this probability, but the same ones in each run</td></tr>
     * </table>
     *
     * <table>
     * <caption>FAULT</caption>
     * <tr><td>{@code refuse EIO 'text'}</td><td>{@link RefuseCommand}; the text may be left out</td></tr>
     * <tr><td>{@code refuse ERR_POLICY 'text'}</td><td>{@link RefuseOption}; the text may be left out</td></tr>
     * <tr><td>{@code delay 200ms}</td><td>{@link Delay}; the units are s, ms, us and ns</td></tr>
     * <tr><td>{@code hold}</td><td>{@link Hold}, until {@link #release()}</td></tr>
     * <tr><td>{@code silence}</td><td>{@link Silence}</td></tr>
     * <tr><td>{@code drop}, {@code reset}, {@code half-close}</td>
     *     <td>{@link Drop}, {@link Reset}, {@link HalfClose}</td></tr>
     * <tr><td>{@code truncate 20}</td><td>{@link Truncate}, after so many bytes</td></tr>
     * <tr><td>{@code wrong cookie}, {@code wrong magic}</td>
     *     <td>{@link WrongCookie}, {@link WrongMagic}</td></tr>
     * <tr><td>{@code wrong length +8}</td><td>{@link WrongLength}</td></tr>
     * <tr><td>{@code oversized length 0xfffffff0}</td>
     *     <td>{@link OversizedLength}; the number may be left out</td></tr>
     * <tr><td>{@code reorder 3}</td><td>{@link Reorder}, behind so many answers</td></tr>
     * <tr><td>{@code duplicate}</td><td>{@link Duplicate}</td></tr>
     * <tr><td>{@code split 512}, {@code merge}, {@code overlap}, {@code omit}</td>
     *     <td>{@link SplitChunks}, {@link MergeChunks}, {@link OverlapChunks},
     *     {@link OmitChunk}</td></tr>
     * <tr><td>{@code error after data EIO 'text'}</td><td>{@link ErrorAfterData}</td></tr>
     * <tr><td>{@code unknown chunk 7 length 4}, {@code unknown reply 5}, {@code unknown info 99}</td>
     *     <td>{@link UnknownChunk}, {@link UnknownOptionReply}, {@link UnknownInfo}; without a length it
     *     is 4</td></tr>
     * <tr><td>{@code plaintext}</td><td>{@link PlaintextBehindAck}, of STARTTLS only</td></tr>
     * <tr><td>{@code append 00ff}</td><td>{@link Append}</td></tr>
     * </table>
     *
     * @throws IllegalArgumentException if one cannot be parsed; the message is one line and says what is wrong, and where
     */
    public static FaultPlan parse(String... rules) {
        return new FaultPlan(Stream.of(rules).map(FaultParser::parse).toList());
    }

    /** Returns the rules, in order. */
    public List<FaultRule> rules() {
        return rules.stream().map(counted -> counted.rule).toList();
    }

    /** Returns whether there are no rules. */
    public boolean isEmpty() {
        return rules.isEmpty();
    }

    /**
     * Returns the rules that have done nothing so far, each in one line: its text form, how often it matched, and, if it
     * fired in vain, why.
     */
    public List<String> unusedRules() {
        List<String> unused = new ArrayList<>();
        for (Counted counted : rules) {
            if (counted.applied.get() == 0) {
                unused.add(counted.describe());
            }
        }
        return unused;
    }

    /** Releases what the rules with {@code hold} hold, and lets all pass from now on. */
    public void release() {
        for (Counted counted : rules) {
            if (counted.rule.fault() instanceof Hold hold) {
                hold.release();
            }
        }
    }

    /**
     * Called by the server: counts what a client did for each rule that is about it, and returns the first rule that
     * fires, {@code null} if none does.
     */
    public @Nullable FaultRule next(ClientMessage message) {
        FaultRule first = null;
        for (Counted counted : rules) {
            if (counted.rule.matcher().matches(message)) {
                long match = counted.matches.incrementAndGet();
                if (first == null && counted.rule.schedule().firesAt(match)) {
                    first = counted.rule;
                }
            }
        }
        return first;
    }

    /** Called by the server: the fault of a rule has happened. */
    public void applied(FaultRule rule) {
        counted(rule).applied.incrementAndGet();
    }

    /** Called by the server: a rule has fired, but its fault made no sense for the answer. */
    public void inapplicable(FaultRule rule, String reason) {
        counted(rule).inapplicable = reason;
    }

    @SuppressWarnings("ReferenceEquality") // Two equal rules are two rules.
    private Counted counted(FaultRule rule) {
        for (Counted counted : rules) {
            if (counted.rule == rule) {
                return counted;
            }
        }
        throw new IllegalArgumentException("a rule of another plan: " + rule);
    }

    @Override
    public String toString() {
        return rules().toString();
    }

    private static final class Counted {
        final FaultRule rule;
        final AtomicLong matches = new AtomicLong();
        final AtomicLong applied = new AtomicLong();
        volatile @Nullable String inapplicable;

        Counted(FaultRule rule) {
            this.rule = rule;
        }

        String describe() {
            String reason = inapplicable;
            return rule + " (" + matches + (matches.get() == 1 ? " match" : " matches")
                    + (reason == null ? "" : "; " + reason) + ")";
        }
    }
}
