package io.nbd4j.testkit.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.nbd4j.testkit.page.DiskClient;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NbdServerIT {
    @BeforeEach
    void forget() {
        NbdServerSamples.USED.clear();
    }

    @Test
    void eachElementHasAServerWhichIsClosedAfterItsTestOrClass() {
        // Given // When
        EngineRun run = EngineRun.of(NbdServerSamples.Everywhere.class);

        // Then
        assertThat(run.failed).isEmpty();
        assertThat(run.successful)
                .contains("one(TestServer, TestServer)", "each of many 1", "each of many 2", "hasThoseAroundIt()");
        // 3 of the class; 4 of each test, 1 more of a parameterised one or in the nested class, 2 more of the other.
        assertThat(NbdServerSamples.USED).hasSize(3 + 4 * 4 + 3 + 2);
        assertAllAreClosed();
    }

    @Test
    void oneInstanceHasTheServerOfItsConstructorAndEachTestThatOfAField() {
        // Given // When
        EngineRun run = EngineRun.of(NbdServerSamples.OneInstance.class);

        // Then
        assertThat(run.failed).isEmpty();
        assertThat(NbdServerSamples.USED).hasSize(3);
        assertAllAreClosed();
    }

    @Test
    void testsInParallelDoNotMeet() {
        // Given // When
        EngineRun run = EngineRun.of(
                NbdServerSamples.InParallel.class,
                Map.of(
                        "junit.jupiter.execution.parallel.enabled", "true",
                        "junit.jupiter.execution.parallel.config.strategy", "fixed",
                        "junit.jupiter.execution.parallel.config.fixed.parallelism", "2"));

        // Then
        assertThat(run.failed).isEmpty();
        assertThat(run.successful).contains("has its own 1", "has its own 2");
        assertThat(NbdServerSamples.USED).hasSize(4);
        assertAllAreClosed();
    }

    @Test
    void attributesAreHeeded() {
        // Given // When
        EngineRun run = EngineRun.of(NbdServerSamples.Settings.class);

        // Then
        assertThat(run.failed).isEmpty();
        assertThat(NbdServerSamples.TwoDisks.OPEN).hasValue(0);
    }

    @Test
    void whatCannotBeIsSaidInOneLine() {
        // Given // When
        EngineRun run = EngineRun.of(NbdServerSamples.Contradictions.class);

        // Then
        assertFails(run, "tlsWithOldstyle(TestServer)", "there is no TLS with OLDSTYLE");
        assertFails(run, "nameWithOldstyle(TestServer)", "an oldstyle server has no names of exports");
        assertFails(run, "negativeSize(TestServer)", "size -1 is negative");
        assertFails(run, "implausibleSizes(TestServer)", "implausible sizes: ");
        assertFails(
                run, "sizeOfConfigured(TestServer)", "exportName, size, content and readOnly say what TwoDisks has");
        assertFails(run, "configuredInVain(TestServer)", "no such disk");
        assertFails(run, "configuredByNobody(TestServer)", "NeedsAnArgument has no constructor without parameters");
        assertFails(run, "wrongType(String)", "the type is String, not TestServer");
        assertThat(run.failed).hasSize(8);
        assertThat(NbdServerSamples.TwoDisks.OPEN).hasValue(0);
    }

    private static void assertFails(EngineRun run, String test, String why) {
        String name = test.substring(0, test.indexOf('('));
        assertThat(run.failure(test))
                .hasMessageContaining("@NbdServer on parameter 'server' of Contradictions." + name + ": " + why)
                .extracting(Throwable::getMessage)
                .asString()
                .hasLineCount(1);
    }

    @Test
    void aFieldThatIsFinalIsNamed() {
        // Given // When
        EngineRun run = EngineRun.of(NbdServerSamples.FinalField.class);

        // Then
        assertThat(run.failure("isNotReached()")).hasMessage("field 'server' of FinalField is final");
    }

    @Test
    void aFailureCarriesWhatTheServersOfTheTestAndItsClassHaveHeardAndSaid() {
        // Given // When
        EngineRun run = EngineRun.of(NbdServerSamples.Failing.class);

        // Then
        Throwable failure = run.failure("fails(TestServer)");
        assertThat(failure).hasMessage("on purpose");
        assertThat(failure.getSuppressed()).hasSize(2);
        assertThat(failure.getSuppressed()[0].getMessage())
                .startsWith("parameter 'server' of Failing.fails:\n")
                .contains("client  EXPORT_NAME", "client  READ", "simple reply ok");
        assertThat(failure.getSuppressed()[1]).hasMessage("field 'ofTheClass' of Failing:\nno client has come\n");
        assertThat(run.reported.get("fails(TestServer)"))
                .containsOnlyKeys("parameter 'server' of Failing.fails", "field 'ofTheClass' of Failing");
        assertThat(run.reported).containsOnlyKeys("fails(TestServer)");
        assertThat(run.failure("isAborted(TestServer)").getSuppressed()).isEmpty();
    }

    @Test
    void aRuleThatHasDoneNothingFailsItsTestOrItsClass() {
        // Given // When
        EngineRun run = EngineRun.of(NbdServerSamples.Faulty.class);
        EngineRun ofClass = EngineRun.of(NbdServerSamples.FaultyClass.class);

        // Then
        assertThat(run.failed).containsOnlyKeys("theRuleDoesNot(TestServer)", "isNoRule(TestServer)");
        assertThat(run.failure("theRuleDoesNot(TestServer)"))
                .hasMessage(
                        "parameter 'server' of Faulty.theRuleDoesNot: the rule 'on WRITE nth 1: refuse EIO (0 matches)'"
                                + " has done nothing");
        assertThat(run.failure("theRuleDoesNot(TestServer)").getSuppressed()[0])
                .hasMessageContaining("client  READ")
                .hasMessageContaining("has done nothing: on WRITE nth 1: refuse EIO (0 matches)");
        assertThat(run.failure("isNoRule(TestServer)"))
                .hasMessageEndingWith("@NbdServer on parameter 'server' of Faulty.isNoRule: fault rule"
                        + " 'on READ sometimes: refuse EIO', column 9: 'sometimes' is none of 'nth N', 'always' or"
                        + " 'rate P seed S'");
        assertThat(ofClass.failed).containsOnlyKeys("FaultyClass");
    }

    @Test
    void serversOfAClassAndATestLeaveNoBuffers() {
        // Given // When
        EngineRun run = EngineRun.of(NbdServerSamples.WithLeakPresence.class);

        // Then
        assertThat(run.failed).isEmpty();
        assertThat(run.successful).contains("releasesAllOfIt(TestServer)", "WithLeakPresence");
    }

    private static void assertAllAreClosed() {
        for (String uri : List.copyOf(NbdServerSamples.USED)) {
            assertThatIOException().as(uri).isThrownBy(() -> DiskClient.connect(uri));
        }
    }
}
