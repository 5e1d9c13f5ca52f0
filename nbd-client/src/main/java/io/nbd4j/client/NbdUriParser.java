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

    private static final Set<String> SUPPORTED_SCHEMES = Set.of("nbd", "nbds", "nbd+unix", "nbds+unix");

    private static final Set<String> UNSUPPORTED_PARAMETERS =
            Set.of("tls-type", "tls-verify-peer", "tls-certificates", "tls-psk-file");
    private static final String SUB_DELIMITERS = "!$&'()*+,;=";
    private static final int LONGEST_QUOTE = 80;

    private final String uri;

    NbdUriParser(String uri) {
        this.uri = uri;
    }

    NbdUri parse() {
        String scheme = scheme();
        if (!SUPPORTED_SCHEMES.contains(scheme)) {
            throw error("the scheme %s is not supported yet, only nbd, nbds, nbd+unix and nbds+unix are", scheme);
        }
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
        NbdUri.Tls tls = tls(scheme.startsWith("nbds"), query.get("tls-hostname"));
        return scheme.endsWith("+unix")
                ? unix(tls, username, hostAndPort, exportName, query)
                : tcp(tls, username, hostAndPort, exportName, query);
    }

    private static NbdUri.Tls tls(boolean required, @Nullable String hostname) {
        if (hostname == null) {
            return new NbdUri.Tls(required, null);
        }
        if (!required) {
            throw error("the parameter tls-hostname belongs to the schemes that require TLS, such as nbds");
        }
        if (hostname.isEmpty() || hostname.indexOf('\0') >= 0) {
            throw error("the parameter tls-hostname is empty or has a NUL");
        }
        return new NbdUri.Tls(true, hostname);
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
            throw error("unknown scheme %s, only nbd, nbds, nbd+unix and nbds+unix are supported", quote(scheme));
        }
        throw error("%s has no scheme; write nbd://HOST/EXPORT or nbd+unix:///EXPORT?socket=PATH", quote(uri));
    }

    private static boolean isSchemeSyntax(String scheme) {
        return !scheme.isEmpty()
                && scheme.chars().allMatch(c -> (c >= 'a' && c <= 'z') || "0123456789+-.".indexOf(c) >= 0);
    }

    private static NbdUri tcp(
            NbdUri.Tls tls,
            @Nullable String username,
            String hostAndPort,
            String exportName,
            Map<String, String> query) {
        if (query.containsKey("socket")) {
            throw error("the parameter socket belongs to nbd+unix, not to nbd");
        }
        int hostEnd = hostEnd(hostAndPort);
        String host = host(hostAndPort.substring(0, hostEnd));
        return NbdUri.tcp(tls, username, host, port(hostAndPort.substring(hostEnd)), exportName);
    }

    private static NbdUri unix(
            NbdUri.Tls tls,
            @Nullable String username,
            String hostAndPort,
            String exportName,
            Map<String, String> query) {
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
        return NbdUri.unix(tls, username, path, exportName);
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

    private static int port(String colonAndPort) {
        // RFC 3986 allows a colon without a port behind it.
        if (colonAndPort.isEmpty() || colonAndPort.equals(":")) {
            return ProtocolLimits.DEFAULT_PORT;
        }
        if (colonAndPort.charAt(0) != ':') {
            throw error("the host is followed by %s where only a port may be", quote(colonAndPort));
        }
        int port = 0;
        for (int i = 1; i < colonAndPort.length(); i++) {
            char c = colonAndPort.charAt(i);
            port = c >= '0' && c <= '9' ? port * 10 + c - '0' : 0x10000;
            if (port > 0xffff) {
                break;
            }
        }
        if (port < 1 || port > 0xffff) {
            throw error("the port is not a number from 1 to 65535: %s", quote(colonAndPort.substring(1)));
        }
        return port;
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
                    "the name of a parameter", equals < 0 ? parameter : parameter.substring(0, equals));
            if (key.startsWith("x-")) {
                continue;
            }
            if (UNSUPPORTED_PARAMETERS.contains(key)) {
                throw error("the parameter %s is not supported yet", key);
            }
            if (!key.equals("socket") && !key.equals("tls-hostname")) {
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
