package io.nbd4j.client;

import io.nbd4j.codec.ProtocolLimits;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An NBD URI: where a server listens, and which of its exports is meant.
 *
 * <pre>
 * nbd://[USERNAME@]HOST[:PORT][/EXPORT]              TCP, port 10809 by default
 * nbd+unix://[USERNAME@][/EXPORT]?socket=PATH        a Unix socket; a PATH that starts with %00 is abstract
 * nbds://…, nbds+unix://…                            the same, and TLS is required
 * </pre>
 *
 * <p>With TLS, {@code tls-hostname=NAME} is the name that the server's certificate must have, instead of the host's.
 *
 * <p>The other schemes that NBD clients know ({@code nbd+vsock}, {@code nbds+vsock}, {@code nbd+ssh}, {@code nbds+ssh}) are
 * recognised but not supported yet. So are the other query parameters of TLS ({@code tls-type}, {@code tls-verify-peer},
 * {@code tls-certificates}, {@code tls-psk-file}). A query parameter whose name starts with {@code x-} is ignored; an unknown one, a repeated
 * one and a fragment are errors. A URI without a host is an error, never the local host.
 *
 * <p>The export name is the percent-decoded path without its first slash: {@code nbd://host//disk} means
 * {@code /disk}, {@code %2F} is a slash of the name, {@code +} is a plus, dot segments stay. Percent-encoded bytes
 * must be UTF-8, and what RFC 3986 does not allow in a URI must be percent-encoded.
 */
public final class NbdUri {
    /** How the server is reached. */
    public enum Transport {
        /** A TCP connection to {@link NbdUri#host()} and {@link NbdUri#port()}. */
        TCP,
        /** A connection to the Unix socket {@link NbdUri#socketPath()}. */
        UNIX
    }

    private final Transport transport;
    private final Tls tls;
    private final @Nullable String username;
    private final @Nullable String host;
    private final int port;
    private final @Nullable String socketPath;
    private final String exportName;

    /** What a URI says about TLS. */
    record Tls(boolean required, @Nullable String hostname) {}

    private NbdUri(
            Transport transport,
            Tls tls,
            @Nullable String username,
            @Nullable String host,
            int port,
            @Nullable String socketPath,
            String exportName) {
        this.transport = transport;
        this.tls = tls;
        this.username = username;
        this.host = host;
        this.port = port;
        this.socketPath = socketPath;
        this.exportName = exportName;
    }

    static NbdUri tcp(Tls tls, @Nullable String username, String host, int port, String exportName) {
        return new NbdUri(Transport.TCP, tls, username, host, port, null, exportName);
    }

    static NbdUri unix(Tls tls, @Nullable String username, String socketPath, String exportName) {
        return new NbdUri(Transport.UNIX, tls, username, null, -1, socketPath, exportName);
    }

    /**
     * Parses an NBD URI.
     *
     * @throws IllegalArgumentException if it is not one, or not supported yet; the message is one sentence that names
     *     the part of the URI
     */
    public static NbdUri parse(String uri) {
        return new NbdUriParser(uri).parse();
    }

    /**
     * Returns whether {@code text} is meant as an NBD URI: it starts with one of the eight schemes, in any case, and
     * {@code ://}. {@link #parse} may still refuse it.
     */
    public static boolean isNbdUri(String text) {
        int end = text.indexOf("://");
        return end >= 0 && NbdUriParser.SCHEMES.contains(text.substring(0, end).toLowerCase(Locale.ROOT));
    }

    /** Returns the scheme in lower case: {@code nbd}, {@code nbd+unix}, {@code nbds} or {@code nbds+unix}. */
    public String scheme() {
        return (tls.required() ? "nbds" : "nbd") + (transport == Transport.TCP ? "" : "+unix");
    }

    /** Returns whether the scheme says that TLS is required. If it does not, that is up to the client. */
    public boolean isTlsRequired() {
        return tls.required();
    }

    /** Returns the name that the server's certificate must have ({@code tls-hostname}); null for the host's. */
    public @Nullable String tlsHostname() {
        return tls.hostname();
    }

    /** Returns how the server is reached. */
    public Transport transport() {
        return transport;
    }

    /**
     * Returns the host, null for a Unix socket: a name in lower case, an IPv4 address, or an IPv6 address without
     * brackets and with its zone, if it has one, behind a {@code %}.
     */
    public @Nullable String host() {
        return host;
    }

    /** Returns the TCP port, 1 to 65535; -1 for a Unix socket. */
    public int port() {
        return port;
    }

    /**
     * Returns the path of the Unix socket, null for TCP. Its UTF-8 bytes are the socket's address exactly; one that
     * starts with NUL is the address of an abstract socket.
     */
    public @Nullable String socketPath() {
        return socketPath;
    }

    /** Returns the export's name, at most 4096 bytes of UTF-8 and without NUL; empty for the default export. */
    public String exportName() {
        return exportName;
    }

    /** Returns the user name for TLS, which is everything before the {@code @}, colons included; null if there is none. */
    public @Nullable String username() {
        return username;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof NbdUri that
                && transport == that.transport
                && tls.equals(that.tls)
                && port == that.port
                && exportName.equals(that.exportName)
                && Objects.equals(username, that.username)
                && Objects.equals(host, that.host)
                && Objects.equals(socketPath, that.socketPath);
    }

    @Override
    public int hashCode() {
        return Objects.hash(transport, tls, username, host, port, socketPath, exportName);
    }

    /** Returns an equivalent URI, which parses to an object equal to this one. */
    @Override
    public String toString() {
        StringBuilder uri = new StringBuilder(scheme()).append("://");
        if (username != null) {
            uri.append(PercentEncoding.encode(username)).append('@');
        }
        if (host != null) {
            appendHost(uri, host);
            if (port != ProtocolLimits.DEFAULT_PORT) {
                uri.append(':').append(port);
            }
        }
        uri.append('/').append(PercentEncoding.encode(exportName));
        if (socketPath != null) {
            uri.append("?socket=").append(PercentEncoding.encode(socketPath));
        }
        if (tls.hostname() != null) {
            uri.append(socketPath == null ? '?' : '&')
                    .append("tls-hostname=")
                    .append(PercentEncoding.encode(tls.hostname()));
        }
        return uri.toString();
    }

    private static void appendHost(StringBuilder uri, String host) {
        if (host.indexOf(':') < 0) {
            uri.append(host);
            return;
        }
        int zone = host.indexOf('%');
        if (zone < 0) {
            uri.append('[').append(host).append(']');
        } else {
            uri.append('[').append(host, 0, zone).append("%25");
            uri.append(PercentEncoding.encode(host.substring(zone + 1))).append(']');
        }
    }
}
