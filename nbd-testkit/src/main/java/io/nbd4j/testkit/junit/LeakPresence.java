package io.nbd4j.testkit.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The class fails if a Netty buffer that was allocated while it ran is not released when it ends.
 *
 * <p>Every buffer is counted, none is sampled, and no garbage collection is waited for. The failure shows where each
 * buffer was allocated. Buffers that event loops are about to release get {@link LeakPresenceExtension#GRACE} to
 * disappear; buffers made in a static initialiser may stay. Where classes run in parallel, each also sees what the
 * others allocate at the same time.
 *
 * @see LeakPresenceExtension for all test classes at once
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@ExtendWith(LeakPresenceExtension.class)
public @interface LeakPresence {}
