package io.nbd4j.client.conformance;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.summingInt;
import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.ReflectionSupport;

/** Nothing is missing from the conformance suite: each case has a test, or waits for a feature that is named. */
class CompletenessTest {
    /** Counted, so that no case can begin to wait unnoticed. */
    private static final int WAITING = 0;

    private static final Set<String> SECTIONS_THAT_MAY_WAIT = Set.of("6.6", "6.7");

    private static final Set<String> ITEMS = Set.of("meta contexts and block status", "extended headers");
    private static final List<String> SECTIONS_WITH_TYPED_BYTES =
            List.of("6.1", "6.2", "6.4", "6.5", "6.6", "6.7", "6.8", "6.9");

    private static final Pattern SECTION = Pattern.compile("(6\\.\\d) .+");
    private static final Pattern CASE = Pattern.compile("(T\\d{3}) (.+)");
    private static final Pattern TEST_NAME = Pattern.compile("t(\\d{3})_[a-z]\\w*");

    /** The section of each case, by its number. */
    private final Map<String, String> sections = new TreeMap<>();
    /** What each waiting case waits for. */
    private final Map<String, String> waiting = new TreeMap<>();
    /** The tests of each case. */
    private final Map<String, List<Method>> tests = new TreeMap<>();

    CompletenessTest() {
        String section = "";
        for (String line : lines("cases.txt")) {
            Matcher heading = SECTION.matcher(line);
            Matcher one = CASE.matcher(line);
            if (heading.matches()) {
                section = heading.group(1);
            } else if (one.matches()) {
                assertThat(sections.put(one.group(1), section)).as(line).isNull();
            } else {
                throw new AssertionError("neither a section nor a case: " + line);
            }
        }
        for (String line : lines("waiting.txt")) {
            Matcher one = CASE.matcher(line);
            assertThat(one.matches()).as(line).isTrue();
            assertThat(waiting.put(one.group(1), one.group(2))).as(line).isNull();
        }
        String here = CompletenessTest.class.getPackageName();
        for (Class<?> type : ReflectionSupport.findAllClassesInPackage(here, found -> true, name -> true)) {
            for (Method method : type.getDeclaredMethods()) {
                Matcher name = TEST_NAME.matcher(method.getName());
                if (name.matches()) {
                    tests.computeIfAbsent("T" + name.group(1), number -> new ArrayList<>())
                            .add(method);
                }
            }
        }
    }

    private static List<String> lines(String resource) {
        try (var in = Objects.requireNonNull(CompletenessTest.class.getResourceAsStream("/conformance/" + resource))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void thereAre169Cases() {
        assertThat(sections).hasSize(169);
        assertThat(sections.values().stream().collect(groupingBy(section -> section, summingInt(one -> 1))))
                .isEqualTo(Map.of(
                        "6.1", 13, "6.2", 37, "6.3", 13, "6.4", 23, "6.5", 36, "6.6", 24, "6.7", 11, "6.8", 5, "6.9",
                        7));
    }

    @Test
    void eachCaseHasATestOrWaits() {
        Set<String> covered = Stream.concat(tests.keySet().stream(), waiting.keySet().stream())
                .collect(toCollection(TreeSet::new));
        assertThat(covered).isEqualTo(sections.keySet());
    }

    @Test
    void noCaseHasTwoTestsOrATestAndWaits() {
        tests.forEach((number, methods) -> assertThat(methods).as(number).hasSize(1));
        assertThat(waiting.keySet()).doesNotContainAnyElementsOf(tests.keySet());
    }

    @Test
    void eachTestIsRun() {
        tests.values()
                .forEach(methods -> methods.forEach(method -> {
                    assertThat(AnnotationSupport.isAnnotated(method, ParameterizedTest.class))
                            .as(method.getName())
                            .isTrue();
                    assertThat(method.getDeclaringClass().getSimpleName()).endsWith("IT");
                }));
    }

    @Test
    void theTestsOfAClassBelongToOneSection() {
        Map<Class<?>, Set<String>> sectionsOfClasses = new HashMap<>();
        tests.forEach((number, methods) -> methods.forEach(method -> sectionsOfClasses
                .computeIfAbsent(method.getDeclaringClass(), type -> new TreeSet<>())
                .add(String.valueOf(sections.get(number)))));
        assertThat(sectionsOfClasses.values())
                .allSatisfy(found -> assertThat(found).hasSize(1));
    }

    @Test
    void whatWaitsMayWaitAndIsCounted() {
        assertThat(waiting).hasSize(WAITING);
        assertThat(ITEMS).containsAll(waiting.values());
        assertThat(waiting.keySet())
                .allSatisfy(number -> assertThat(SECTIONS_THAT_MAY_WAIT).contains(sections.get(number)));
    }

    @Test
    void someTestsOfEachSectionAreTypedWithoutTheCodec() {
        for (String section : SECTIONS_WITH_TYPED_BYTES) {
            long typed = tests.entrySet().stream()
                    .filter(test -> section.equals(sections.get(test.getKey())))
                    .flatMap(test -> test.getValue().stream())
                    .filter(method -> method.isAnnotationPresent(TypedBytes.class))
                    .count();
            assertThat(typed).as(section).isGreaterThanOrEqualTo(5);
        }
    }

    @Test
    void eachTransportIsRunWithEachDelivery() {
        assertThat(Way.all().map(Way::transport)).contains(Transport.values());
        assertThat(Way.all()).hasSize(6 * 3 + 2);
        assertThat(Arrays.stream(Transport.values()).filter(Transport::isNio)).hasSize(2);
    }
}
