package io.nbd4j.client;

import io.nbd4j.codec.ProtocolLimits;
import io.netty.util.NetUtil;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Parses one NBD URI from its raw text.
 *
 * <p>{@link java.net.URI} does not serve here: it turns a port that is too large or a host with an underscore into "no
 * port" and "no host", decodes bytes that are not UTF-8 to U+FFFD, and lets NUL through.
 */
final class NbdUriParser {
    /** The schemes that NBD clients know. */
    static final Set<String> SCHEMES =
            Set.of("nbd", "nbds", "nbd+unix", "nbds+unix", "nbd+vsock", "nbds+vsock", "nbd+ssh", "nbds+ssh");

    /** The port of ssh. */
    static final int SSH_PORT = 22;

    /** The address of the host, as a virtual machine sees it. */
    private static final long VSOCK_HOST = 2;

    /** The largest address and the largest port of vsock: the next one means "any". */
    private static final long MAX_VSOCK = 0xffff_fffeL;

    private static final Set<String> PARAMETERS =
            Set.of("socket", "tls-type", "tls-hostname", "tls-verify-peer", "tls-certificates", "tls-psk-file");
    private static final Set<String> TRUE = Set.of("1", "true", "t", "yes", "y", "on");
    private static final Set<String> FALSE = Set.of("0", "false", "f", "no", "n", "off");
    private static final String SUB_DELIMITERS = "!$&'()*+,;=";
    private static final int LONGEST_QUOTE = 80;

    private final String uri;

    NbdUriParser(String uri) {
        this.uri = uri;
    }

    NbdUri parse() {
        String scheme = scheme();
        String rest = uri.substring(scheme.length() + "://".length());
        if (rest.indexOf('#') >= 0) {
            throw error("it has a fragment, which NBD does not define; a # in a name is written %%23");
        }
        int question = rest.indexOf('?');
        String beforeQuery = question < 0 ? rest : rest.substring(0, question);
        int slash = beforeQuery.indexOf('/');
        String authority = slash < 0 ? beforeQuery : beforeQuery.substring(0, slash);

        String exportName = exportName(slash < 0 ? "" : beforeQuery.substring(slash + 1));
        Map<String, String> query = question < 0 ? Map.of() : query(rest.substring(question + 1));
        int at = authority.indexOf('@');
        String username = username(at < 0 ? "" : authority.substring(0, at));
        String hostAndPort = authority.substring(at + 1);
        return new NbdUri(
                place(scheme, hostAndPort, query), tls(scheme.startsWith("nbds"), query), username, exportName);
    }

    private static NbdUri.Place place(String scheme, String hostAndPort, Map<String, String> query) {
        String transport = scheme.substring(scheme.startsWith("nbds") ? "nbds".length() : "nbd".length());
        return switch (transport) {
            case "+unix" -> unix(hostAndPort, query);
            case "+vsock" -> vsock(hostAndPort, query);
            case "+ssh" -> ssh(hostAndPort, query);
            default -> tcp(hostAndPort, query);
        };
    }

    private static NbdUri.Tls tls(boolean required, Map<String, String> query) {
        String type = query.get("tls-type");
        String verify = query.get("tls-verify-peer");
        return new NbdUri.Tls(
                required,
                type == null ? null : tlsType(type),
                text("tls-hostname", query),
                verify == null ? null : truth("tls-verify-peer", verify),
                text("tls-certificates", query),
                text("tls-psk-file", query));
    }

    private static NbdUri.TlsType tlsType(String value) {
        return switch (value.toLowerCase(Locale.ROOT)) {
            case "anon" -> NbdUri.TlsType.ANON;
            case "x509" -> NbdUri.TlsType.X509;
            case "psk" -> NbdUri.TlsType.PSK;
            default -> throw error("the parameter tls-type is none of anon, x509 and psk: %s", quote(value));
        };
    }

    private static boolean truth(String name, String value) {
        String word = value.toLowerCase(Locale.ROOT);
        if (!TRUE.contains(word) && !FALSE.contains(word)) {
            throw error(
                    "the parameter %s is neither 1 nor 0, nor true, false, yes, no, on, off: %s", name, quote(value));
        }
        return TRUE.contains(word);
    }

    private static @Nullable String text(String name, Map<String, String> query) {
        String value = query.get(name);
        if (value != null && (value.isEmpty() || value.indexOf('\0') >= 0)) {
            throw error("the parameter %s is empty or has a NUL", name);
        }
        return value;
    }

