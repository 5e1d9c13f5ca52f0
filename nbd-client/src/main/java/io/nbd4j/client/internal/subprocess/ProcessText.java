package io.nbd4j.client.internal.subprocess;

import io.nbd4j.client.internal.subprocess.CommandLookupException.Reason;
import java.nio.charset.Charset;
import java.util.Map;

/**
 * The encoding in which arguments and environment variables reach a child. The JDK puts a question mark where a
 * character can't be encoded; a server would then serve another file than the one asked for, so it is refused here.
 */
public final class ProcessText {
    private static final Charset ENCODING = encoding();

    private ProcessText() {}

    /** Returns the bytes of {@code text} in the encoding of the platform, without a terminating NUL. */
    public static byte[] encode(String text) {
        return text.getBytes(ENCODING);
    }

    static void check(LaunchSpec spec) throws CommandLookupException {
        check(spec, ENCODING);
    }

    static void check(LaunchSpec spec, Charset encoding) throws CommandLookupException {
        for (int i = 0; i < spec.argv().size(); i++) {
            check(i == 0 ? "the command" : "argument " + i, spec.argv().get(i), encoding);
        }
        for (Map.Entry<String, String> variable : spec.environment().entrySet()) {
            String name = variable.getKey();
            if (name.isEmpty() || name.indexOf('=') >= 0) {
                throw refused("the environment variable \"" + PrintableText.escape(name) + "\" (its name)");
            }
            check("the name of an environment variable", name, encoding);
            check("the environment variable " + name, variable.getValue(), encoding);
        }
    }

    private static void check(String what, String text, Charset encoding) throws CommandLookupException {
        if (text.indexOf('\0') >= 0) {
            throw refused(what + " (it has a NUL character)");
        }
        if (!encoding.newEncoder().canEncode(text)) {
            throw refused(what + " (" + encoding + ", the encoding of this platform, can't express it)");
        }
    }

    private static CommandLookupException refused(String what) {
        return new CommandLookupException(Reason.INVALID_TEXT, what, null);
    }

    private static Charset encoding() {
        String name = System.getProperty("sun.jnu.encoding");
        return name != null && Charset.isSupported(name) ? Charset.forName(name) : Charset.defaultCharset();
    }
}
