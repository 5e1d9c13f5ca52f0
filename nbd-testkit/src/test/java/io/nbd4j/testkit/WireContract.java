package io.nbd4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.codec.golden.WireBytes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What the server says on the wire, byte for byte, whatever carries the bytes. Typed from the specification.
 *
 * <p>The server's default export is a writable disk of 64 MiB.
 */
@Timeout(60)
abstract class WireContract {
    private static final String GREETING = "'NBDMAGIC' 'IHAVEOPT' 0003";
    private static final String REPLY = "0003e889045565a9";
    private static final String GO = "'IHAVEOPT' 00000007 00000006 00000000 0000";
    private static final String GO_SIMPLE =
            REPLY + "00000007 00000003 0000000c 0000 0000000004000000 0d6d" + REPLY + "00000007 00000001 00000000";
    private static final String GO_STRUCTURED =
            REPLY + "00000007 00000003 0000000c 0000 0000000004000000 0ded" + REPLY + "00000007 00000001 00000000";
    private static final String STRUCTURED_REPLY = "'IHAVEOPT' 00000008 00000000";
    private static final String DISC = "25609513 0000 0002 0000000000000000 0000000000000000 00000000";

    abstract RawClient connect() throws Exception;

    @Test
    void goesToTransmissionReadsBackWhatItWroteAndDisconnects() throws Exception {
        try (RawClient client = connect()) {
            client.expect(GREETING).send("00000003").send(GO).expect(GO_SIMPLE);
            client.send("25609513 0001 0001 00000000000000a1 0000000000007ffe 00000004 'nbd!'")
                    .expect("67446698 00000000 00000000000000a1");
            client.send("25609513 0000 0000 00000000000000a2 0000000000007ffd 00000006")
                    .expect("67446698 00000000 00000000000000a2 00 'nbd!' 00");
            client.send("25609513 0000 0003 00000000000000a3 0000000000000000 00000000")
                    .expect("67446698 00000000 00000000000000a3");
            client.send(DISC).expectEnd();
        }
    }

    @Test
    void answersReadsWithChunksOnceAgreed() throws Exception {
        try (RawClient client = connect()) {
            client.expect(GREETING)
                    .send("00000003")
                    .send(STRUCTURED_REPLY)
                    .expect(REPLY + "00000008 00000001 00000000")
                    .send(GO)
                    .expect(GO_STRUCTURED);
            client.send("25609513 0004 0000 00000000000000a2 0000000003fffffe 00000002")
                    .expect("668e33ef 0001 0001 00000000000000a2 0000000a 0000000003fffffe 0000");
            client.send(DISC).expectEnd();
        }
    }

    @Test
    void tellsTheStatusOfAContextThatWasSelected() throws Exception {
        try (RawClient client = connect()) {
            client.expect(GREETING)
                    .send("00000003")
                    .send(STRUCTURED_REPLY)
                    .expect(REPLY + "00000008 00000001 00000000");
            client.send("'IHAVEOPT' 0000000a 0000001b 00000000 00000001 0000000f 'base:allocation'")
                    .expect(REPLY + "0000000a 00000004 00000013 00000000 'base:allocation'" + REPLY
                            + "0000000a 00000001 00000000");
            client.send(GO).expect(GO_STRUCTURED);
            client.send("25609513 0000 0001 00000000000000a1 0000000000008000 00000001 'x'")
                    .expect("67446698 00000000 00000000000000a1");
            client.send("25609513 0000 0007 00000000000000a2 0000000000000000 04000000")
                    .expect("668e33ef 0001 0005 00000000000000a2 0000001c 00000000"
                            + "00008000 00000003 00008000 00000000 03ff0000 00000003");
            client.send(DISC).expectEnd();
        }
    }

