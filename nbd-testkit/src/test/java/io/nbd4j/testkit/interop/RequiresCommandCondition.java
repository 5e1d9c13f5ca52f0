package io.nbd4j.testkit.interop;

import io.nbd4j.testkit.Tool;
import io.nbd4j.testkit.junit.RequiresServer;
import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/** Skips, or fails, what {@link RequiresCommand} says cannot run here. */
final class RequiresCommandCondition implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        Optional<RequiresCommand> required =
                AnnotationSupport.findAnnotation(context.getElement(), RequiresCommand.class);
        if (required.isEmpty()) {
            return ConditionEvaluationResult.enabled("no command is required here");
        }
        String[] command = required.get().value();
        if (succeeds(command)) {
            return ConditionEvaluationResult.enabled("the required command works");
        }
        String reason =
                "'" + String.join(" ", command) + "' fails: " + required.get().hint();
        if (RequiresServer.REQUIRED.equals(System.getProperty(RequiresServer.PROPERTY))) {
            throw new ExtensionConfigurationException(
                    reason + " (and -D" + RequiresServer.PROPERTY + "=" + RequiresServer.REQUIRED + ")");
        }
        return ConditionEvaluationResult.disabled(reason);
    }

    private static boolean succeeds(String[] command) {
        try {
            return Tool.status(command) == 0;
        } catch (IOException e) {
            return false; // There is no such program.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
