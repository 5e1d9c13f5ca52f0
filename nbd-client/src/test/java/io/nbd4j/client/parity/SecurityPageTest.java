package io.nbd4j.client.parity;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Holds docs/security.md to the code: what it promises has a test. */
class SecurityPageTest {
    private static final int TEST = 2;

    private final Page page = Page.ofDocs("security.md");
    private final CodeIndex code = new CodeIndex();

    @Test
    void eachNameStandsForSomething() {
        assertThat(page.names()).hasSizeGreaterThan(30);
        assertThat(page.names().stream().map(code::problemWith).flatMap(Optional::stream))
                .isEmpty();
    }

    @Test
    void eachPromiseHasATest() {
        assertThat(page.rowsOf("Promises")).hasSizeGreaterThan(8).allMatch(this::hasTests);
    }

    @Test
    void eachPastIssueOfLibnbdHasATest() {
        assertThat(page.rowsOf("Past issues")).hasSizeGreaterThan(10).allMatch(this::hasTests);
    }

    private boolean hasTests(Page.Row row) {
        return !row.names(TEST).isEmpty() && row.names(TEST).stream().allMatch(code::isTest);
    }
}
