package io.nbd4j.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ServerTextTest {
    @Test
    void leavesVisibleTextAsItIs() {
        assertThat(ServerText.escape("export 'été 漢字 \uD83D\uDCBE' not present", 100))
                .isEqualTo("export 'été 漢字 \uD83D\uDCBE' not present");
    }

    @Test
    void escapesWhatCouldForgeALineOrReorderIt() {
        assertThat(ServerText.escape("a\r\n\tb\0\u001b[2J\u007f\u0085\u2028\u202e\uFEFF\uD800\\n", 200))
                .isEqualTo("a\\r\\n\\tb\\x00\\x1b[2J\\x7f\\u{85}\\u{2028}\\u{202e}\\u{feff}\\u{d800}\\\\n");
    }

    @Test
    void cutsAtTheLimitWithoutSplittingAnEscape() {
        assertThat(ServerText.escape("abcdef", 6)).isEqualTo("abcdef");
        assertThat(ServerText.escape("abcdefg", 6)).isEqualTo("abc...");
        assertThat(ServerText.escape("ab\0cdef", 6)).isEqualTo("ab...");
        assertThat(ServerText.escape("\0\0\0", 3)).isEqualTo("...");
    }

    @Test
    void keepsTheLimitForEveryLength() {
        String text = "a\u001b\u202e\uD83D\uDCBE\\é".repeat(20);
        for (int limit = 3; limit < 400; limit++) {
            assertThat(ServerText.escape(text, limit)).hasSizeLessThanOrEqualTo(limit);
        }
    }

    @Test
    void showsBytesAsAsciiAndEscapes() {
        byte[] bytes = "usage: x\n".getBytes(StandardCharsets.US_ASCII);
        assertThat(ServerText.escape(bytes, 100)).isEqualTo("usage: x\\n");
        assertThat(ServerText.escape(new byte[] {(byte) 0xff, 0, '\\', 'a', 0x7f}, 100))
                .isEqualTo("\\xff\\x00\\\\a\\x7f");
    }
}
