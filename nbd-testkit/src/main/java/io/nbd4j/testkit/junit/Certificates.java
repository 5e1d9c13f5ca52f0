package io.nbd4j.testkit.junit;

import io.nbd4j.testkit.TestCertificates;
import io.netty.handler.ssl.SslContext;

/** The certificates of annotated servers, made when the first one is needed. Immutable, so all tests share them. */
final class Certificates {
    private Certificates() {}

    /** @throws IllegalStateException if what makes certificates is not there */
    static TestCertificates authority() {
        requireMaker();
        return Made.AUTHORITY;
    }

    /** @throws IllegalStateException if what makes certificates is not there */
    static SslContext ofServer() {
        requireMaker();
        return Made.OF_SERVER;
    }

    private static void requireMaker() {
        try {
            Class.forName("io.netty.pkitesting.CertificateBuilder", false, TestCertificates.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException("certificates need io.netty:netty-pkitesting on the class path", e);
        }
    }

    private static final class Made {
        static final TestCertificates AUTHORITY = TestCertificates.create();
        static final SslContext OF_SERVER = AUTHORITY.serverContext(AUTHORITY.server("localhost", "127.0.0.1", "::1"));
    }
}
