package io.nbd4j.testkit.internal;

import static io.nbd4j.testkit.internal.HandlerWire.hex;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.codec.handshake.OptionRequestDecoder;
import io.nbd4j.testkit.HandshakeStyle;
import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.TlsMode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a bad client gets in the handshake: an error of the protocol or the end, and nothing else. */
class NegotiationHandlerTest {
    private static final String LIST = "'IHAVEOPT' 00000003 00000000";
    private static final String ABORT = "'IHAVEOPT' 00000002 00000000";
    private static final String ABORT_ANSWERED = "0003e889045565a9 00000002 00000001 00000000";

    private final OptionRequestDecoder decoder = new OptionRequestDecoder();

    @Test
    void hangsUpOnAClientThatAsksOnWithoutReadingTheAnswers() {
        // Given
        EmbeddedChannel channel = channel(1);
        HandlerWire.answer(channel, "00000001");
        channel.unsafe().outboundBuffer().setUserDefinedWritability(1, false);

        // When
        String answer = HandlerWire.answer(channel, LIST + LIST);

        // Then
        assertThat(answer).isEmpty();
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void aLongListIsOneAnswer() {
        // Given
        EmbeddedChannel channel = channel(5000);
        HandlerWire.answer(channel, "00000001");

        // When
        String answer = HandlerWire.answer(channel, LIST);

        // Then
        assertThat(answer).hasSize(2 * (5000 * (20 + 4 + 8) + 20)).endsWith(hex("00000003 00000001 00000000"));
        assertThat(channel.isOpen()).isTrue();
    }

    @Test
    void hangsUpOnAClientThatNeverStopsAsking() {
        // Given
        EmbeddedChannel channel = channel(1);

        // When
        String answer = HandlerWire.answer(
                channel, "00000001" + "'IHAVEOPT' 00000063 00000000 ".repeat(ServerNegotiation.MAX_OPTIONS + 10));

        // Then
        assertThat(answer).hasSize(2 * ServerNegotiation.MAX_OPTIONS * (20 + "not supported".length()));
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void anOptionOfAnySizeIsSkippedInBoundedMemory() {
        // Given
        EmbeddedChannel channel = channel(1);
        HandlerWire.answer(channel, "00000001 'IHAVEOPT' 00000007 fffffff0");
        ByteBuf megabyte = Unpooled.buffer(1 << 20).writeZero(1 << 20);

        // When
        for (int i = 0; i < 4095; i++) {
            channel.writeInbound(megabyte.retainedDuplicate());
            assertThat(decoder.unreadBytes()).isZero();
        }
        megabyte.release();
        channel.writeInbound(Unpooled.buffer().writeZero((1 << 20) - 16));

        // Then
        assertThat(HandlerWire.sent(channel)).startsWith(hex("0003e889045565a9 00000007 80000009"));
        assertThat(HandlerWire.answer(channel, ABORT)).isEqualTo(hex(ABORT_ANSWERED));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "00000002", // NO_ZEROES without FIXED_NEWSTYLE is fine, and then an option is not
                "80000001", // a flag of the future
                "ffffffff",
                "00000001 'IHAVEOPS' 00000003 00000000",
                "00000001 'GET / HTTP/1.1  '",
                "00000000 'IHAVEOPT' 00000005 00000000"
            })
    void hangsUpOnWhatIsNoHandshake(String wire) {
        // Given
        EmbeddedChannel channel = channel(1);

        // When
        String answer = HandlerWire.answer(channel, wire + LIST);

        // Then
        assertThat(answer).isEmpty();
        assertThat(channel.isOpen()).isFalse();
        channel.checkException();
    }

    @Test
    void hangsUpWhenTheServerIsClosed() {
        // Given
        EmbeddedChannel channel = channel(1);

        // When
        channel.pipeline().fireUserEventTriggered(ServerShutdown.INSTANCE);

        // Then
        assertThat(HandlerWire.sent(channel)).isEmpty();
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void nothingIsAnsweredBehindAnAbort() {
        // Given
        EmbeddedChannel channel = channel(1);

        // When
        String answer = HandlerWire.answer(channel, "00000001" + ABORT + LIST + " 00*100");

        // Then
        assertThat(answer).isEqualTo(hex(ABORT_ANSWERED));
        assertThat(channel.isOpen()).isFalse();
    }

    /** Returns a channel that has greeted, with so many exports, whose names have eight bytes. */
    private EmbeddedChannel channel(int exports) {
        Map<String, ServedExport> served = new LinkedHashMap<>();
        for (int i = 0; i < exports; i++) {
            String name = "%08d".formatted(i);
            served.put(name, new ServedExport(name, "", MemoryExport.ofSize(1), ExportSettings.DEFAULT));
        }
        ServerProfile profile = new ServerProfile(served, HandshakeStyle.FIXED_NEWSTYLE, true, true, TlsMode.OFF, null);
        EmbeddedChannel channel = new EmbeddedChannel(decoder, new NegotiationHandler(decoder, profile));
        assertThat(HandlerWire.sent(channel)).isEqualTo(hex("'NBDMAGIC' 'IHAVEOPT' 0003"));
        return channel;
    }
}
