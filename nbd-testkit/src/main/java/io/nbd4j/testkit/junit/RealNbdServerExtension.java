package io.nbd4j.testkit.junit;

import io.nbd4j.testkit.RealServer;
import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Executable;
import java.lang.reflect.Method;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.junit.platform.commons.support.ReflectionSupport;

/** Does what {@link RealNbdServer} says. */
public final class RealNbdServerExtension extends ServerInjection<RealNbdServer> implements ExecutionCondition {
    private static final List<Class<? extends Annotation>> LIFECYCLE =
            List.of(BeforeAll.class, BeforeEach.class, AfterEach.class, AfterAll.class);

    /** Creates the extension. */
    public RealNbdServerExtension() {
        super(RealNbdServer.class, RealServer.class);
    }

    @Override
    RunningServer start(RealNbdServer settings) throws IOException {
        return RunningRealServer.start(settings);
    }

    /** A server that turns out to be missing when it is to be started would fail the test, not skip it. */
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        Stream<? extends AnnotatedElement> elements = context.getTestMethod().isPresent()
                ? Stream.of(context.getRequiredTestMethod().getParameters())
                : context.getTestClass().stream().flatMap(RealNbdServerExtension::elementsOf);
        return RequiredPrograms.evaluate(
                elements.flatMap(RealNbdServerExtension::programs).toList());
    }

    private static Stream<AnnotatedElement> elementsOf(Class<?> testClass) {
        List<Method> lifecycle = ReflectionSupport.findMethods(
                testClass,
                method -> LIFECYCLE.stream().anyMatch(type -> AnnotationSupport.isAnnotated(method, type)),
                HierarchyTraversalMode.TOP_DOWN);
        Stream<? extends Executable> executables =
                Stream.concat(lifecycle.stream(), Stream.of(testClass.getDeclaredConstructors()));
        return Stream.concat(
                AnnotationSupport.findAnnotatedFields(testClass, RealNbdServer.class).stream(),
                executables.flatMap(executable -> Stream.of(executable.getParameters())));
    }

    private static Stream<String> programs(AnnotatedElement element) {
        return AnnotationSupport.findAnnotation(element, RealNbdServer.class).stream()
                .map(RunningRealServer::program)
                .filter(program -> !program.isEmpty());
    }
}
