package io.nbd4j.codec.golden;

import io.nbd4j.codec.CommandType;
import java.util.List;

/** What clients send in the transmission phase, typed from the layouts of requests in the specification. */
public final class ClientTransmissionVectors {
    private ClientTransmissionVectors() {}

    /**
     * The fields of a compact request.
     *
     * @param flags the 16 bits of the command flags
     * @param length unsigned 32 bits
     */
    public record CompactRequest(int flags, CommandType type, long cookie, long offset, long length) {}

    /** Headers of compact requests. A write's payload would follow. */
    public static List<GoldenVector<CompactRequest>> requests() {
        return List.of(
                new GoldenVector<>("READ", """
                        25609513            # magic
                        0000 0000           # flags, READ
                        0000000100000003    # cookie
                        0000000000001000    # offset
                        00000200            # length
                        """, new CompactRequest(0, CommandType.READ, 0x1_0000_0003L, 4096, 512)),
                new GoldenVector<>(
                        "WRITE with FUA",
                        "25609513 0001 0001 ffffffffffffffff 0000000000002000 00000005",
                        new CompactRequest(1, CommandType.WRITE, -1, 8192, 5)),
                new GoldenVector<>(
                        "DISC",
                        "25609513 0000 0002 0000000000000000 0000000000000000 00000000",
                        new CompactRequest(0, CommandType.DISC, 0, 0, 0)),
                new GoldenVector<>(
                        "FLUSH",
                        "25609513 0000 0003 8000000000000000 0000000000000000 00000000",
                        new CompactRequest(0, CommandType.FLUSH, Long.MIN_VALUE, 0, 0)),
                new GoldenVector<>(
                        "TRIM of almost 4 GiB beyond 4 GiB",
                        "25609513 0000 0004 0102030405060708 0000000100000000 ffff0000",
                        new CompactRequest(0, CommandType.TRIM, 0x0102_0304_0506_0708L, 1L << 32, 0xffff_0000L)),
                new GoldenVector<>(
                        "CACHE",
                        "25609513 0000 0005 0102030405060708 7fffffffffffff00 00000100",
                        new CompactRequest(0, CommandType.CACHE, 0x0102_0304_0506_0708L, 0x7fff_ffff_ffff_ff00L, 256)),
                new GoldenVector<>(
                        "WRITE_ZEROES with FUA, NO_HOLE and FAST_ZERO",
                        "25609513 0013 0006 0102030405060708 0000000000000000 80000000",
                        new CompactRequest(0x13, CommandType.WRITE_ZEROES, 0x0102_0304_0506_0708L, 0, 0x8000_0000L)),
                new GoldenVector<>(
                        "BLOCK_STATUS with every flag",
                        "25609513 ffff 0007 0102030405060708 0000000000000000 00000001",
                        new CompactRequest(0xffff, CommandType.BLOCK_STATUS, 0x0102_0304_0506_0708L, 0, 1)));
    }

    /**
     * The fields of an extended request.
     *
     * @param flags the 16 bits of the command flags
     * @param length unsigned 64 bits
     */
    public record ExtendedRequest(int flags, CommandType type, long cookie, long offset, long length) {}

    /** Extended headers. The payload of those with the flag PAYLOAD_LEN (0x20) would follow. */
    public static List<GoldenVector<ExtendedRequest>> extendedRequests() {
        return List.of(
                new GoldenVector<>(
                        "READ with DF", """
                        21e41c71            # magic
                        0004 0000           # DF, READ
                        0000000100000003    # cookie
                        0000000000001000    # offset
                        0000000000000200    # length
                        """, new ExtendedRequest(4, CommandType.READ, 0x1_0000_0003L, 4096, 512)),
                new GoldenVector<>(
                        "WRITE with FUA and PAYLOAD_LEN",
                        "21e41c71 0021 0001 ffffffffffffffff 0000000000002000 0000000000000005",
                        new ExtendedRequest(0x21, CommandType.WRITE, -1, 8192, 5)),
                new GoldenVector<>(
                        "DISC",
                        "21e41c71 0000 0002 0000000000000000 0000000000000000 0000000000000000",
                        new ExtendedRequest(0, CommandType.DISC, 0, 0, 0)),
                new GoldenVector<>(
                        "TRIM of all of the largest export",
                        "21e41c71 0000 0004 0102030405060708 0000000000000000 7fffffffffffffff",
                        new ExtendedRequest(0, CommandType.TRIM, 0x0102_0304_0506_0708L, 0, Long.MAX_VALUE)),
                new GoldenVector<>(
                        "WRITE_ZEROES of 2^64-1 bytes",
                        "21e41c71 0013 0006 0102030405060708 ffffffffffffffff ffffffffffffffff",
                        new ExtendedRequest(0x13, CommandType.WRITE_ZEROES, 0x0102_0304_0506_0708L, -1, -1)),
                new GoldenVector<>(
                        "BLOCK_STATUS with REQ_ONE",
                        "21e41c71 0008 0007 0102030405060708 0000000100000000 0000010000000000",
                        new ExtendedRequest(8, CommandType.BLOCK_STATUS, 0x0102_0304_0506_0708L, 1L << 32, 1L << 40)));
    }

    /** The payload of a block status request that asks for the contexts 7 and -1 of 1 TiB. */
    public static GoldenVector<int[]> statusFilter() {
        return new GoldenVector<>("filter", "0000010000000000 00000007 ffffffff", new int[] {7, -1});
    }
}
