package io.nbd4j.client;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** The name and the version of this library. */
public final class NbdVersion {
    private static final String VERSION = read();

    private NbdVersion() {}

    /** Returns {@code nbd4j}. */
    public static String packageName() {
        return "nbd4j";
    }

    /** Returns the version, such as {@code 0.1.0}. */
    public static String version() {
        return VERSION;
    }

    private static String read() {
        try (InputStream in = NbdVersion.class.getResourceAsStream("version.properties")) {
            if (in == null) {
                throw new IllegalStateException("the jar of nbd-client lacks version.properties");
            }
            Properties properties = new Properties();
            properties.load(in);
            return properties.getProperty("version");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
