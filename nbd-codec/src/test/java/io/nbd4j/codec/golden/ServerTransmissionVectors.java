package io.nbd4j.codec.golden;

import java.util.List;

/**
 * What servers send in the transmission phase, typed from the layouts in the specification. The meaning is a line for
 * each thing that a listener hears. A simple reply without error to cookie {@code 77} is followed by five bytes, as that
 * is a read.
 */
public final class ServerTransmissionVectors {
    private ServerTransmissionVectors() {}

    /** Replies and chunks that are as they should be. */
    public static List<GoldenVector<List<String>>> replies() {
        return List.of(
                vector("simple reply", "67446698 00000000 0102030405060708", "simple 102030405060708 0"),
                vector(
                        "simple reply with an error",
                        "67446698 0000001c ffffffffffffffff",
                        "simple ffffffffffffffff 28"),
                vector(
                        "simple reply with an error beyond any errno",
                        "67446698 ffffffff 0000000000000001",
                        "simple 1 -1"),
                vector(
                        "simple reply to a read",
                        "67446698 00000000 0000000000000077 'hello'",
                        "simple 77 0",
                        "payload hello"),
                vector("simple error reply to a read", "67446698 00000005 0000000000000077", "simple 77 5"),
                vector("NONE", "668e33ef 0001 0000 0000000000000077 00000000", "done 77"),
                vector("OFFSET_DATA, not the last chunk", """
                        668e33ef            # magic
                        0000 0001           # flags, OFFSET_DATA
                        0000000000000077    # cookie
                        0000000d            # length
                        0000000000001000    # offset
                        'hello'
                        """, "data 77 1000 5", "payload hello"),
                vector(
                        "OFFSET_DATA and DONE, one byte",
                        "668e33ef 0001 0001 0000000000000077 00000009 ffffffffffffffff 2a",
                        "data 77 ffffffffffffffff 1",
                        "payload *",
                        "done 77"),
                vector(
                        "OFFSET_HOLE",
                        "668e33ef 0000 0002 0000000000000077 0000000c 0000000000001000 80000000",
                        "hole 77 1000 2147483648"),
                vector(
                        "OFFSET_HOLE and DONE",
                        "668e33ef 0001 0002 0000000000000077 0000000c 0000000000000000 00000001",
                        "hole 77 0 1",
                        "done 77"),
                vector(
                        "BLOCK_STATUS and DONE",
                        """
                        668e33ef 0001 0005 0000000000000077 00000014
                        ffffffff            # context id
                        00010000 00000003   # length, status
                        ffffffff 80000000
                        """,
                        "status 77 -1",
                        "extent 65536 3",
                        "extent 4294967295 2147483648",
                        "done 77"),
                vector(
                        "ERROR without a message",
                        "668e33ef 0001 8001 0000000000000077 00000006 00000005 0000",
                        "error 77 5 -1 []",
                        "done 77"),
                vector(
                        "ERROR, not the last chunk",
                        "668e33ef 0000 8001 0000000000000077 0000000b 0000001c 0005 6ec3a96521",
                        "error 77 28 -1 [née!]"),
                vector(
                        "ERROR with something behind its message",
                        "668e33ef 0001 8001 0000000000000077 0000000a 00000005 0002 'no' beef",
                        "error 77 5 -1 [no]",
                        "done 77"),
                vector(
                        "ERROR_OFFSET, whose offset is behind the message",
                        "668e33ef 0001 8002 0000000000000077 00000011 00000005 0003 'bad' 0000000000001200",
                        "error 77 5 4608 [bad]",
                        "done 77"),
                vector(
                        "ERROR_OFFSET without a message, and with something behind the offset",
                        "668e33ef 0000 8002 0000000000000077 00000010 00000005 0000 0000000000001200 0000",
                        "error 77 5 4608 []"),
                vector(
                        "an error chunk that does not exist",
                        "668e33ef 0001 8123 0000000000000077 0000000c 00000005 0002 'no' deadbeef",
                        "error 77 5 -1 [no]",
                        "done 77"),
                vector(
                        "chunk flags that do not exist, and DONE",
                        "668e33ef ffff 0000 0000000000000077 00000000",
                        "done 77"),
                vector(
                        "chunk flags that do not exist, without DONE",
                        "668e33ef fffe 0002 0000000000000077 0000000c 0000000000000000 00000001",
                        "hole 77 0 1"));
    }

