package io.nbd4j.testkit.transcript;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.handshake.OptionType;
import org.junit.jupiter.api.Test;

class TranscriptTest {
    private final Transcript transcript = new Transcript(4);

    @Test
    void keepsTheLastMessagesAndSaysHowManyAreGone() {
        // Given // When
        int connection = transcript.connected();
        for (int i = 1; i <= 6; i++) {
            transcript.add(connection, read(i));
        }

        // Then
        assertThat(transcript.dropped()).isEqualTo(2);
        assertThat(transcript.requests())
                .extracting(ClientMessage.Request::cookie)
                .containsExactly(3L, 4L, 5L, 6L);
        assertThat(transcript.toString())
                .startsWith("... 2 earlier messages are not kept\n")
                .contains("#1 client  READ 4096+512 cookie 0x6 (28 bytes)\n");
    }

    @Test
    void answersQuestions() {
        // Given // When
        transcript.connected();
        transcript.add(1, new ClientMessage.Option(OptionType.GO.wire(), "disk", 10));
        transcript.add(1, new ServerMessage.OptionReply(7, OptionReplyType.ERR_POLICY.wire(), 3), "on GO always: …");
        transcript.add(1, read(1));
        transcript.add(1, new ClientMessage.Request(false, 1, CommandType.WRITE.wire(), 2, 0, 4, 4));
        transcript.addBytesAfterDisc(3);
        transcript.addPlaintextAfterStarttls(5);

        // Then
        assertThat(transcript.connections()).isEqualTo(1);
        assertThat(transcript.dropped()).isZero();
        assertThat(transcript.options()).containsExactly(OptionType.GO);
        assertThat(transcript.options(OptionType.GO))
                .extracting(ClientMessage.Option::exportName)
                .containsExactly("disk");
        assertThat(transcript.options(OptionType.LIST)).isEmpty();
        assertThat(transcript.requests(CommandType.WRITE))
                .extracting(ClientMessage.Request::bytes)
                .containsExactly(32L);
        assertThat(transcript.answers()).hasSize(1);
        assertThat(transcript.faults()).extracting(TranscriptEntry::rule).containsExactly("on GO always: …");
        assertThat(transcript.bytesAfterDisc()).isEqualTo(3);
        assertThat(transcript.plaintextAfterStarttls()).isEqualTo(5);
        assertThat(transcript.toString())
                .contains("#1 client  GO 'disk' (26 bytes)\n")
                .contains("#1 server  ERR_POLICY to GO (23 bytes) [on GO always: …]\n")
                .contains("#1 client  WRITE 0+4 FUA cookie 0x2 (32 bytes)\n");
    }

    @Test
    void whatAClientSaysCannotForgeALine() {
        assertThat(new ClientMessage.Option(OptionType.GO.wire(), "a\n#1 server", 0))
                .hasToString("GO 'a\\n#1 server'");
    }

    @Test
    void numbersWithoutNamesAreShown() {
        assertThat(new ClientMessage.Option(42, null, 0)).hasToString("option 42");
        assertThat(new ClientMessage.Request(true, 0x81, 77, 16, -1, 0, 0))
                .hasToString("command 77 18446744073709551615+0 FUA|0x80 cookie 0x10");
        assertThat(new ServerMessage.Chunk(true, 1, 0x8077, 1, 0))
                .hasToString("extended chunk type 0x8077 DONE cookie 0x1");
        assertThat(new ServerMessage.SimpleReply(12345, 1, 0)).hasToString("simple reply error 12345 cookie 0x1");
        assertThat(new ServerMessage.OptionReply(99, 0x8000_007f, 0)).hasToString("reply type 0x8000007f to option 99");
    }

    @Test
    void needsRoomForOneMessage() {
        assertThatThrownBy(() -> new Transcript(0)).isInstanceOf(IllegalArgumentException.class);
    }

    private static ClientMessage read(long cookie) {
        return new ClientMessage.Request(false, 0, CommandType.READ.wire(), cookie, 4096, 512, 0);
    }
}
