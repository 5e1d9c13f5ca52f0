package io.nbd4j.testkit.junit;

import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Parameter;

/** Says which element of a test is meant. */
final class Elements {
    private Elements() {}

    static String describe(Field field) {
        return "field '" + field.getName() + "' of " + field.getDeclaringClass().getSimpleName();
    }

    static String describe(Parameter parameter) {
        Executable owner = parameter.getDeclaringExecutable();
        String declaring = owner.getDeclaringClass().getSimpleName();
        return "parameter '" + parameter.getName() + "' of " + declaring
                + (owner instanceof Constructor ? "" : "." + owner.getName());
    }
}
