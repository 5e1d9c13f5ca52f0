package io.nbd4j.codec.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class WireBytesTest {
    @Test
    void readsHexTextRepetitionsAndComments() {
        assertThat(WireBytes.parse("0a FF 'aé' # ignored 00\n 01*3 02"))
                .containsExactly(0x0a, 0xff, 'a', 0xc3, 0xa9, 1, 1, 1, 2);
    }

    @Test
    void refusesHalfAByte() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> WireBytes.parse("0a b"))
                .withMessageContaining("b");
    }
}
