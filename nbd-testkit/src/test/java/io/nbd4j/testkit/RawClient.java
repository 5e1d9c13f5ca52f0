package io.nbd4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.codec.golden.WireBytes;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.util.HexFormat;

/** Sends bytes and expects bytes; knows nothing of NBD. */
final class RawClient implements AutoCloseable {
    private final InputStream in;
    private final OutputStream out;
    private final Closeable end;

    RawClient(InputStream in, OutputStream out, Closeable end) {
        this.in = in;
        this.out = out;
        this.end = end;
    }

    static RawClient connect(SocketAddress address) throws IOException {
        SocketChannel channel = SocketChannel.open(address);
        return new RawClient(Channels.newInputStream(channel), Channels.newOutputStream(channel), channel);
    }

    RawClient send(String wire) throws IOException {
        out.write(WireBytes.parse(wire));
        out.flush();
        return this;
    }

    RawClient expect(String wire) throws IOException {
        byte[] expected = WireBytes.parse(wire);
        byte[] received = in.readNBytes(expected.length);
        assertThat(HexFormat.of().formatHex(received)).isEqualTo(HexFormat.of().formatHex(expected));
        return this;
    }

    byte[] read(int length) throws IOException {
        return in.readNBytes(length);
    }

    byte[] readToTheEnd() throws IOException {
        return in.readAllBytes();
    }

    void expectEnd() throws IOException {
        assertThat(in.read()).as("what follows").isEqualTo(-1);
    }

    @Override
    public void close() throws IOException {
        end.close();
    }
}
