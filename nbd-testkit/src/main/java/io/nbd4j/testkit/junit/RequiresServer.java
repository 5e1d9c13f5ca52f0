package io.nbd4j.testkit.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The test, or each test of the class, starts these programs.
 *
 * <p>Where one of them is not on the PATH the test is skipped, and the reason names the program. With the system
 * property {@value #PROPERTY} set to {@value #REQUIRED} it fails instead, so that a build that is meant to have all
 * servers cannot pass without having run against them.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@ExtendWith(RequiresServerCondition.class)
public @interface RequiresServer {
    /** The system property that decides what a missing program means. */
    String PROPERTY = "nbd.servers";

    /** The value of {@link #PROPERTY} under which a missing program is a failure. */
    String REQUIRED = "required";

    /** The programs, such as {@code nbdkit} or {@code qemu-nbd}, looked up on the PATH. */
    String[] value();
}
