package io.nbd4j.client.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** The other end of a client's socket. Never blocks. */
final class RawPeer implements AutoCloseable {
    private final SocketChannel channel;
    private final ByteBuffer scrap = ByteBuffer.allocate(64 * 1024);

    RawPeer(SocketChannel channel) throws IOException {
        this.channel = channel;
        channel.configureBlocking(false);
    }

    /** Sends what fits. Returns false if the client is gone. */
    boolean send(ByteBuffer bytes) {
        try {
            channel.write(bytes);
            return true;
        } catch (IOException e) {
            return false; // A broken pipe: the client has hung up.
        }
    }

    /** Takes and forgets what the client has sent. Returns whether there was anything. */
    boolean take() {
        try {
            return channel.read(scrap.clear()) > 0;
        } catch (IOException e) {
            return false; // A reset: the client has gone with something unread.
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
