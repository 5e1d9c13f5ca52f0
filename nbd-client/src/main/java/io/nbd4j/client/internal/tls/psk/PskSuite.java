package io.nbd4j.client.internal.tls.psk;

import java.util.Arrays;
import org.bouncycastle.tls.CipherSuite;

/**
 * The cipher suites for a pre-shared key, in the order of preference. In TLS 1.3 a key goes with a hash function, and GnuTLS
 * takes SHA-256 unless it is told another.
 */
enum PskSuite {
    TLS_AES_128_GCM_SHA256(CipherSuite.TLS_AES_128_GCM_SHA256),
    TLS_CHACHA20_POLY1305_SHA256(CipherSuite.TLS_CHACHA20_POLY1305_SHA256),
    TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256(CipherSuite.TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256),
    TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256(CipherSuite.TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256),
    TLS_DHE_PSK_WITH_AES_128_GCM_SHA256(CipherSuite.TLS_DHE_PSK_WITH_AES_128_GCM_SHA256),
    TLS_DHE_PSK_WITH_AES_256_GCM_SHA384(CipherSuite.TLS_DHE_PSK_WITH_AES_256_GCM_SHA384),
    TLS_DHE_PSK_WITH_CHACHA20_POLY1305_SHA256(CipherSuite.TLS_DHE_PSK_WITH_CHACHA20_POLY1305_SHA256),
    TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256(CipherSuite.TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256),
    TLS_DHE_PSK_WITH_AES_128_CBC_SHA256(CipherSuite.TLS_DHE_PSK_WITH_AES_128_CBC_SHA256);

    private final int code;

    PskSuite(int code) {
        this.code = code;
    }

    /** Returns the numbers of all. */
    static int[] codes() {
        return Arrays.stream(values()).mapToInt(suite -> suite.code).toArray();
    }

    /** Returns the name that the standard has for one of these. */
    static String nameOf(int code) {
        return Arrays.stream(values())
                .filter(suite -> suite.code == code)
                .findFirst()
                .map(Enum::name)
                .orElseThrow(() -> new IllegalArgumentException("this cipher suite was not offered: " + code));
    }
}
