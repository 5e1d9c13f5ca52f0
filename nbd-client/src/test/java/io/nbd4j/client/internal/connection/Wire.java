package io.nbd4j.client.internal.connection;

import io.nbd4j.codec.golden.WireBytes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** What a server writes, laid out by hand after the specification, so that no encoder of the project agrees with itself. */
final class Wire {
    private static final int DONE = 1;

    private Wire() {}

    static byte[] simple(long cookie, int error) {
        return ByteBuffer.allocate(16)
                .putInt(0x67446698)
                .putInt(error)
                .putLong(cookie)
                .array();
    }

    static byte[] simple(long cookie, byte[] data) {
        return WireBytes.concat(simple(cookie, 0), data);
    }

    static byte[] chunk(int flags, int type, long cookie, byte[] payload) {
        return ByteBuffer.allocate(20 + payload.length)
                .putInt(0x668e33ef)
                .putShort((short) flags)
                .putShort((short) type)
                .putLong(cookie)
                .putInt(payload.length)
                .put(payload)
                .array();
    }

    static byte[] none(long cookie) {
        return chunk(DONE, 0, cookie, new byte[0]);
    }

    static byte[] data(long cookie, long offset, byte[] data) {
        return chunk(0, 1, cookie, offsetData(offset, data));
    }

    static byte[] lastData(long cookie, long offset, byte[] data) {
        return chunk(DONE, 1, cookie, offsetData(offset, data));
    }

    private static byte[] offsetData(long offset, byte[] data) {
        return ByteBuffer.allocate(8 + data.length).putLong(offset).put(data).array();
    }

    static byte[] hole(long cookie, long offset, int length) {
        return chunk(0, 2, cookie, offsetHole(offset, length));
    }

    static byte[] lastHole(long cookie, long offset, int length) {
        return chunk(DONE, 2, cookie, offsetHole(offset, length));
    }

    private static byte[] offsetHole(long offset, int length) {
        return ByteBuffer.allocate(12).putLong(offset).putInt(length).array();
    }

    static byte[] error(long cookie, int error, String message) {
        return chunk(0, 0x8001, cookie, errorPayload(error, message));
    }

    static byte[] lastError(long cookie, int error, String message) {
        return chunk(DONE, 0x8001, cookie, errorPayload(error, message));
    }

    static byte[] lastErrorOffset(long cookie, int error, String message, long offset) {
        byte[] behind = ByteBuffer.allocate(8).putLong(offset).array();
        return chunk(DONE, 0x8002, cookie, WireBytes.concat(errorPayload(error, message), behind));
    }

    private static byte[] errorPayload(int error, String message) {
        byte[] text = message.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(6 + text.length)
                .putInt(error)
                .putShort((short) text.length)
                .put(text)
                .array();
    }

    /** Returns a block status of extents, each given by its length and its status. */
    static byte[] status(long cookie, int contextId, long... extents) {
        return chunk(0, 5, cookie, statusPayload(contextId, extents));
    }

    static byte[] lastStatus(long cookie, int contextId, long... extents) {
        return chunk(DONE, 5, cookie, statusPayload(contextId, extents));
    }

    private static byte[] statusPayload(int contextId, long... extents) {
        ByteBuffer payload = ByteBuffer.allocate(4 + 4 * extents.length).putInt(contextId);
        for (long value : extents) {
            payload.putInt((int) value);
        }
        return payload.array();
    }

    /** Returns bytes that tell where in the export they belong, so that a byte in the wrong place is seen. */
    static byte[] pattern(long offset, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            long position = offset + i;
            bytes[i] = (byte) (position * 31 + (position >>> 8) * 17 + 1);
        }
        return bytes;
    }
}
