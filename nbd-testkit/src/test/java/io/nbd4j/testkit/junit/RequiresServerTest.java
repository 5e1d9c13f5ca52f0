package io.nbd4j.testkit.junit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

/** The nested classes are not run by the build but by these tests: some of them must fail. */
@ResourceLock(Resources.SYSTEM_PROPERTIES)
class RequiresServerTest {
    private final String before = System.getProperty(RequiresServer.PROPERTY, "");

    @BeforeEach
    void makeServersOptional() {
        System.clearProperty(RequiresServer.PROPERTY);
    }

    @AfterEach
    void restore() {
        System.setProperty(RequiresServer.PROPERTY, before);
    }

    @Test
    void skipsAMethodAndNamesWhatIsMissing() {
        // Given // When
        EngineRun run = EngineRun.of(OnMethods.class);

        // Then
        assertThat(run.skipped)
                .containsOnlyKeys("needsWhatIsNotThere()")
                .hasValueSatisfying(
                        new org.assertj.core.api.Condition<>(r -> r.contains("no-such-server"), "names the program"));
        assertThat(run.successful).contains("needsAShell()");
    }

    @Test
    void skipsAClass() {
        // Given // When
        EngineRun run = EngineRun.of(OnClass.class);

        // Then
        assertThat(run.skipped).containsOnlyKeys("OnClass");
    }

    @Test
    void reachesTheSubclassesOfAnAbstractTest() {
        // Given // When
        EngineRun run = EngineRun.of(Subclass.class);

        // Then
        assertThat(run.skipped).containsOnlyKeys("Subclass");
    }

    @Test
    void failsWhenServersAreRequired() {
        // Given
        System.setProperty(RequiresServer.PROPERTY, RequiresServer.REQUIRED);

        // When
        EngineRun run = EngineRun.of(OnMethods.class);

        // Then
        assertThat(run.skipped).isEmpty();
        assertThat(run.failed).containsOnlyKeys("needsWhatIsNotThere()");
        assertThat(run.failure("needsWhatIsNotThere()")).hasStackTraceContaining("no-such-server");
        assertThat(run.successful).contains("needsAShell()");
    }

    static class OnMethods {
        @Test
        @RequiresServer("sh")
        void needsAShell() {}

        @Test
        @RequiresServer({"sh", "no-such-server"})
        void needsWhatIsNotThere() {}
    }

    @RequiresServer("no-such-server")
    static class OnClass {
        @Test
        void isNotReached() {}
    }

    @RequiresServer("no-such-server")
    abstract static class Contract {
        @Test
        void isNotReached() {}
    }

    static class Subclass extends Contract {}
}
