package io.nbd4j.testkit.internal;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
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

    /** Returns the URI of an export on a socket that listens at {@code address}, which may be all of a machine's. */
    static String tcp(boolean tls, InetSocketAddress address, String export) {
        return (tls ? "nbds://" : "nbd://") + host(address.getAddress()) + ":" + address.getPort() + "/"
                + encode(export);
    }

    private static String host(InetAddress address) {
        if (address instanceof Inet6Address) {
            // A zone's percent sign has to be encoded where it stands in a URI.
            return address.isAnyLocalAddress()
                    ? "[::1]"
                    : "[" + address.getHostAddress().replace("%", "%25") + "]";
        }
        return address.isAnyLocalAddress() ? "127.0.0.1" : address.getHostAddress();
    }

    /** Returns the URI of an export on a Unix socket. */
    public static String unix(Path socket, String export) {
        return unix(false, socket, export);
    }

    /** Returns the URI of an export on a Unix socket. */
    static String unix(boolean tls, Path socket, String export) {
        return (tls ? "nbds+unix:///" : "nbd+unix:///") + encode(export) + "?socket="
                + encode(socket.toString()).replace("%2F", "/");
    }

    private static String encode(String text) {
        // The encoder is for forms, where a space is a plus.
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