    @Test
    void speaksWithExtendedHeadersOnceAgreed() throws Exception {
        try (RawClient client = connect()) {
            client.expect(GREETING)
                    .send("00000003")
                    .send("'IHAVEOPT' 0000000b 00000000")
                    .expect(REPLY + "0000000b 00000001 00000000")
                    .send("'IHAVEOPT' 0000000a 0000001b 00000000 00000001 0000000f 'base:allocation'")
                    .expect(REPLY + "0000000a 00000004 00000013 00000000 'base:allocation'" + REPLY
                            + "0000000a 00000001 00000000")
                    .send(GO)
                    .expect(REPLY + "00000007 00000003 0000000c 0000 0000000004000000 1ded" + REPLY
                            + "00000007 00000001 00000000");
            client.send("21e41c71 0021 0001 00000000000000a1 0000000000008000 0000000000000004 'nbd!'")
                    .expect("6e8a278c 0001 0000 00000000000000a1 0000000000008000 0000000000000000");
            client.send("21e41c71 0000 0000 00000000000000a2 0000000000007fff 0000000000000006")
                    .expect("6e8a278c 0001 0001 00000000000000a2 0000000000007fff 000000000000000e"
                            + "0000000000007fff 00 'nbd!' 00");
            client.send("21e41c71 0000 0007 00000000000000a3 0000000000000000 0000000004000000")
                    .expect("6e8a278c 0001 0006 00000000000000a3 0000000000000000 0000000000000038 00000000 00000003"
                            + "0000000000008000 0000000000000003 0000000000008000 0000000000000000"
                            + "0000000003ff0000 0000000000000003");
            client.send("21e41c71 0000 0000 00000000000000a4 0000000004000000 0000000000000001")
                    .expect("6e8a278c 0001 8001 00000000000000a4 0000000004000000 0000000000000022"
                            + "00000016 001c 'beyond the end of the export'");
            client.send("21e41c71 0000 0002 0000000000000000 0000000000000000 0000000000000000")
                    .expectEnd();
        }
    }

    @Test
    void answersTheRestOfTheOptions() throws Exception {
        try (RawClient client = connect()) {
            client.expect(GREETING).send("00000001");
            client.send("'IHAVEOPT' 00000003 00000000")
                    .expect(REPLY + "00000003 00000002 00000004 00000000" + REPLY + "00000003 00000001 00000000");
            client.send("'IHAVEOPT' 0000002a 00000003 'abc'")
                    .expect(REPLY + "0000002a 80000001 0000000d 'not supported'");
            client.send("'IHAVEOPT' 00000007 0000000a 00000004 'none' 0000")
                    .expect(REPLY + "00000007 80000006 00000017 'no export has this name'");
            client.send("'IHAVEOPT' 00000006 00000008 00000000 0001 0003")
                    .expect(REPLY + "00000006 00000003 0000000c 0000 0000000004000000 0d6d"
                            + REPLY + "00000006 00000003 0000000e 0003 00000001 00001000 02000000"
                            + REPLY + "00000006 00000001 00000000");
            client.send("'IHAVEOPT' 00000002 00000000")
                    .expect(REPLY + "00000002 00000001 00000000")
                    .expectEnd();
        }
    }

    @Test
    void padsTheAnswerToExportNameUnlessBothSidesDoWithout() throws Exception {
        try (RawClient client = connect()) {
            client.expect(GREETING)
                    .send("00000001 'IHAVEOPT' 00000001 00000000")
                    .expect("0000000004000000 0d6d 00*124");
            client.send("25609513 0000 0003 00000000000000a3 0000000000000000 00000000" + DISC)
                    .expect("67446698 00000000 00000000000000a3")
                    .expectEnd();
        }
        try (RawClient client = connect()) {
            client.expect(GREETING)
                    .send("00000003 'IHAVEOPT' 00000001 00000000")
                    .expect("0000000004000000 0d6d");
            client.send(DISC).expectEnd();
        }
    }

    @Test
    void hangsUpOnFlagsAndMagicsThatDoNotExist() throws Exception {
        try (RawClient client = connect()) {
            client.expect(GREETING).send("00000007").expectEnd();
        }
        try (RawClient client = connect()) {
            client.expect(GREETING)
                    .send("00000003 'IHAVEOPS' 00000003 00000000")
                    .expectEnd();
        }
        try (RawClient client = connect()) {
            client.expect(GREETING).send("00000003").send(GO).expect(GO_SIMPLE);
            client.send("25609514 0000 0003 00000000000000a3 0000000000000000 00000000")
                    .expectEnd();
        }
    }

    @Test
    void requestsBehindTheLastOptionAreServed() throws Exception {
        try (RawClient client = connect()) {
            client.send("00000003" + GO + "25609513 0000 0003 00000000000000a3 0000000000000000 00000000")
                    .expect(GREETING)
                    .expect(GO_SIMPLE)
                    .expect("67446698 00000000 00000000000000a3");
            client.send(DISC).expectEnd();
        }
    }

    /** The replies are forty times what a server may keep for a client that does not read. */
    @Test
    void repliesToAClientThatReadsLate() throws Exception {
        try (RawClient client = connect()) {
            client.expect(GREETING).send("00000003").send(GO).expect(GO_SIMPLE);
            client.send("25609513 0000 0000 00000000000000a2 0000000000000000 00100000".repeat(40) + DISC);
            byte[] header = WireBytes.parse("67446698 00000000 00000000000000a2");
            for (int i = 0; i < 40; i++) {
                assertThat(client.read(16)).isEqualTo(header);
                assertThat(client.read(1 << 20)).hasSize(1 << 20);
            }
            client.expectEnd();
        }
    }
}
