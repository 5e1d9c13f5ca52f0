package io.nbd4j.tools.scale;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DescriptorsTest {
    @Test
    void aFewConnectionsFitEverywhere() {
        assertThat(Descriptors.obstacle(1)).isEmpty();
    }

    @Test
    void thoseThatAreOpenAlreadyAndSomeMoreCountToo() {
        assertThat(Descriptors.obstacle(1000, 36, 1100)).isEmpty();
        assertThat(Descriptors.obstacle(1001, 36, 1100))
                .hasValue("needs 1,101 open files, where the limit is 1,100 (ulimit -Hn)");
    }
}
