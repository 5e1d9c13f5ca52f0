package io.nbd4j.client.server;

import io.nbd4j.client.TlsProvider;

class JdkTlsIT extends TlsContract {
    @Override
    TlsProvider provider() {
        return TlsProvider.JDK;
    }
}
