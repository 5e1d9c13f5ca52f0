package io.nbd4j.testkit.junit;

import io.nbd4j.testkit.internal.ProgramPath;
import java.util.List;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;

/** Whether a test can run that starts programs. */
final class RequiredPrograms {
    private RequiredPrograms() {}

    /** @throws ExtensionConfigurationException if one is missing, and none may be */
    static ConditionEvaluationResult evaluate(List<String> programs) {
        List<String> missing = programs.stream()
                .distinct()
                .filter(program -> ProgramPath.find(program).isEmpty())
                .toList();
        if (missing.isEmpty()) {
            return ConditionEvaluationResult.enabled("all required programs are on the PATH");
        }
        String reason = "not on the PATH: " + String.join(", ", missing);
        if (RequiresServer.REQUIRED.equals(System.getProperty(RequiresServer.PROPERTY))) {
            throw new ExtensionConfigurationException(
                    reason + " (and -D" + RequiresServer.PROPERTY + "=" + RequiresServer.REQUIRED + ")");
        }
        return ConditionEvaluationResult.disabled(reason);
    }
}
