package io.nbd4j.testkit.fault;

import java.util.Locale;

/** Which of its matches a rule fires at. A value. */
public sealed interface Schedule {
    /**
     * Returns whether a rule fires.
     *
     * @param match the number of the match, from 1, counted over all connections
     */
    boolean firesAt(long match);

    /**
     * Once.
     *
     * @param n the match, from 1
     */
    record Nth(long n) implements Schedule {
        /** Checks the number. */
        public Nth {
            if (n < 1) {
                throw new IllegalArgumentException("nth " + n + "; the first match is 1");
            }
        }

        @Override
        public boolean firesAt(long match) {
            return match == n;
        }

        @Override
        public String toString() {
            return "nth " + n;
        }
    }

    /** At each match. */
    record Always() implements Schedule {
        @Override
        public boolean firesAt(long match) {
            return true;
        }

        @Override
        public String toString() {
            return "always";
        }
    }

    /**
     * By chance. The same seed gives the same sequence: which matches fire depends on their numbers only.
     *
     * @param probability above 0, at most 1
     * @param seed any number
     */
    record Rate(double probability, long seed) implements Schedule {
        /** Checks the probability. */
        public Rate {
            if (!(probability > 0 && probability <= 1)) {
                throw new IllegalArgumentException("a rate of " + probability + "; it is above 0 and at most 1");
            }
        }

        @Override
        public boolean firesAt(long match) {
            // The generator of SplittableRandom, at its match-th step.
            long z = seed + match * 0x9e37_79b9_7f4a_7c15L;
            z = (z ^ z >>> 30) * 0xbf58_476d_1ce4_e5b9L;
            z = (z ^ z >>> 27) * 0x94d0_49bb_1331_11ebL;
            z ^= z >>> 31;
            return (z >>> 11) * 0x1.0p-53 < probability;
        }

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "rate %s seed %d", probability, seed);
        }
    }
}
