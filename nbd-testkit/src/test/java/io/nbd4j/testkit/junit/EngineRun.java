package io.nbd4j.testkit.junit;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs a test class inside a test, and says what became of it. */
final class EngineRun implements TestExecutionListener {
    final Map<String, String> skipped = new TreeMap<>();
    final Map<String, Throwable> failed = new TreeMap<>();
    final List<String> successful = new ArrayList<>();

    private EngineRun() {}

    static EngineRun of(Class<?> testClass) {
        EngineRun run = new EngineRun();
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(selectClass(testClass))
                .configurationParameter(LeakPresenceExtension.GRACE_PARAMETER, "50")
                .build();
        LauncherFactory.create().execute(request, run);
        return run;
    }

    Throwable failure(String displayName) {
        return Objects.requireNonNull(failed.get(displayName), "no failure of " + displayName);
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        skipped.put(name(test), reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
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
