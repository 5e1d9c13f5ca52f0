package io.nbd4j.client;

/** One handle, one connection to an NBD export. */
public final class NbdClient {
    private NbdClient() {}
}
