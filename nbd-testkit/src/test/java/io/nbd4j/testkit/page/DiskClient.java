package io.nbd4j.testkit.page;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/** The simplest NBD client, which stands for that of a user of the testkit: one request at a time. */
public final class DiskClient implements AutoCloseable {
    private static final long NBDMAGIC = 0x4e42_444d_4147_4943L;
    private static final long IHAVEOPT = 0x4948_4156_454f_5054L;
    private static final int EXPORT_NAME = 1;
    private static final int REQUEST = 0x2560_9513;
    private static final int REPLY = 0x6744_6698;
    private static final int READ = 0;
    private static final int WRITE = 1;
    private static final int DISC = 2;

    private final SocketChannel channel;
    private final DataInputStream in;
    private final DataOutputStream out;
    private final long size;
    private long cookie;
    private boolean inStep = true;

    private DiskClient(SocketChannel channel, String export) throws IOException {
        this.channel = channel;
        in = new DataInputStream(Channels.newInputStream(channel));
        out = new DataOutputStream(Channels.newOutputStream(channel));
        require(NBDMAGIC, in.readLong());
        require(IHAVEOPT, in.readLong());
        int flags = in.readShort();
        byte[] name = export.getBytes(StandardCharsets.UTF_8);
        out.writeInt(flags & 3);
        out.writeLong(IHAVEOPT);
        out.writeInt(EXPORT_NAME);
        out.writeInt(name.length);
        out.write(name);
        size = in.readLong();
        in.readShort();
        if ((flags & 2) == 0) {
            in.readNBytes(124);
        }
    }

    /** Connects to what an NBD URI names. */
    public static DiskClient connect(String uri) throws IOException {
        URI parts = URI.create(uri);
        boolean unix = parts.getScheme().equals("nbd+unix");
        SocketAddress address = unix
                ? UnixDomainSocketAddress.of(parts.getQuery().substring("socket=".length()))
                : new InetSocketAddress(parts.getHost(), parts.getPort());
        SocketChannel channel = unix ? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open();
        boolean connected = false;
        try {
            channel.connect(address);
            DiskClient client = new DiskClient(channel, parts.getPath().substring(1));
            connected = true;
            return client;
        } finally {
            if (!connected) {
                channel.close();
            }
        }
    }

    /** Returns the size of the export. */
    public long size() {
        return size;
    }

    /** Reads. */
    public byte[] read(long offset, int length) throws IOException {
        request(READ, offset, length);
        reply();
        inStep = false;
        byte[] data = new byte[length];
        in.readFully(data);
        inStep = true;
        return data;
    }

    /** Writes. */
    public void write(long offset, byte[] data) throws IOException {
        request(WRITE, offset, data.length);
        out.write(data);
        reply();
    }

    /** Writes, in a lambda. */
    public void writeUnchecked(long offset, byte[] data) {
        try {
            write(offset, data);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void request(int command, long offset, int length) throws IOException {
        inStep = false;
        out.writeInt(REQUEST);
        out.writeShort(0);
        out.writeShort(command);
        out.writeLong(++cookie);
        out.writeLong(offset);
        out.writeInt(length);
    }

    private void reply() throws IOException {
        require(REPLY, in.readInt());
        int error = in.readInt();
        require(cookie, in.readLong());
        inStep = true;
        if (error != 0) {
            throw new IOException("the server says error " + error);
        }
    }

    private static void require(long expected, long came) throws IOException {
        if (came != expected) {
            throw new IOException(String.format("expected %x, but came %x", expected, came));
        }
    }

    @Override
    public void close() throws IOException {
        try (channel) {
            if (inStep) {
                request(DISC, 0, 0);
            }
        }
    }
}
