package io.nbd4j.testkit.junit;

import java.util.List;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/** Skips, or fails, what {@link RequiresServer} says cannot run here. */
public final class RequiresServerCondition implements ExecutionCondition {
    /** Creates the condition. */
    public RequiresServerCondition() {}

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        return AnnotationSupport.findAnnotation(context.getElement(), RequiresServer.class)
                .map(required -> RequiredPrograms.evaluate(List.of(required.value())))
                .orElseGet(() -> ConditionEvaluationResult.enabled("no server is required here"));
    }
}
