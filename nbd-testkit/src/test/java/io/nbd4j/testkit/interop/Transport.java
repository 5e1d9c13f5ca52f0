package io.nbd4j.testkit.interop;

import io.nbd4j.testkit.TestServer;

/** How programs of other people reach the server. */
enum Transport {
    TCP,
    UNIX;

    TestServer.Builder server() {
        return this == UNIX ? TestServer.builder().unixSocket() : TestServer.builder();
    }
}
