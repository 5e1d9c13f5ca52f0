package io.nbd4j.testkit;

/** An NBD server that runs inside a program or a test. */
public final class TestServer {
    private TestServer() {}
}
