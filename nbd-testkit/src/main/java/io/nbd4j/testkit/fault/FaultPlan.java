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
 * <p>Each rule counts what it matches, over all connections. If several rules would fire at once, the first one does. Any
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
     * Creates a plan from rules in their text form, such as {@code on READ nth 5: refuse EIO}.
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
