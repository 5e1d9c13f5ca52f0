package io.nbd4j.client.server;

import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdTarget;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The program of {@link LoggingIT}: one connection with a name, whose log goes to standard error. */
final class LoggedConnection {
    private LoggedConnection() {}

    /** Takes the command of the server. */
    public static void main(String... command) throws Exception {
        try (NbdClient nbd = NbdClient.builder().name("disk-7").build()) {
            nbd.connect(NbdTarget.command(List.of(command))).get(30, TimeUnit.SECONDS);
            nbd.pwrite(Unpooled.directBuffer().writeZero(512), 1024).get(30, TimeUnit.SECONDS);
            nbd.closeAsync().get(30, TimeUnit.SECONDS);
        }
    }
}
