package io.nbd4j.testkit.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.testkit.fault.Fault;
import io.nbd4j.testkit.fault.FaultPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Holds docs/testkit.md to what is compiled and run. */
class TestkitPageTest {
    private static final Path PAGE = Path.of("..", "docs", "testkit.md");
    private static final Path EXAMPLES =
            Path.of("src", "test", "java", "io", "nbd4j", "testkit", "page", "TestkitExamplesIT.java");

    @Test
    void eachJavaSnippetStandsInTheExamples() throws IOException {
        // Given
        String examples = Files.readString(EXAMPLES);
        List<String> snippets = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(PAGE))
                .results()
                .map(snippet -> snippet.group(1))
                .toList();

        // When // Then
        assertThat(snippets).hasSizeGreaterThan(10);
        assertThat(snippets)
                .allMatch(snippet -> IntStream.iterate(0, indentation -> indentation + 4)
                        .limit(10)
                        .anyMatch(indentation -> examples.contains(snippet.indent(indentation))));
    }

    @Test
    void theTableHasARuleForEachFault() throws IOException {
        // Given
        Set<Fault.Kind> shown = EnumSet.noneOf(Fault.Kind.class);
        Matcher rules =
                Pattern.compile("^\\| `(on [^`]+)` \\|", Pattern.MULTILINE).matcher(Files.readString(PAGE));

        // When
        while (rules.find()) {
            FaultPlan.parse(rules.group(1))
                    .rules()
                    .forEach(rule -> shown.add(rule.fault().kind()));
        }

        // Then
        assertThat(shown).isEqualTo(EnumSet.allOf(Fault.Kind.class));
    }
}