    private String scheme() {
        int colon = uri.indexOf(':');
        String scheme = colon < 0 ? "" : uri.substring(0, colon).toLowerCase(Locale.ROOT);
        boolean hierarchical = uri.startsWith("://", colon);
        if (SCHEMES.contains(scheme)) {
            if (!hierarchical) {
                throw error("the scheme %s is not followed by :// in %s", scheme, quote(uri));
            }
            return scheme;
        }
        if (hierarchical && isSchemeSyntax(scheme)) {
            throw error(
                    "unknown scheme %s; there are nbd and nbds, alone and followed by +unix, +vsock and +ssh",
                    quote(scheme));
        }
        throw error("%s has no scheme; write nbd://HOST/EXPORT or nbd+unix:///EXPORT?socket=PATH", quote(uri));
    }

    private static boolean isSchemeSyntax(String scheme) {
        return !scheme.isEmpty()
                && scheme.chars().allMatch(c -> (c >= 'a' && c <= 'z') || "0123456789+-.".indexOf(c) >= 0);
    }

    private static NbdUri.Place tcp(String hostAndPort, Map<String, String> query) {
        refuseSocket(query, "nbd");
        int hostEnd = hostEnd(hostAndPort);
        String host = host(hostAndPort.substring(0, hostEnd));
        return NbdUri.Place.tcp(host, port(hostAndPort.substring(hostEnd), ProtocolLimits.DEFAULT_PORT));
    }

    private static void refuseSocket(Map<String, String> query, String scheme) {
        if (query.containsKey("socket")) {
            throw error("the parameter socket belongs to nbd+unix, not to %s", scheme);
        }
    }

    private static NbdUri.Place unix(String hostAndPort, Map<String, String> query) {
        if (!hostAndPort.isEmpty()) {
            throw error("a host makes no sense with nbd+unix: %s", quote(hostAndPort));
        }
        String path = query.get("socket");
        if (path == null) {
            throw error("the parameter socket is missing, which nbd+unix needs");
        }
        if (path.isEmpty() || path.equals("\0")) {
            throw error("the parameter socket is empty");
        }
        // In the address of an abstract socket every byte counts; a path ends at its first NUL.
        if (path.charAt(0) != '\0' && path.indexOf('\0') > 0) {
            throw error("the parameter socket has a NUL within its path");
        }
        return NbdUri.Place.unix(path);
    }

    private static NbdUri.Place vsock(String cidAndPort, Map<String, String> query) {
        refuseSocket(query, "nbd+vsock");
        int colon = cidAndPort.indexOf(':');
        String cid = colon < 0 ? cidAndPort : cidAndPort.substring(0, colon);
        String port = colon < 0 ? "" : cidAndPort.substring(colon + 1);
        return NbdUri.Place.vsock(
                cid.isEmpty() ? VSOCK_HOST : number("the CID", cid, 0, MAX_VSOCK),
                port.isEmpty() ? ProtocolLimits.DEFAULT_PORT : number("the port", port, 1, MAX_VSOCK));
    }

    private static NbdUri.Place ssh(String hostAndPort, Map<String, String> query) {
        int hostEnd = hostEnd(hostAndPort);
        String host = host(hostAndPort.substring(0, hostEnd));
        // It becomes an argument of ssh, and may reach a shell through the user's configuration of it.
        if (host.startsWith("-")
                || !host.chars().allMatch(c -> PercentEncoding.isUnreserved((char) c) || c == ':' || c == '%')) {
            throw error("the host can't be handed to ssh: %s", quote(host));
        }
        return NbdUri.Place.ssh(host, port(hostAndPort.substring(hostEnd), SSH_PORT), text("socket", query));
    }

    private static String exportName(String encoded) {
        checkCharacters("the export name", encoded, SUB_DELIMITERS + ":@/");
        String name = PercentEncoding.decode("the export name", encoded);
        if (name.indexOf('\0') >= 0) {
            throw error("the export name has a NUL");
        }
        int length = name.getBytes(StandardCharsets.UTF_8).length;
        if (length > ProtocolLimits.MAX_STRING) {
            throw error("the export name has %d bytes, more than %d", length, ProtocolLimits.MAX_STRING);
        }
        return name;
    }

    private static @Nullable String username(String encoded) {
        checkCharacters("the user name", encoded, SUB_DELIMITERS + ":");
        String username = PercentEncoding.decode("the user name", encoded);
        if (username.indexOf('\0') >= 0) {
            throw error("the user name has a NUL");
        }
        return username.isEmpty() ? null : username;
    }

