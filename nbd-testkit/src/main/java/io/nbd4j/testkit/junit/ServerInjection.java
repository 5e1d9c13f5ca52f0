package io.nbd4j.testkit.junit;

import java.lang.annotation.Annotation;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.junit.platform.commons.support.ModifierSupport;
import org.junit.platform.commons.support.ReflectionSupport;

/**
 * Gives each element with an annotation a server of its own. It has no state: that belongs to the contexts.
 *
 * @param <A> the annotation
 */
abstract class ServerInjection<A extends Annotation>
        implements BeforeAllCallback, BeforeEachCallback, ParameterResolver {
    private final Class<A> annotation;
    private final Class<?> type;

    ServerInjection(Class<A> annotation, Class<?> type) {
        this.annotation = annotation;
        this.type = type;
    }

    /** Starts the server of an element. What it throws says why, in one line. */
    abstract RunningServer start(A settings) throws Exception;

    /** A constructor belongs to the test it makes the instance for, if it is for one. */
    @Override
    public ExtensionContextScope getTestInstantiationExtensionContextScope(ExtensionContext rootContext) {
        return ExtensionContextScope.TEST_METHOD;
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        setFields(context, context.getRequiredTestClass(), null, ModifierSupport::isStatic);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        ContextServers.of(context); // So that a failure shows the servers of the class, too.
        for (Object instance : context.getRequiredTestInstances().getAllInstances()) {
            setFields(context, instance.getClass(), instance, ModifierSupport::isNotStatic);
        }
    }

    private void setFields(
            ExtensionContext context, Class<?> owner, @Nullable Object instance, Predicate<Field> which) {
        List<Field> fields =
                AnnotationSupport.findAnnotatedFields(owner, annotation, which, HierarchyTraversalMode.TOP_DOWN);
        for (Field field : fields) {
            String element = Elements.describe(field);
            if (Modifier.isFinal(field.getModifiers())) {
                throw new ExtensionConfigurationException(element + " is final");
            }
            Object server = start(context, element, field.getType(), settings(field));
            try {
                ReflectionSupport.makeAccessible(field).set(instance, server);
            } catch (IllegalAccessException e) {
                throw new ExtensionConfigurationException(element + " cannot be set", e);
            }
        }
    }

    private A settings(Field field) {
        return AnnotationSupport.findAnnotation(field, annotation).orElseThrow();
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.isAnnotated(annotation);
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return start(
                context,
                Elements.describe(parameter.getParameter()),
                parameter.getParameter().getType(),
                parameter.findAnnotation(annotation).orElseThrow());
    }

    private Object start(ExtensionContext context, String element, Class<?> wanted, A settings) {
        String what = "@" + annotation.getSimpleName() + " on " + element;
        if (wanted != type) {
            throw new ExtensionConfigurationException(
                    what + ": the type is " + wanted.getSimpleName() + ", not " + type.getSimpleName());
        }
        try {
            return ContextServers.of(context).start(element, () -> start(settings));
        } catch (Exception e) {
            throw new ExtensionConfigurationException(what + ": " + e.getMessage(), e);
        }
    }
}
