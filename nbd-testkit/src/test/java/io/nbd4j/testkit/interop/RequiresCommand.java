package io.nbd4j.testkit.interop;

import io.nbd4j.testkit.junit.RequiresServer;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The test, or each test of the class, needs something that a command finds out by succeeding, such as a module of
 * Python. Where it does not, the same happens as with {@link RequiresServer}.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@ExtendWith(RequiresCommandCondition.class)
@interface RequiresCommand {
    /** The command and its arguments. It must end by itself, and do nothing. */
    String[] value();

    /** What to do where it fails. */
    String hint();
}
