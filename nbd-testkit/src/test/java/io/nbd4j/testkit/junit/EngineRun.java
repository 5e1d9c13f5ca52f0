package io.nbd4j.testkit.junit;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.reporting.ReportEntry;
import org.junit.platform.launcher.EngineFilter;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs a test class inside a test, and says what became of it. */
final class EngineRun implements TestExecutionListener {
    final Map<String, String> skipped = new TreeMap<>();
    final Map<String, Throwable> failed = new TreeMap<>();
    final Map<String, Map<String, String>> reported = new TreeMap<>();
    final List<String> successful = new ArrayList<>();

    private EngineRun() {}

    static EngineRun of(Class<?> testClass) {
        return of(testClass, Map.of());
    }

    static EngineRun of(Class<?> testClass, Map<String, String> parameters) {
        EngineRun run = new EngineRun();
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(selectClass(testClass))
                .filters(EngineFilter.includeEngines("junit-jupiter"))
                .configurationParameter(LeakPresenceExtension.GRACE_PARAMETER, "50")
                .configurationParameters(parameters)
                .build();
        LauncherFactory.create().execute(request, run);
        return run;
    }

    Throwable failure(String displayName) {
        return Objects.requireNonNull(failed.get(displayName), "no failure of " + displayName);
    }

    /** Returns a line for each test and class: its name, what became of it, and why in one line. */
    List<String> outcomes() {
        return Stream.of(
                        successful.stream().map(name -> name + ": ok"),
                        skipped.entrySet().stream().map(entry -> entry.getKey() + ": skipped, " + entry.getValue()),
                        failed.entrySet().stream().map(entry -> entry.getKey() + ": failed, " + all(entry.getValue())))
                .flatMap(lines -> lines)
                .sorted()
                .toList();
    }

    private static String all(Throwable failure) {
        StringBuilder text = new StringBuilder(firstLine(failure));
        for (Throwable suppressed : failure.getSuppressed()) {
            text.append(" + ").append(firstLine(suppressed));
        }
        return text.toString();
    }

    private static String firstLine(Throwable failure) {
        return failure.getClass().getSimpleName() + " "
                + String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
    }

    @Override
    public synchronized void executionSkipped(TestIdentifier test, String reason) {
        skipped.put(name(test), reason);
    }

    @Override
    public synchronized void reportingEntryPublished(TestIdentifier test, ReportEntry entry) {
        reported.computeIfAbsent(name(test), name -> new TreeMap<>()).putAll(entry.getKeyValuePairs());
    }

    @Override
    public synchronized void executionFinished(TestIdentifier test, TestExecutionResult result) {
        if (result.getStatus() == TestExecutionResult.Status.SUCCESSFUL) {
            successful.add(name(test));
        } else {
            failed.put(name(test), result.getThrowable().orElseThrow());
        }
    }

    /** The name of a nested class without that of the class around it. */
    private static String name(TestIdentifier test) {
        return test.getDisplayName().substring(test.getDisplayName().lastIndexOf('$') + 1);
    }
}
