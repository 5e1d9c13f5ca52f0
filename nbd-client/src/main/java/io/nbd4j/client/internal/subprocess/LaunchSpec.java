package io.nbd4j.client.internal.subprocess;

import io.nbd4j.client.StderrPolicy;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What to start, as the caller asked for it.
 *
 * @param argv the command and its arguments; not empty, nor is its first element
 * @param environment added to this process's own environment
 * @param directory the child's working directory; null for this process's own
 * @param stderr what becomes of the child's standard error
 */
public record LaunchSpec(
        List<String> argv,
        Map<String, String> environment,
        @Nullable Path directory,
        StderrPolicy stderr) {
    /** Copies the collections. */
    public LaunchSpec {
        argv = List.copyOf(argv);
        environment = Map.copyOf(environment);
    }
}
