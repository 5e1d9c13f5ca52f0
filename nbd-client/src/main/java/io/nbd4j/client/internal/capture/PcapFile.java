package io.nbd4j.client.internal.capture;

import io.netty.buffer.ByteBuf;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A file in the format of libpcap with one TCP connection in it. Whatever carried the bytes, they are shown as going from
 * one address of the range for documentation to another, on NBD's port: it is what network analysers understand.
 *
 * <p>Netty's own writer is of no use here: it leaves out what is not a socket of Netty's own, does not cut payload into
 * packets, whose length has 16 bits, and lets a full disk end the connection. Not thread-safe.
 */
final class PcapFile implements Closeable {
    /** The two ends. */
    enum Side {
        CLIENT(0xc000_0201, 50_000),
        SERVER(0xc000_0202, 10_809);

        private final int address;
        private final int port;

        Side(int address, int port) {
            this.address = address;
            this.port = port;
        }

        Side other() {
            return this == CLIENT ? SERVER : CLIENT;
        }
    }

    static final int FIN = 1;
    static final int SYN = 1 << 1;
    static final int PUSH = 1 << 3;
    static final int ACK = 1 << 4;

    private static final int MAGIC_MICROSECONDS = 0xa1b2_c3d4;
    private static final int LINK_TYPE_RAW_IP = 101;
    private static final int FILE_HEADER = 24;
    private static final int RECORD_HEADER = 16;
    private static final int IP_HEADER = 20;
    private static final int TCP_HEADER = 20;
    private static final int MAX_PACKET = 0xffff;
    private static final int MAX_SEGMENT = MAX_PACKET - IP_HEADER - TCP_HEADER;
    private static final int PROTOCOL_TCP = 6;
    private static final int TIME_TO_LIVE = 64;

    private final FileChannel file;
    private int sentByClient;
    private int sentByServer;
    private final ByteBuffer header = ByteBuffer.allocate(RECORD_HEADER + IP_HEADER + TCP_HEADER);

    private PcapFile(FileChannel file) {
        this.file = file;
    }

    /** Creates the file, or empties it, and lets the connection begin in it. */
    static PcapFile create(Path path) throws IOException {
        FileChannel channel = FileChannel.open(
                path, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
        try {
            PcapFile created = new PcapFile(channel);
            created.begin();
            return created;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    private void begin() throws IOException {
        ByteBuffer start = ByteBuffer.allocate(FILE_HEADER)
                .putInt(MAGIC_MICROSECONDS)
                .putShort((short) 2)
                .putShort((short) 4)
                .putInt(0)
                .putInt(0)
                .putInt(MAX_PACKET)
                .putInt(LINK_TYPE_RAW_IP)
                .flip();
        writeAll(start);
        packet(Side.CLIENT, SYN, null, 0, 0);
        advance(Side.CLIENT, 1);
        packet(Side.SERVER, SYN | ACK, null, 0, 0);
        advance(Side.SERVER, 1);
        packet(Side.CLIENT, ACK, null, 0, 0);
    }

    /** Writes the readable bytes of {@code data}, which stays the caller's, as said by {@code speaker}. */
    void data(Side speaker, ByteBuf data) throws IOException {
        int end = data.writerIndex();
        for (int index = data.readerIndex(); index < end; index += MAX_SEGMENT) {
            int length = Math.min(MAX_SEGMENT, end - index);
            packet(speaker, PUSH | ACK, data, index, length);
            advance(speaker, length);
        }
    }

    private int sent(Side side) {
        return side == Side.CLIENT ? sentByClient : sentByServer;
    }

    /** Moves the sequence number of one side on, which begins anew when it has no more room. */
    private void advance(Side side, int length) {
        if (side == Side.CLIENT) {
            sentByClient += length;
        } else {
            sentByServer += length;
        }
    }

    private void packet(Side speaker, int flags, @Nullable ByteBuf payload, int index, int length) throws IOException {
        Instant now = Instant.now();
        int packet = IP_HEADER + TCP_HEADER + length;
        header.clear();
        header.putInt((int) now.getEpochSecond());
        header.putInt((int) TimeUnit.NANOSECONDS.toMicros(now.getNano()));
        header.putInt(packet);
        header.putInt(packet);
        ip(speaker, packet);
        tcp(speaker, flags);
        header.flip();
        ByteBuffer[] parts = payload == null ? new ByteBuffer[0] : payload.nioBuffers(index, length);
        ByteBuffer[] all = new ByteBuffer[1 + parts.length];
        all[0] = header;
        System.arraycopy(parts, 0, all, 1, parts.length);
        writeAll(all);
    }

    private void ip(Side speaker, int packet) {
        int start = header.position();
        header.putShort((short) 0x4500).putShort((short) packet);
        // No identification, and never to be cut into fragments.
        header.putShort((short) 0).putShort((short) 0x4000);
        header.put((byte) TIME_TO_LIVE).put((byte) PROTOCOL_TCP);
        int checksumAt = header.position();
        header.putShort((short) 0);
        header.putInt(speaker.address).putInt(speaker.other().address);
        header.putShort(checksumAt, checksum(start));
    }

    private short checksum(int start) {
        int sum = 0;
        for (int at = start; at < start + IP_HEADER; at += Short.BYTES) {
            sum += header.getShort(at) & 0xffff;
        }
        sum = (sum & 0xffff) + (sum >>> 16);
        return (short) ~((sum & 0xffff) + (sum >>> 16));
    }

    /** Without its checksum: it would cost a look at every byte, and nobody checks it by default. */
    private void tcp(Side speaker, int flags) {
        header.putShort((short) speaker.port).putShort((short) speaker.other().port);
        header.putInt(sent(speaker));
        header.putInt((flags & ACK) == 0 ? 0 : sent(speaker.other()));
        header.put((byte) ((TCP_HEADER / Integer.BYTES) << 4)).put((byte) flags);
        header.putShort((short) 0xffff).putShort((short) 0).putShort((short) 0);
    }

    private void writeAll(ByteBuffer... parts) throws IOException {
        ByteBuffer last = parts[parts.length - 1];
        do {
            file.write(parts);
        } while (last.hasRemaining());
    }

    /** Lets the connection end in the file, and closes it. */
    @Override
    public void close() throws IOException {
        try (file) {
            for (Side side : Side.values()) {
                packet(side, FIN | ACK, null, 0, 0);
                advance(side, 1);
            }
            packet(Side.CLIENT, ACK, null, 0, 0);
        }
    }

    /** Closes the file as it is. */
    void abandon() throws IOException {
        file.close();
    }
}
