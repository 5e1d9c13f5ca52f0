package io.nbd4j.client.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Whether polling for answers pays, as their times show. */
class PollChoiceTest {
    private static final long LIMIT = 100_000;
    private static final int FIRST_REST = PollChoice.FIRST_REST;
    private static final int TRIAL = PollChoice.SETTLING + PollChoice.TRIAL;

    private final PollChoice choice = new PollChoice(8 * LIMIT, 8);
    /** How long answers take. */
    private long polled = 30_000;

    private long slept = 50_000;
    /** One of so many answers that are polled for takes eight limits; 0 for none. */
    private int outliers;

    private int polls;

    private void answer() {
        if (choice.polls()) {
            polls++;
            choice.answered(outliers > 0 && polls % outliers == 0 ? 8 * LIMIT : polled);
        } else {
            choice.answered(slept);
        }
    }

    /** Has so many answers come, and returns how many of them were polled for. */
    private int answers(int count) {
        int before = polls;
        for (int i = 0; i < count; i++) {
            answer();
        }
        return polls - before;
    }

    /** Returns how many answers come before the next one that is awaited in the other way. */
    private int answersUntilOtherWay() {
        boolean before = choice.polls();
        int count = 0;
        while (choice.polls() == before) {
            assertThat(count).isLessThan(2 * PollChoice.MAX_REST);
            answer();
            count++;
        }
        return count;
    }

    @Test
    void pollsFirst() {
        assertThat(answers(FIRST_REST)).isEqualTo(FIRST_REST);
    }

    @Test
    void triesToSleepAndPollsOnWhereThatIsFaster() {
        answers(FIRST_REST);
        assertThat(answers(TRIAL)).as("polls of the trial").isZero();
        assertThat(answers(FIRST_REST)).as("polls after it").isEqualTo(FIRST_REST);
    }

    @Test
    void sleepsWhereThatIsFaster() {
        polled = 50_000;
        slept = 40_000;
        answers(FIRST_REST + TRIAL);
        assertThat(choice.polls()).isFalse();
    }

    @Test
    void sleepsWherePollingSparesLessThanAnEighth() {
        polled = 44_000;
        answers(FIRST_REST + TRIAL);
        assertThat(choice.polls()).isFalse();
    }

    @Test
    void pollsWherePollingSparesMoreThanAnEighth() {
        polled = 43_000;
        answers(FIRST_REST + TRIAL);
        assertThat(choice.polls()).isTrue();
    }

    @Test
    void sleepsWhereAnswersTakeLongerThanAPoll() {
        polled = 10 * LIMIT;
        slept = 10 * LIMIT;
        answers(FIRST_REST + TRIAL);
        assertThat(answers(4 * FIRST_REST)).isLessThanOrEqualTo(2 * TRIAL);
    }

    @Test
    void pollsAgainOnceThatPays() {
        polled = 60_000;
        answers(FIRST_REST + TRIAL);
        polled = 30_000;
        int later = answers(PollChoice.MAX_REST);
        assertThat(choice.polls()).isTrue();
        assertThat(later).isGreaterThan(PollChoice.MAX_REST / 2);
    }

    @Test
    void sleepsOnceThatPays() {
        answers(PollChoice.MAX_REST);
        slept = 20_000;
        answers(2 * PollChoice.MAX_REST);
        assertThat(answers(PollChoice.MAX_REST)).isLessThan(PollChoice.MAX_REST / 10);
    }

    @Test
    void trialsBecomeRareWhileTheyChangeNothing() {
        for (int rest = FIRST_REST; rest < PollChoice.MAX_REST; rest *= 2) {
            assertThat(answersUntilOtherWay()).isEqualTo(rest);
            assertThat(answersUntilOtherWay()).isEqualTo(TRIAL);
        }
        for (int i = 0; i < 2; i++) {
            assertThat(answersUntilOtherWay()).isEqualTo(PollChoice.MAX_REST);
            assertThat(answersUntilOtherWay()).isEqualTo(TRIAL);
        }
    }

    @Test
    void anotherTrialComesSoonAfterOneThatDoesNotConfirmTheChoice() {
        answers(PollChoice.MAX_REST);
        slept = 20_000;
        answersUntilOtherWay();
        answers(TRIAL);
        assertThat(choice.polls()).isTrue();
        assertThat(answersUntilOtherWay()).isEqualTo(FIRST_REST);
    }

    @Test
    void findsTheFasterWayAgainWhenTheRequestsChangeTheirKind() {
        // Given large writes, for which it sleeps
        polled = 600_000;
        slept = 600_000;
        answers(PollChoice.MAX_REST);
        assertThat(answers(PollChoice.MAX_REST)).isLessThan(2 * TRIAL);

        // When small reads follow, for which polling pays
        polled = 30_000;
        slept = 50_000;
        answers(2 * PollChoice.MAX_REST);

        // Then
        assertThat(answers(PollChoice.MAX_REST)).isGreaterThan(PollChoice.MAX_REST - 2 * TRIAL);
    }

    @Test
    void rareLateAnswersOfAPollCountAsMuchAsTheyTake() {
        // Given polls that usually end early, and sleeping that is faster on the whole
        slept = 34_000;
        outliers = 200;

        // When
        answers(4 * PollChoice.MAX_REST);

        // Then
        assertThat(answers(4 * PollChoice.MAX_REST)).isLessThan(PollChoice.MAX_REST);
    }

    @Test
    void answersThatTakeNoTimeSpoilNothing() {
        polled = 0;
        slept = 0;
        answers(PollChoice.MAX_REST);
        polled = 30_000;
        slept = 50_000;
        answers(2 * PollChoice.MAX_REST);
        assertThat(answers(PollChoice.MAX_REST)).isGreaterThan(PollChoice.MAX_REST - 2 * TRIAL);
    }

    @Test
    void oneVeryLateAnswerIsNoReasonToSleep() {
        answers(PollChoice.MAX_REST);
        choice.answered(10_000_000_000L);
        assertThat(answers(PollChoice.MAX_REST)).isGreaterThan(PollChoice.MAX_REST - 4 * TRIAL);
    }

    @Test
    void theFirstAnswersOfTheOtherWayDoNotCount() {
        answers(FIRST_REST);
        for (int i = 0; i < PollChoice.SETTLING; i++) {
            choice.answered(0);
        }
        slept = polled + 10_000;
        answers(PollChoice.TRIAL);
        assertThat(choice.polls()).isTrue();
    }
}
