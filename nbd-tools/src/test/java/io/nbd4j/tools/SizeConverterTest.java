package io.nbd4j.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class SizeConverterTest {
    private final SizeConverter converter = new SizeConverter();

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "512, 512",
        "4k, 4096",
        "4K, 4096",
        "1m, 1048576",
        "3M, 3145728",
        "1g, 1073741824",
        "8G, 8589934592",
        "2t, 2199023255552",
        "8388607T, 9223370937343148032",
        "9223372036854775807, 9223372036854775807"
    })
    void understandsBytesAndPowersOf1024(String text, long bytes) {
        assertThat(converter.convert(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "k", "4x", "-1", "+1", "1.5k", " 1", "1 k", "4kb", "0x10", "٣"})
    void refusesWhatIsNoSize(String text) {
        assertThatThrownBy(() -> converter.convert(text))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("'" + text + "' is not a size");
    }

    @Test
    void refusesWhatOverflows() {
        assertThatThrownBy(() -> converter.convert("9223372036854775807k")).isInstanceOf(TypeConversionException.class);
        assertThatThrownBy(() -> converter.convert("9223372036854775808")).isInstanceOf(TypeConversionException.class);
    }
}
