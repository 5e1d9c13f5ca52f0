package io.nbd4j.examples;

import io.nbd4j.client.NbdClient;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/** Starts a server, writes, reads back. */
public final class TwentyLines {
    private TwentyLines() {}

    /** Prints what came back. */
    public static void main(String[] arguments) {
        ByteBuf hello = Unpooled.copiedBuffer("Hello, NBD!", StandardCharsets.UTF_8);
        int length = hello.readableBytes();
        try (NbdClient nbd = NbdClient.builder().build()) {
            nbd.connectCommand("nbdkit", "-s", "memory", "1G")
                    .thenCompose(client -> client.pwrite(hello, 4096))
                    .thenCompose(written -> nbd.pread(length, 4096))
                    .thenAccept(buffer -> {
                        System.out.println(buffer.toString(StandardCharsets.UTF_8));
                        buffer.release();
                    })
                    .join();
        }
    }
}
