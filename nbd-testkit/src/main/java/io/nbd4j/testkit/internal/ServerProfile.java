package io.nbd4j.testkit.internal;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a server offers to each connection.
 *
 * @param exports by name, in the order in which they are listed
 * @param structuredReplies whether clients may ask for them
 */
public record ServerProfile(Map<String, ServedExport> exports, boolean structuredReplies) {
    @Nullable
    ServedExport find(String name) {
        return exports.get(name);
    }
}
