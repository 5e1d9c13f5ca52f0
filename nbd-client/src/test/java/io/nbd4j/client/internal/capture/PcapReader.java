package io.nbd4j.client.internal.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads a capture as an analyser would, written after the formats' own descriptions: the file, the records, IP version 4, TCP.
 * It follows the sequence numbers of both sides, and checks what it can.
 */
public final class PcapReader {
    private static final int SERVER_PORT = 10809;

    private final ByteArrayOutputStream client = new ByteArrayOutputStream();
    private final ByteArrayOutputStream server = new ByteArrayOutputStream();
    private final List<String> flags = new ArrayList<>();
    private long nextOfClient = -1;
    private long nextOfServer = -1;

    private PcapReader() {}

    /** Reads a file. */
    public static PcapReader read(Path path) throws IOException {
        PcapReader reader = new PcapReader();
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(path));
        assertThat(in.getInt()).as("magic").isEqualTo(0xa1b2c3d4);
        assertThat(in.getInt()).as("version 2.4").isEqualTo(0x0002_0004);
        assertThat(in.getLong()).as("time zone and accuracy").isZero();
        int longest = in.getInt();
        assertThat(in.getInt()).as("link type, raw IP").isEqualTo(101);
        while (in.hasRemaining()) {
            in.getInt();
            assertThat(in.getInt()).as("microseconds").isBetween(0, 999_999);
            int kept = in.getInt();
            assertThat(in.getInt()).as("length").isEqualTo(kept);
            assertThat(kept).isBetween(40, longest);
            reader.packet(in.slice(in.position(), kept));
            in.position(in.position() + kept);
        }
        return reader;
    }

    private void packet(ByteBuffer in) {
        int sum = 0;
        for (int i = 0; i < 20; i += 2) {
            sum += in.getShort(i) & 0xffff;
        }
        assertThat((sum & 0xffff) + (sum >>> 16)).as("sum of the header").isEqualTo(0xffff);
        assertThat(in.get(0)).as("version 4, header of 20").isEqualTo((byte) 0x45);
        assertThat(in.getShort(2) & 0xffff).as("length").isEqualTo(in.capacity());
        assertThat(in.get(9)).as("TCP").isEqualTo((byte) 6);
        boolean fromServer = (in.getShort(20) & 0xffff) == SERVER_PORT;
        assertThat(in.getInt(12)).as("source").isEqualTo(fromServer ? 0xc0000202 : 0xc0000201);
        assertThat(in.getInt(16)).as("destination").isEqualTo(fromServer ? 0xc0000201 : 0xc0000202);
        long sequence = in.getInt(24) & 0xffff_ffffL;
        long acknowledged = in.getInt(28) & 0xffff_ffffL;
        int bits = in.get(33);
        assertThat(in.get(32)).as("header of 20").isEqualTo((byte) 0x50);
        byte[] payload = new byte[in.capacity() - 40];
        in.get(40, payload);
        long expected = fromServer ? nextOfServer : nextOfClient;
        if (expected >= 0) {
            assertThat(sequence).as("sequence").isEqualTo(expected);
        }
        if ((bits & 0x10) != 0) {
            assertThat(acknowledged).as("acknowledged").isEqualTo(fromServer ? nextOfClient : nextOfServer);
        }
        long next = sequence + payload.length + Integer.bitCount(bits & 3);
        if (fromServer) {
            nextOfServer = next;
            server.writeBytes(payload);
        } else {
            nextOfClient = next;
            client.writeBytes(payload);
        }
        flags.add((fromServer ? "server " : "client ") + bits);
    }

    /** Returns all that the client said. */
    public byte[] client() {
        return client.toByteArray();
    }

    /** Returns all that the server said. */
    public byte[] server() {
        return server.toByteArray();
    }

    /** Checks that the connection was opened and closed. */
    public PcapReader requireWhole() {
        assertThat(flags).startsWith("client 2", "server 18", "client 16");
        assertThat(flags).endsWith("client 17", "server 17", "client 16");
        return this;
    }
}
