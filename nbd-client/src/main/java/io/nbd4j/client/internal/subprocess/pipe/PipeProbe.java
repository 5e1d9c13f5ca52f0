package io.nbd4j.client.internal.subprocess.pipe;

import java.io.FileInputStream;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Whether the end of a pipe can be opened anew by its name: a container may hide {@code /proc}. */
final class PipeProbe {
    private static volatile boolean succeeded;

    private PipeProbe() {}

    /**
     * Returns why not, or null. Only success is remembered: a failure may be of the moment, such as too many open files.
     */
    static @Nullable String unavailableBecause() {
        if (succeeded) {
            return null;
        }
        try (ChildPipe pipe = ChildPipe.toChild()) {
            new FileInputStream(pipe.childsFile()).close();
            succeeded = true;
            return null;
        } catch (IOException e) {
            return "a pipe can't be opened by its name in " + ChildPipe.DESCRIPTORS + ": " + e.getMessage();
        }
    }
}
