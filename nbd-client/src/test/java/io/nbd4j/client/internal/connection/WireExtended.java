package io.nbd4j.client.internal.connection;

import java.nio.ByteBuffer;

/** What a server writes that has agreed to extended headers, laid out by hand like {@link Wire}. */
final class WireExtended {
    private static final int DONE = 1;

    private WireExtended() {}

    static byte[] chunk(int flags, int type, Request request, byte[] payload) {
        return chunk(flags, type, request.cookie(), request.offset(), payload);
    }

    static byte[] chunk(int flags, int type, long cookie, long requestOffset, byte[] payload) {
        return ByteBuffer.allocate(32 + payload.length)
                .putInt(0x6e8a278c)
                .putShort((short) flags)
                .putShort((short) type)
                .putLong(cookie)
                .putLong(requestOffset)
                .putLong(payload.length)
                .put(payload)
                .array();
    }

    static byte[] none(Request request) {
        return chunk(DONE, 0, request, new byte[0]);
    }

    static byte[] data(Request request, long offset, byte[] data) {
        return chunk(0, 1, request, offsetData(offset, data));
    }

    static byte[] lastData(Request request, long offset, byte[] data) {
        return chunk(DONE, 1, request, offsetData(offset, data));
    }

    private static byte[] offsetData(long offset, byte[] data) {
        return ByteBuffer.allocate(8 + data.length).putLong(offset).put(data).array();
    }

    static byte[] hole(Request request, long offset, int length) {
        return chunk(
                0,
                2,
                request,
                ByteBuffer.allocate(12).putLong(offset).putInt(length).array());
    }

    static byte[] lastError(Request request, int error) {
        return chunk(
                DONE,
                0x8001,
                request,
                ByteBuffer.allocate(6).putInt(error).putShort((short) 0).array());
    }

    /** Returns a block status of extents, each given by its length and its status. */
    static byte[] status(Request request, int contextId, long... extents) {
        ByteBuffer payload =
                ByteBuffer.allocate(8 + 8 * extents.length).putInt(contextId).putInt(extents.length / 2);
        for (long value : extents) {
            payload.putLong(value);
        }
        return chunk(0, 6, request, payload.array());
    }
}
