package io.nbd4j.testkit.fault;

import io.nbd4j.codec.handshake.OptionType;

/**
 * When which fault happens. A value; {@link #toString()} is its text form.
 *
 * <pre>{@code
 * when(command(READ)).nth(5).then(Fault.refuse(NbdError.EIO))
 * }</pre>
 *
 * @param matcher what of a client's doings count
 * @param schedule which of these
 * @param fault what happens
 */
public record FaultRule(Matcher matcher, Schedule schedule, Fault fault) {
    /** Refuses a fault that cannot happen there. */
    public FaultRule {
        if (!fault.stages().contains(matcher.stage())) {
            throw new IllegalArgumentException(
                    "'" + fault + "' cannot happen to " + matcher.stage().words() + hint(matcher, fault));
        }
        if (fault.kind() == Fault.Kind.PLAINTEXT_BEHIND_ACK
                && !(matcher instanceof Matcher.Option option && option.type() == OptionType.STARTTLS)) {
            throw new IllegalArgumentException("'" + fault + "' can happen to STARTTLS only");
        }
    }

    private static String hint(Matcher matcher, Fault fault) {
        if (fault.kind() == Fault.Kind.REFUSE_OPTION && matcher.stage() == Stage.COMMAND) {
            return ", which is refused with an errno such as EIO";
        }
        if (fault.kind() == Fault.Kind.REFUSE_COMMAND && matcher.stage() == Stage.OPTION) {
            return ", which is refused with an option reply such as ERR_POLICY";
        }
        return "";
    }

    /** Begins a rule. */
    public static When when(Matcher matcher) {
        return new When(matcher);
    }

    @Override
    public String toString() {
        return "on " + matcher + " " + schedule + ": " + fault;
    }

    /**
     * A rule that does not know yet which of its matches count.
     *
     * @param matcher what of a client's doings count
     */
    public record When(Matcher matcher) {
        /**
         * Only the {@code n}th match.
         *
         * @param n from 1
         */
        public Then nth(long n) {
            return new Then(matcher, new Schedule.Nth(n));
        }

        /** Each match. */
        public Then always() {
            return new Then(matcher, new Schedule.Always());
        }

        /**
         * Each match with a probability, but the same ones in each run.
         *
         * @param probability above 0, at most 1
         * @param seed any number
         */
        public Then rate(double probability, long seed) {
            return new Then(matcher, new Schedule.Rate(probability, seed));
        }
    }

    /**
     * A rule that lacks its fault.
     *
     * @param matcher what of a client's doings count
     * @param schedule which of these
     */
    public record Then(Matcher matcher, Schedule schedule) {
        /**
         * Completes the rule.
         *
         * @throws IllegalArgumentException if such a fault cannot happen there
         */
        public FaultRule then(Fault fault) {
            return new FaultRule(matcher, schedule, fault);
        }
    }
}
