package io.nbd4j.client.parity;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds docs/protocol-coverage.md to the code: no constant is missing, none has another value, and each has its test. */
class ProtocolCoverageTest {
    private static final int CONSTANT = 0;
    private static final int VALUE = 1;
    private static final int HERE = 2;
    private static final int TEST = 3;
    private static final int STATUS = 4;
    private static final int SHORTEST_REASON = 20;

    private final Page page = Page.ofDocs("protocol-coverage.md");
    private final CodeIndex code = new CodeIndex();

    @Test
    void eachNameStandsForSomething() {
        assertThat(page.names()).hasSizeGreaterThan(150);
        assertThat(page.names().stream().map(code::problemWith).flatMap(Optional::stream))
                .isEmpty();
    }

    @Test
    void eachConstantOfTheSpecificationHasOneRow() {
        assertThat(page.rows().stream().flatMap(row -> row.codes(CONSTANT).stream()))
                .containsExactlyInAnyOrderElementsOf(Names.of("protocol-constants.txt"));
    }

    @Test
    void eachConstantOfTheCodecHasARow() throws ClassNotFoundException {
        // Given
        Set<String> rows =
                page.rows().stream().flatMap(row -> row.names(HERE).stream()).collect(Collectors.toSet());
        List<String> constants = code.mainClassesOf("nbd-codec").stream()
                .flatMap(ProtocolCoverageTest::constantsOf)
                .toList();

        // When // Then
        assertThat(constants).hasSizeGreaterThan(90);
        assertThat(rows).containsAll(constants);
    }

    /** Returns the constants of an enum, and numbers that are public. */
    private static Stream<String> constantsOf(String name) {
        try {
            Class<?> type = Class.forName(name, false, ProtocolCoverageTest.class.getClassLoader());
            return Modifier.isPublic(type.getModifiers())
                    ? Arrays.stream(type.getDeclaredFields())
                            .filter(ProtocolCoverageTest::isConstant)
                            .map(field -> type.getSimpleName() + "#" + field.getName())
                    : Stream.empty();
        } catch (ClassNotFoundException e) {
            throw new AssertionError(e);
        }
    }

    private static boolean isConstant(Field field) {
        int modifiers = field.getModifiers();
        boolean number = (field.getType() == int.class || field.getType() == long.class)
                && Modifier.isPublic(modifiers)
                && Modifier.isStatic(modifiers)
                && Modifier.isFinal(modifiers);
        return field.isEnumConstant() || number;
    }

    @Test
    void eachConstantHasTheValueOfTheSpecification() {
        // Given
        List<Page.Row> rows = page.rows().stream()
                .filter(row -> row.cell(VALUE).matches("(?:0x[0-9a-f]+|\\d+)"))
                .filter(row -> row.names(HERE).stream().limit(1).anyMatch(name -> name.matches(".*#[A-Z_]+")))
                .toList();

        // When // Then
        assertThat(rows).hasSizeGreaterThan(80);
        assertThat(rows.stream().filter(row -> !hasItsValue(row))).isEmpty();
    }

    private boolean hasItsValue(Page.Row row) {
        return code.wireValueOf(row.names(HERE).get(0)).equals(Optional.of(numberOf(row.cell(VALUE))));
    }

    private static long numberOf(String text) {
        return text.startsWith("0x") ? Long.parseUnsignedLong(text.substring(2), 16) : Long.parseLong(text);
    }

    @Test
    void eachRowHasATestOrSaysWhyNot() {
        assertThat(page.rows().stream().flatMap(row -> row.names(TEST).stream()).filter(test -> !code.isTest(test)))
                .isEmpty();
        assertThat(page.rows().stream()
                        .filter(row -> row.names(TEST).isEmpty())
                        .filter(row -> row.cell(STATUS).length() < SHORTEST_REASON))
                .isEmpty();
    }
}
