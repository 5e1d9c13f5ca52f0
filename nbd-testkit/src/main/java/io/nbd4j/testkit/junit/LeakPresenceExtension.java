package io.nbd4j.testkit.junit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import java.time.Duration;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Does what {@link LeakPresence} says.
 *
 * <p>Netty asks for its leak detector once, when its first buffer class is loaded. This extension installs its own when
 * it is loaded itself, so it has to come first. That is sure if it is registered for all classes: name it in
 * {@code META-INF/services/org.junit.jupiter.api.extension.Extension} of the tests and set
 * {@code junit.jupiter.extensions.autodetection.enabled=true} in their {@code junit-platform.properties}. A class that
 * comes too late fails and says so.
 */
public final class LeakPresenceExtension implements BeforeAllCallback {
    /** How long buffers that are still being released, by an event loop for example, may take to go. */
    public static final Duration GRACE = Duration.ofSeconds(5);

    /** The JUnit configuration parameter that replaces {@link #GRACE}, in milliseconds. */
    public static final String GRACE_PARAMETER = "nbd4j.leaks.grace";

    private static final BufferPresence PRESENCE = new BufferPresence();

    static {
        ResourceLeakDetectorFactory.setResourceLeakDetectorFactory(new ResourceLeakDetectorFactory() {
            @Override
            @SuppressWarnings("deprecation") // Abstract, so it has to be there.
            public <T> ResourceLeakDetector<T> newResourceLeakDetector(
                    Class<T> resource, int samplingInterval, long maxActive) {
                return PRESENCE.detector(resource);
            }
        });
    }

    /** Creates the extension. */
    public LeakPresenceExtension() {}

    @Override
    public void beforeAll(ExtensionContext context) {
        requireInstalled();
        // The store closes in reverse order, so this is closed after all that later extensions put there. A class
        // that has the extension twice, by annotation and by detection, is checked once.
        ExtensionContext.Store store = context.getStore(
                ExtensionContext.Namespace.create(LeakPresenceExtension.class, context.getRequiredTestClass()));
        if (store.get(Check.class) == null) {
            Duration grace = context.getConfigurationParameter(GRACE_PARAMETER, Long::valueOf)
                    .map(Duration::ofMillis)
                    .orElse(GRACE);
            store.put(Check.class, new Check(context.getDisplayName(), PRESENCE.mark(), grace));
        }
    }

    private static void requireInstalled() {
        long before = PRESENCE.mark();
        ByteBuf probe = UnpooledByteBufAllocator.DEFAULT.directBuffer(1);
        boolean seen = PRESENCE.mark() != before;
        probe.release();
        if (!seen) {
            throw new ExtensionConfigurationException("Netty's buffers were used before LeakPresenceExtension was"
                    + " loaded; register it for all test classes, as its documentation says");
        }
    }

    private record Check(String testClass, long mark, Duration grace) implements AutoCloseable {
        @Override
        public void close() {
            PRESENCE.requireAllReleasedSince(mark, grace, testClass);
        }
    }
}
