package io.nbd4j.testkit.junit;

import io.nbd4j.testkit.RealServer;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A {@link RealServer} that runs while the test does, for elements as of {@link NbdServer}.
 *
 * <pre>{@code
 * @Test
 * void readsFromNbdkit(@RealNbdServer({"nbdkit", "memory", "64M"}) RealServer server) {
 *     client.connect(server.uri());
 * }
 * }</pre>
 *
 * <p>Where the program is not on the PATH the test, or the class if the element belongs to that, is skipped or fails as
 * {@link RequiresServer} says. What the server has written is shown if the test fails.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.FIELD, ElementType.PARAMETER, ElementType.ANNOTATION_TYPE})
@ExtendWith(RealNbdServerExtension.class)
public @interface RealNbdServer {
    /**
     * The program, and what it is told but for where to listen. One of
     * <ul>
     *   <li>{@code nbdkit}, with filters, a plugin, and their parameters;
     *   <li>{@code qemu-nbd}, with options. It serves an {@link #image} and is told {@code -f raw} first;
     *   <li>{@code nbd-server}, with lines of its configuration about the export, such as {@code "flush = true"}. It serves
     *       an {@link #image} as the export called {@code disk}.
     * </ul>
     */
    String[] value();

    /** The size in bytes of an image of zeroes that is made for {@code qemu-nbd} and {@code nbd-server}. */
    long image() default 0;

    /** Where the server listens. {@code qemu-nbd} does so on a Unix socket only. */
    NbdServer.Transport transport() default NbdServer.Transport.UNIX;
}
