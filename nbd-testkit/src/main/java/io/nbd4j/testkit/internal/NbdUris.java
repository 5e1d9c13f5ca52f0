package io.nbd4j.testkit.internal;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Writes NBD URIs. */
public final class NbdUris {
    private NbdUris() {}

    /** Returns the URI of an export on a port of the loopback interface. */
    public static String tcp(int port, String export) {
        return "nbd://127.0.0.1:" + port + "/" + encode(export);
    }

    /** Returns the URI of an export on a Unix socket. */
    public static String unix(Path socket, String export) {
        return "nbd+unix:///" + encode(export) + "?socket="
                + encode(socket.toString()).replace("%2F", "/");
    }

    private static String encode(String text) {
        // The encoder is for forms, where a space is a plus.
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
