package io.nbd4j.client.internal.connection;

/**
 * A request as the server sees it.
 *
 * @param type the raw 16 bits
 * @param length the raw 32 bits, unsigned; of an extended header all 64
 * @param payload of a write, or of another request that says it has one; otherwise empty
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Request(int flags, int type, long cookie, long offset, long length, byte[] payload) {
    static final int READ = 0;
    static final int WRITE = 1;
    static final int DISC = 2;
    static final int FLUSH = 3;
    static final int TRIM = 4;
    static final int CACHE = 5;
    static final int WRITE_ZEROES = 6;
    static final int BLOCK_STATUS = 7;

    /** The bit of the flags that says that the length is that of the payload. */
    static final int PAYLOAD_LEN = 0x20;
}