    /** Chunks with extended headers, typed from the branch of the specification that defines them. */
    public static List<GoldenVector<List<String>>> extendedReplies() {
        return List.of(
                vector("NONE", """
                        6e8a278c            # magic
                        0001 0000           # DONE, NONE
                        0000000000000077    # cookie
                        0000000000001000    # offset of the request
                        0000000000000000    # length
                        """, "extended 77 1000", "done 77"),
                vector("OFFSET_DATA, not the last chunk", """
                        6e8a278c 0000 0001 0000000000000077 0000000000001000
                        000000000000000d    # length
                        0000000000001200    # offset of the data
                        'hello'
                        """, "extended 77 1000", "data 77 1200 5", "payload hello"),
                vector(
                        "OFFSET_HOLE and DONE",
                        "6e8a278c 0001 0002 0000000000000077 0000000000001000 000000000000000c 0000000000001200 80000000",
                        "extended 77 1000",
                        "hole 77 1200 2147483648",
                        "done 77"),
                vector(
                        "BLOCK_STATUS_EXT of 8 TiB and of more than a signed number can say",
                        """
                        6e8a278c 0001 0006 0000000000000077 7fffffffffffffff
                        0000000000000028    # length
                        ffffffff            # context id
                        00000002            # number of extents
                        0000080000000000 0000000000000003
                        ffffffffffffffff 8000000000000001
                        """,
                        "extended 77 7fffffffffffffff",
                        "status 77 -1",
                        "extent 8796093022208 3",
                        "extent 9223372036854775807 -9223372036854775807",
                        "done 77"),
                vector(
                        "ERROR",
                        "6e8a278c 0001 8001 0000000000000077 ffffffffffffffff 0000000000000008 00000016 0002 'no'",
                        "extended 77 ffffffffffffffff",
                        "error 77 22 -1 [no]",
                        "done 77"),
                vector("ERROR_OFFSET, not the last chunk", """
                        6e8a278c 0000 8002 0000000000000077 0000000000001000 0000000000000011
                        00000005 0003 'bad' 0000000000001200
                        """, "extended 77 1000", "error 77 5 4608 [bad]"),
                vector(
                        "an error chunk that does not exist",
                        "6e8a278c 0001 8fff 0000000000000077 0000000000001000 000000000000000a 0000006c 0000 01020304",
                        "extended 77 1000",
                        "error 77 108 -1 []",
                        "done 77"));
    }

    /**
     * Error chunks whose message is longer than the chunk, or than a message may be. The error stands, and so does the
     * length of the chunk, so the stream stays in step.
     */
    public static List<GoldenVector<List<String>>> errorsWithABrokenMessage() {
        return List.of(
                vector(
                        "nbd-server 3.26.1: the length of the message in the wrong byte order",
                        "668e33ef 0001 8001 0000000000000077 00000012 00000016 0c00 'Read failed' 00",
                        "error 77 22 -1 []",
                        "done 77"),
                vector(
                        "a message that is longer than its chunk by one byte",
                        "668e33ef 0000 8001 0000000000000077 00000008 00000005 0003 'no'",
                        "error 77 5 -1 []"),
                vector(
                        "a message where nothing is left",
                        "668e33ef 0001 8001 0000000000000077 00000006 00000005 ffff",
                        "error 77 5 -1 []",
                        "done 77"),
                vector(
                        "a message that leaves no room for the offset",
                        "668e33ef 0001 8002 0000000000000077 00000010 00000005 0003 'bad' 00000000001200",
                        "error 77 5 -1 []",
                        "done 77"),
                vector(
                        "a message of more than 4096 bytes",
                        "668e33ef 0001 8001 0000000000000077 00001007 00000005 1001 78*4097",
                        "error 77 5 -1 []",
                        "done 77"));
    }

    private static GoldenVector<List<String>> vector(String name, String hex, String... heard) {
        return new GoldenVector<>(name, hex, List.of(heard));
    }
}
