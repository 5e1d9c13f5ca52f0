package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.NbdClient;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.Random;

/** Bytes to write, and to expect. */
public final class Content {
    private Content() {}

    /** Returns bytes that don't repeat; the same ones for the same seed. */
    public static byte[] random(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** Writes through {@code nbd} and reads it back. */
    public static void writeAndReadBack(NbdClient nbd, byte[] bytes, long offset) {
        await(nbd.pwrite(Unpooled.wrappedBuffer(bytes), offset));
        assertRead(nbd, bytes, offset);
    }

    /** Reads through {@code nbd} what is {@code expected}. */
    public static void assertRead(NbdClient nbd, byte[] expected, long offset) {
        ByteBuf read = await(nbd.pread(expected.length, offset));
        byte[] bytes = ByteBufUtil.getBytes(read);
        read.release();
        assertThat(bytes).isEqualTo(expected);
    }

    /** Returns what nbdkit's pattern plugin serves: each eight bytes are their own offset. */
    public static byte[] pattern(int length, long offset) {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        for (long at = offset; bytes.hasRemaining(); at += Long.BYTES) {
            bytes.putLong(at);
        }
        return bytes.array();
    }
}
