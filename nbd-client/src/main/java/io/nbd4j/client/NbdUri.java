package io.nbd4j.client;

import io.nbd4j.codec.ProtocolLimits;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * An NBD URI: where a server listens, and which of its exports is meant.
 *
 * <pre>
 * nbd://[USERNAME@]HOST[:PORT][/EXPORT]              TCP, port 10809 by default
 * nbd+unix://[USERNAME@][/EXPORT]?socket=PATH        a Unix socket; a PATH that starts with %00 is abstract
 * nbd+vsock://[USERNAME@][CID[:PORT]][/EXPORT]       a virtual machine and its host; the host, 2, and port 10809 by default
 * nbd+ssh://[USERNAME@]HOST[:PORT][/EXPORT]          a server that HOST reaches on its own port 10809, through ssh
 * nbd+ssh://…?socket=PATH                            the same on a Unix socket of HOST
 * nbds://… nbds+unix://… nbds+vsock://… nbds+ssh://… the same, and TLS is required
 * </pre>
 *
 * <p>Through ssh, HOST and PORT (22 by default) are those of its server, which runs {@code nc} there. USERNAME is the one of
 * TLS everywhere, and not told to ssh.
 *
 * <p>These parameters say how TLS is done, with any of the schemes; with those that do not require it, they say so for a
 * client that has TLS switched on ({@link NbdClientBuilder#tls}):
 *
 * <table>
 *   <caption>Parameters of TLS</caption>
 *   <tr><td>{@code tls-hostname=NAME}<td>the name that the server's certificate must have, instead of the host's
 *   <tr><td>{@code tls-verify-peer=0}<td>any certificate will do; also {@code false}, {@code no}, {@code off}, and their opposites
 *   <tr><td>{@code tls-certificates=DIRECTORY}<td>{@code ca-cert.pem}, {@code client-cert.pem} and so on, as libnbd names them
 *   <tr><td>{@code tls-psk-file=FILE}<td>pre-shared keys, of which USERNAME's is used
 *   <tr><td>{@code tls-type=TYPE}<td>{@code x509}, {@code psk}, or {@code anon}, which is refused at connect: it authenticates nobody
 * </table>
 *
 * <p>A URI may come from somebody else, so those that name local files are refused unless the client allows them, see
 * {@link NbdClientBuilder#uriAllowLocalFiles}.
 *
 * <p>Schemes and the names of parameters may be in any case. A parameter whose name starts with {@code x-} is ignored; an
 * unknown one, a repeated one and a fragment are errors. A URI of TCP or ssh without a host is an error, never the local host.
 * libnbd is more lenient: it ignores the first and the last of these, takes the last of repeated parameters, and the local
 * host.
 *
 * <p>The export name is the percent-decoded path without its first slash: {@code nbd://host//disk} means
 * {@code /disk}, {@code %2F} is a slash of the name, {@code +} is a plus, dot segments stay. Percent-encoded bytes
 * must be UTF-8, and what RFC 3986 does not allow in a URI must be percent-encoded.
 */
public final class NbdUri {
    /** How the server is reached. */
    public enum Transport {
        /** A TCP connection to {@link NbdUri#host()} and {@link NbdUri#port()}. */
        TCP(""),
        /** A connection to the Unix socket {@link NbdUri#socketPath()}. */
        UNIX("+unix"),
        /** A connection between a virtual machine and its host, to {@link NbdUri#vsockCid()} and {@link NbdUri#vsockPort()}. */
        VSOCK("+vsock"),
        /** The standard input and output of {@code ssh}, which runs {@code nc} on {@link NbdUri#host()}. */
        SSH("+ssh");

        private final String suffix;

        Transport(String suffix) {
            this.suffix = suffix;
        }
    }

    /** The kinds of TLS that the NBD URI specification knows. */
    public enum TlsType {
        /** Without any authentication. */
        ANON,
        /** With certificates. */
        X509,
        /** With pre-shared keys. */
        PSK
    }

    /**
     * Where the server is; what a transport does not have is null or -1.
     *
     * @param cid of vsock
     * @param port of TCP or ssh
     * @param vsockPort of vsock, where it has 32 bits
     */
    record Place(
            Transport transport,
            @Nullable String host,
            int port,
            long cid,
            long vsockPort,
            @Nullable String socketPath) {
        static Place tcp(String host, int port) {
            return new Place(Transport.TCP, host, port, -1, -1, null);
        }

        static Place unix(String socketPath) {
            return new Place(Transport.UNIX, null, -1, -1, -1, socketPath);
        }

        static Place vsock(long cid, long port) {
            return new Place(Transport.VSOCK, null, -1, cid, port, null);
        }

        static Place ssh(String host, int port, @Nullable String socketPath) {
            return new Place(Transport.SSH, host, port, -1, -1, socketPath);
        }
    }

    /** What a URI says about TLS; null where it says nothing. */
    record Tls(
            boolean required,
            @Nullable TlsType type,
            @Nullable String hostname,
            @Nullable Boolean verifyPeer,
            @Nullable String certificates,
            @Nullable String pskFile) {
        boolean hasParameters() {
            return type != null || hostname != null || verifyPeer != null || certificates != null || pskFile != null;
        }
    }

    private final Place place;
    private final Tls tls;
    private final @Nullable String username;
    private final String exportName;

    NbdUri(Place place, Tls tls, @Nullable String username, String exportName) {
        this.place = place;
        this.tls = tls;
        this.username = username;
        this.exportName = exportName;
    }

    /**
     * Parses an NBD URI.
     *
     * @throws IllegalArgumentException if it is not one; the message is one sentence that names the part of the URI
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

    /**
     * Returns the URI of an export at a target.
     *
     * @param tls whether TLS is to be required
     * @param options what of it a URI can say is in the result; a part that it can't say is left out
     * @return empty if the target has no URI: a command, an adopted channel, a socket activation whose server does not run, a
     *     host whose name can't stand in a URI
     */
    public static Optional<NbdUri> of(NbdTarget target, String exportName, boolean tls, TlsOptions options) {
        Place place = placeOf(target);
        if (place == null) {
            return Optional.empty();
        }
        NbdUri uri = new NbdUri(place, UriTls.parametersOf(options, tls), options.username(), exportName);
        try {
            return Optional.of(parse(uri.toString()));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static @Nullable Place placeOf(NbdTarget target) {
        if (target instanceof NbdTarget.Tcp tcp) {
            return Place.tcp(tcp.host(), tcp.port());
        }
        if (target instanceof NbdTarget.Unix unix) {
            return Place.unix(unix.path());
        }
        if (target instanceof NbdTarget.Vsock vsock) {
            return Place.vsock(vsock.cid(), vsock.port());
        }
        return null;
    }

    /** Returns the scheme in lower case, such as {@code nbd} or {@code nbds+unix}. */
    public String scheme() {
        return (tls.required() ? "nbds" : "nbd") + place.transport().suffix;
    }

    /** Returns whether the scheme says that TLS is required. If it does not, that is up to the client. */
    public boolean isTlsRequired() {
        return tls.required();
    }

    /** Returns whether a parameter says how TLS is done. */
    public boolean hasTlsParameters() {
        return tls.hasParameters();
    }

    /** Returns the kind of TLS ({@code tls-type}); null if the URI says nothing about it. */
    public @Nullable TlsType tlsType() {
        return tls.type();
    }

    /** Returns the name that the server's certificate must have ({@code tls-hostname}); null for the host's. */
    public @Nullable String tlsHostname() {
        return tls.hostname();
    }

    /**
     * Returns whether the server's certificate is to be verified ({@code tls-verify-peer}); null if the URI says
     * nothing about it.
     */
    public @Nullable Boolean tlsVerifyPeer() {
        return tls.verifyPeer();
    }

    /** Returns the directory of certificates ({@code tls-certificates}); null if there is none. */
    public @Nullable String tlsCertificates() {
        return tls.certificates();
    }

    /** Returns the file of pre-shared keys ({@code tls-psk-file}); null if there is none. */
    public @Nullable String tlsPskFile() {
        return tls.pskFile();
    }

    /** Returns whether a parameter names a file or a directory of this machine that would be read, other than the socket. */
    public boolean namesLocalFile() {
        return tls.certificates() != null || tls.pskFile() != null;
    }

    /**
     * Returns options in which what this URI says about TLS takes the place of what {@code base} says about the same.
     *
     * @throws IllegalArgumentException if it can't be done: the message is a sentence
     */
    public TlsOptions tlsOptions(TlsOptions base) {
        return UriTls.apply(tls, username, base);
    }

    /** Returns how the server is reached. */
    public Transport transport() {
        return place.transport();
    }

    /**
     * Returns the host, null for a Unix socket and vsock: a name in lower case, an IPv4 address, or an IPv6 address without
     * brackets and with its zone, if it has one, behind a {@code %}.
     */
    public @Nullable String host() {
        return place.host();
    }

    /** Returns the TCP port, 1 to 65535: of the NBD server, or of ssh's; -1 for a Unix socket and vsock. */
    public int port() {
        return place.port();
    }

    /** Returns the context identifier of vsock, 0 to 4294967294; -1 for other transports. */
    public long vsockCid() {
        return place.cid();
    }

    /** Returns the port of vsock, 1 to 4294967294; -1 for other transports. */
    public long vsockPort() {
        return place.vsockPort();
    }

    /**
     * Returns the path of the Unix socket, null for TCP and vsock. Its UTF-8 bytes are the socket's address exactly; one that
     * starts with NUL is the address of an abstract socket. Through ssh it is a path of the other host; null means that its TCP
     * port 10809 is used.
     */
    public @Nullable String socketPath() {
        return place.socketPath();
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
                && place.equals(that.place)
                && tls.equals(that.tls)
                && exportName.equals(that.exportName)
                && Objects.equals(username, that.username);
    }

    @Override
    public int hashCode() {
        return Objects.hash(place, tls, username, exportName);
    }

    /** Returns an equivalent URI, which parses to an object equal to this one. A port that is the default is left out. */
    @Override
    public String toString() {
        StringBuilder uri = new StringBuilder(scheme()).append("://");
        if (username != null) {
            uri.append(PercentEncoding.encode(username)).append('@');
        }
        appendPlace(uri);
        uri.append('/').append(PercentEncoding.encode(exportName));
        Map<String, String> query = new LinkedHashMap<>();
        put(query, "socket", place.socketPath());
        put(query, "tls-type", tls.type() == null ? null : tls.type().name().toLowerCase(Locale.ROOT));
        put(query, "tls-hostname", tls.hostname());
        put(query, "tls-verify-peer", tls.verifyPeer() == null ? null : tls.verifyPeer() ? "1" : "0");
        put(query, "tls-certificates", tls.certificates());
        put(query, "tls-psk-file", tls.pskFile());
        if (!query.isEmpty()) {
            StringJoiner parameters = new StringJoiner("&", "?", "");
            query.forEach((name, value) -> parameters.add(name + "=" + PercentEncoding.encode(value)));
            uri.append(parameters);
        }
        return uri.toString();
    }

    private static void put(Map<String, String> query, String name, @Nullable String value) {
        if (value != null) {
            query.put(name, value);
        }
    }

    private void appendPlace(StringBuilder uri) {
        if (place.transport() == Transport.VSOCK) {
            uri.append(place.cid());
            if (place.vsockPort() != ProtocolLimits.DEFAULT_PORT) {
                uri.append(':').append(place.vsockPort());
            }
        } else if (place.host() != null) {
            appendHost(uri, place.host());
            int usual = place.transport() == Transport.SSH ? NbdUriParser.SSH_PORT : ProtocolLimits.DEFAULT_PORT;
            if (place.port() != usual) {
                uri.append(':').append(place.port());
            }
        }
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
