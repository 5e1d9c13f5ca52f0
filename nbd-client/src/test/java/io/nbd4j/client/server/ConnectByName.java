package io.nbd4j.client.server;

import io.nbd4j.client.NbdClient;
import java.util.concurrent.TimeUnit;

/** A program that prints the size of an export: names stand for what a file says only in a JVM of their own. */
final class ConnectByName {
    private ConnectByName() {}

    /** Takes a host and a port. */
    public static void main(String... arguments) throws Exception {
        try (NbdClient nbd = NbdClient.builder().build()) {
            nbd.connectTcp(arguments[0], Integer.parseInt(arguments[1])).get(30, TimeUnit.SECONDS);
            System.out.println(nbd.export().size());
        }
    }
}
