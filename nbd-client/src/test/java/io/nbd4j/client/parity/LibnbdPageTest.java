package io.nbd4j.client.parity;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Holds docs/libnbd.md to the code: no call and no test of libnbd is missing, and each has a counterpart or a reason. */
class LibnbdPageTest {
    private static final String CALLS = "Calls: ";
    private static final String TESTS = "Tests: ";
    private static final int THEIRS = 0;
    private static final int HERE = 1;
    private static final int NOTE = 2;
    private static final int DIFFERENCE_TEST = 3;
    private static final int SHORTEST_REASON = 20;

    private final Page page = Page.ofDocs("libnbd.md");
    private final CodeIndex code = new CodeIndex();

    @Test
    void eachNameStandsForSomething() {
        assertThat(page.names()).hasSizeGreaterThan(200);
        assertThat(page.names().stream().map(code::problemWith).flatMap(Optional::stream))
                .isEmpty();
    }

    @Test
    void eachCallIsNamedOnce() {
        List<String> calls = Names.of("libnbd-calls.txt");
        assertThat(calls).hasSize(160);
        assertThat(page.rowsOf(CALLS).stream().flatMap(row -> row.codes(THEIRS).stream()))
                .containsExactlyInAnyOrderElementsOf(calls);
    }

    @Test
    void eachTestIsNamedOnce() {
        List<String> tests = Names.of("libnbd-tests.txt");
        assertThat(page.rowsOf(TESTS).stream().flatMap(row -> row.codes(THEIRS).stream()))
                .containsExactlyInAnyOrderElementsOf(tests);
    }

    @Test
    void eachCallHasACounterpartOrAReason() {
        assertThat(page.rowsOf(CALLS).stream().filter(LibnbdPageTest::saysNothing))
                .isEmpty();
    }

    @Test
    void eachTestHasACounterpartOrAReason() {
        List<Page.Row> rows = page.rowsOf(TESTS);
        assertThat(rows.stream().filter(LibnbdPageTest::saysNothing)).isEmpty();
        assertThat(rows.stream().flatMap(row -> row.names(HERE).stream()).filter(test -> !code.isTest(test)))
                .isEmpty();
    }

    @Test
    void eachDifferenceHasATest() {
        List<Page.Row> rows = page.rowsOf("Deliberate differences");
        assertThat(rows).hasSizeGreaterThan(20);
        assertThat(rows.stream()
                        .filter(row -> row.names(DIFFERENCE_TEST).isEmpty()
                                || !row.names(DIFFERENCE_TEST).stream().allMatch(code::isTest)))
                .isEmpty();
    }

    private static boolean saysNothing(Page.Row row) {
        return row.names(HERE).isEmpty() && row.cell(NOTE).length() < SHORTEST_REASON;
    }
}