    private static int hostEnd(String hostAndPort) {
        if (hostAndPort.startsWith("[")) {
            int bracket = hostAndPort.indexOf(']');
            if (bracket < 0) {
                throw error("the host has a [ without a ]: %s", quote(hostAndPort));
            }
            return bracket + 1;
        }
        int colon = hostAndPort.indexOf(':');
        if (colon != hostAndPort.lastIndexOf(':')) {
            throw error("the host looks like an IPv6 address without its brackets: %s", quote(hostAndPort));
        }
        return colon < 0 ? hostAndPort.length() : colon;
    }

    private static String host(String host) {
        if (host.isEmpty()) {
            throw error("the host is missing; write nbd://HOST/EXPORT");
        }
        if (host.charAt(0) == '[') {
            return ipv6(host.substring(1, host.length() - 1));
        }
        if (host.indexOf('%') >= 0) {
            throw error("the host must not be percent-encoded: %s", quote(host));
        }
        checkCharacters("the host", host, SUB_DELIMITERS);
        return host.toLowerCase(Locale.ROOT);
    }

    private static String ipv6(String literal) {
        checkCharacters("the host", literal, ":");
        int percent = literal.indexOf('%');
        String address = percent < 0 ? literal : literal.substring(0, percent);
        if (!NetUtil.isValidIpV6Address(address)) {
            throw error("the host is not an IPv6 address: %s", quote(literal));
        }
        if (percent < 0) {
            return address;
        }
        if (!literal.startsWith("%25", percent) || literal.length() == percent + "%25".length()) {
            throw error("the zone of the host is not written as %%25 and a name: %s", quote(literal));
        }
        String zone = PercentEncoding.decode("the zone of the host", literal.substring(percent + "%25".length()));
        if (zone.indexOf('\0') >= 0) {
            throw error("the zone of the host has a NUL");
        }
        return address + '%' + zone;
    }

    private static int port(String colonAndPort, int usual) {
        // RFC 3986 allows a colon without a port behind it.
        if (colonAndPort.isEmpty() || colonAndPort.equals(":")) {
            return usual;
        }
        if (colonAndPort.charAt(0) != ':') {
            throw error("the host is followed by %s where only a port may be", quote(colonAndPort));
        }
        return (int) number("the port", colonAndPort.substring(1), 1, 0xffff);
    }

    private static long number(String part, String digits, long least, long most) {
        long number = digits.isEmpty() ? -1 : 0;
        for (int i = 0; i < digits.length() && number >= 0; i++) {
            char c = digits.charAt(i);
            number = c >= '0' && c <= '9' ? number * 10 + c - '0' : -1;
            if (number > most) {
                number = -1;
            }
        }
        if (number < least) {
            throw error("%s is not a number from %d to %d: %s", part, least, most, quote(digits));
        }
        return number;
    }

    private static Map<String, String> query(String query) {
        Map<String, String> parameters = new HashMap<>();
        if (query.isEmpty()) {
            return parameters;
        }
        checkCharacters("the query", query, SUB_DELIMITERS + ":@/?");
        for (String parameter : List.of(query.split("&", -1))) {
            int equals = parameter.indexOf('=');
            String key = PercentEncoding.decode(
                            "the name of a parameter", equals < 0 ? parameter : parameter.substring(0, equals))
                    .toLowerCase(Locale.ROOT);
            if (key.startsWith("x-")) {
                continue;
            }
            if (!PARAMETERS.contains(key)) {
                throw error("unknown parameter %s", quote(key));
            }
            String value =
                    PercentEncoding.decode("the parameter " + key, equals < 0 ? "" : parameter.substring(equals + 1));
            if (parameters.putIfAbsent(key, value) != null) {
                throw error("the parameter %s is repeated", key);
            }
        }
        return parameters;
    }

    /** Percent signs pass: what follows them is checked when they are decoded. */
    private static void checkCharacters(String part, String text, String allowed) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!PercentEncoding.isUnreserved(c) && c != '%' && allowed.indexOf(c) < 0) {
                throw error("%s has a character that must be percent-encoded: %s", part, quote(text.substring(i)));
            }
        }
    }

    static IllegalArgumentException error(String format, Object... arguments) {
        return new IllegalArgumentException("NBD URI: " + String.format(Locale.ROOT, format, arguments));
    }

    /** Quotes a part of the URI for an error message, which must stay one line of bearable length. */
    static String quote(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < Math.min(text.length(), LONGEST_QUOTE); i++) {
            char c = text.charAt(i);
            quoted.append(c >= ' ' && c < 0x7f ? String.valueOf(c) : String.format(Locale.ROOT, "\\u%04x", (int) c));
        }
        return quoted.append(text.length() > LONGEST_QUOTE ? "...\"" : "\"").toString();
    }
}
