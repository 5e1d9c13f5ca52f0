package io.nbd4j.testkit;

import io.nbd4j.testkit.page.DiskClient;
import java.io.IOException;

/** A program that uses a server and has no JUnit. */
public final class NoJunitMain {
    private NoJunitMain() {}

    public static void main(String[] arguments) throws IOException {
        try {
            throw new IllegalStateException(
                    "there is " + Class.forName("org.junit.jupiter.api.Test").getName());
        } catch (ClassNotFoundException e) {
            serve();
        }
    }

    private static void serve() throws IOException {
        try (TestServer server = TestServer.builder()
                        .export("", MemoryExport.ofSize(512))
                        .start();
                DiskClient client = DiskClient.connect(server.uri())) {
            client.write(0, new byte[] {42});
            System.out.println("read " + client.read(0, 1)[0]);
        }
    }
}
