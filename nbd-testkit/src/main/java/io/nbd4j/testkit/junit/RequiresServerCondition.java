package io.nbd4j.testkit.junit;

import io.nbd4j.testkit.internal.ProgramPath;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/** Skips, or fails, what {@link RequiresServer} says cannot run here. */
public final class RequiresServerCondition implements ExecutionCondition {
    /** Creates the condition. */
    public RequiresServerCondition() {}

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        Optional<RequiresServer> required =
                AnnotationSupport.findAnnotation(context.getElement(), RequiresServer.class);
        if (required.isEmpty()) {
            return ConditionEvaluationResult.enabled("no server is required here");
        }
        List<String> missing = Stream.of(required.get().value())
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
