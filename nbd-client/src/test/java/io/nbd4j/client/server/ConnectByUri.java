package io.nbd4j.client.server;

import io.nbd4j.client.NbdClient;
import java.util.concurrent.TimeUnit;

/** A program that prints the size of an export, and whether there is a URI of it: another PATH takes a JVM of its own. */
final class ConnectByUri {
    private ConnectByUri() {}

    /** Takes a URI. */
    public static void main(String... arguments) throws Exception {
        try (NbdClient nbd = NbdClient.builder().build()) {
            nbd.connectUri(arguments[0]).get(30, TimeUnit.SECONDS);
            System.out.println(
                    "size " + nbd.export().size() + ", uri " + nbd.uri().isPresent());
        }
    }
}
