package io.nbd4j.client.server;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nbd4j.client.TlsProvider;
import io.netty.handler.ssl.OpenSsl;
import org.junit.jupiter.api.BeforeAll;

/** netty-tcnative is on the class path of the tests for Linux on x86_64. */
class OpenSslTlsIT extends TlsContract {
    @BeforeAll
    static void lookForIt() {
        assumeTrue(OpenSsl.isAvailable(), () -> "no netty-tcnative: " + OpenSsl.unavailabilityCause());
    }

    @Override
    TlsProvider provider() {
        return TlsProvider.OPENSSL;
    }
}
