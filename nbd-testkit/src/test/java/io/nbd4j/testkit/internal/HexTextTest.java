package io.nbd4j.testkit.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HexTextTest {
    @Test
    void readsDigitsTextRepeatsAndComments() {
        assertThat(HexText.parse("00 ff7f # a comment\n 'NBD' 01*3 '' 'ü'"))
                .isEqualTo(new byte[] {0, -1, 127, 'N', 'B', 'D', 1, 1, 1, (byte) 0xc3, (byte) 0xbc});
        assertThat(HexText.parse("0102*3")).isEqualTo(new byte[] {1, 2, 2, 2});
        assertThat(HexText.parse("")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "00 0", "xy", "'open", "00*", "00*-1"})
    void refusesWhatIsNoHex(String text) {
        assertThatThrownBy(() -> HexText.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void showsBytesInGroupsUpToALimit() {
        assertThat(HexText.show(new byte[] {1, 2, 3, 4, 5, -1}, 6)).isEqualTo("01020304 05ff");
        assertThat(HexText.show(new byte[] {1, 2, 3, 4, 5, -1}, 2)).isEqualTo("0102 ... (6 bytes)");
    }
}
