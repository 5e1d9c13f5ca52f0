package io.nbd4j.client.parity;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/** Lists of names that a page must have, one a line. */
final class Names {
    private Names() {}

    /** Returns the lines of a resource, without comments and empty ones. */
    static List<String> of(String resource) {
        try (var in = Objects.requireNonNull(Names.class.getResourceAsStream("/parity/" + resource))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
