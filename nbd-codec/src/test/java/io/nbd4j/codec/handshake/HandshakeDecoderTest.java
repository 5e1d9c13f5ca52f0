package io.nbd4j.codec.handshake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.nbd4j.codec.ProtocolLimits;
import io.nbd4j.codec.ProtocolViolationException;
import io.nbd4j.codec.TransmissionFlags;
import io.nbd4j.codec.golden.GoldenVector;
import io.nbd4j.codec.golden.ServerHandshakeVectors;
import io.nbd4j.codec.golden.WireBytes;
import io.nbd4j.codec.verify.DecoderVerifier;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class HandshakeDecoderTest {
    private static final byte[] GREETING = WireBytes.parse("'NBDMAGIC' 'IHAVEOPT' 0003");
    private static final Greeting GREETED = new NewstyleGreeting(new HandshakeFlags(3));
    private static final String REPLY = "0003e889045565a9 ";

    static Stream<GoldenVector<Greeting>> greetings() {
        return ServerHandshakeVectors.greetings().stream();
    }

    static Stream<GoldenVector<OptionReply>> optionReplies() {
        return ServerHandshakeVectors.optionReplies().stream();
    }

    static Stream<GoldenVector<ExportNameReply>> paddedExportNameReplies() {
        return ServerHandshakeVectors.exportNameRepliesWithZeroes().stream();
    }

    static Stream<GoldenVector<ExportNameReply>> bareExportNameReplies() {
        return ServerHandshakeVectors.exportNameRepliesWithoutZeroes().stream();
    }

    @ParameterizedTest
    @MethodSource("greetings")
    void readsAGreetingUnderEverySplit(GoldenVector<Greeting> vector) {
        DecoderVerifier.verifyHandler(vector.wire(), HandshakeDecoder::new, List.of(vector.message()));
    }

    @ParameterizedTest
    @MethodSource("optionReplies")
    void readsAnOptionReplyUnderEverySplit(GoldenVector<OptionReply> vector) {
        byte[] wire = WireBytes.concat(GREETING, vector.wire(), vector.wire());
        DecoderVerifier.verifyHandler(
                wire, HandshakeDecoder::new, List.of(GREETED, vector.message(), vector.message()));
    }

    @ParameterizedTest
    @MethodSource("paddedExportNameReplies")
    void readsAPaddedExportNameReplyUnderEverySplit(GoldenVector<ExportNameReply> vector) {
        byte[] wire = WireBytes.concat(GREETING, vector.wire());
        DecoderVerifier.verifyPipeline(
                wire, step -> expectingExportNameReply(true), List.of(GREETED, vector.message()));
    }

    @ParameterizedTest
    @MethodSource("bareExportNameReplies")
    void readsAnExportNameReplyUnderEverySplit(GoldenVector<ExportNameReply> vector) {
        byte[] wire = WireBytes.concat(GREETING, vector.wire());
        DecoderVerifier.verifyPipeline(
                wire, step -> expectingExportNameReply(false), List.of(GREETED, vector.message()));
    }

    @Test
    void readsAllRepliesInARowUnderEverySplit() {
        // Given
        List<Object> expected = new ArrayList<>(List.of(GREETED));
        byte[] wire = GREETING;
        for (GoldenVector<OptionReply> vector : ServerHandshakeVectors.optionReplies()) {
            wire = WireBytes.concat(wire, vector.wire());
            expected.add(vector.message());
        }
        // Then
        DecoderVerifier.verifyHandler(wire, HandshakeDecoder::new, expected);
    }

    @Test
    void skipsAnUnknownInformationItemWhateverItHolds() {
        // Given a type 0x7777 with 300 bytes
        byte[] wire = WireBytes.concat(
                GREETING,
                WireBytes.parse(REPLY + "00000007 00000003 0000012e 7777 ab*300"),
                WireBytes.parse(REPLY + "00000007 00000001 00000000"));
        // Then
        DecoderVerifier.verifyHandler(
                wire,
                HandshakeDecoder::new,
                List.of(
                        GREETED,
                        new OptionReply.Info(7, new InfoItem.UnknownInfoItem(0x7777)),
                        new OptionReply.Ack(7)));
    }

    @Test
    void skipsTheLargestUnknownInformationItemWithoutGatheringIt() {
        // Given
        HandshakeDecoder decoder = new HandshakeDecoder();
        EmbeddedChannel channel = greeted(decoder);
        channel.writeInbound(Unpooled.wrappedBuffer(WireBytes.parse(REPLY + "00000007 00000003 00010000 7777")));
        // When
        for (int left = ProtocolLimits.MAX_SKIPPED_OPTION_DATA - 2; left > 0; ) {
            int now = Math.min(left, 1000);
            channel.writeInbound(Unpooled.buffer(now).writeZero(now));
            left -= now;
            assertThat(decoder.unreadBytes()).isZero();
        }
        channel.writeInbound(Unpooled.wrappedBuffer(WireBytes.parse(REPLY + "00000007 00000001 00000000")));
        // Then
        assertThat(channel.<Object>readInbound())
                .isEqualTo(new OptionReply.Info(7, new InfoItem.UnknownInfoItem(0x7777)));
        assertThat(channel.<Object>readInbound()).isEqualTo(new OptionReply.Ack(7));
        assertThat(channel.finish()).isFalse();
    }

    @Test
    void readsTextThatIsNotUtf8() {
        // Given
        EmbeddedChannel channel = greeted(new HandshakeDecoder());
        // When
        channel.writeInbound(
                Unpooled.wrappedBuffer(WireBytes.parse(REPLY + "00000007 80000006 00000005 ff 'a' 00 c3 1b")));
        // Then
        assertThat(channel.<OptionReply.Refusal>readInbound().message()).isEqualTo("\uFFFDa\0\uFFFD\u001b");
        channel.finish();
    }

    @Test
    void acceptsTheLongestStrings() {
        // Given
        String name = "n".repeat(4096);
        String text = "t".repeat(4096);
        EmbeddedChannel channel = greeted(new HandshakeDecoder());
        // When
        channel.writeInbound(Unpooled.wrappedBuffer(
                WireBytes.parse(REPLY + "00000003 00000002 00002004 00001000 '" + name + "' '" + text + "'")));
        channel.writeInbound(
                Unpooled.wrappedBuffer(WireBytes.parse(REPLY + "00000007 80000006 00001000 '" + text + "'")));
        // Then
        assertThat(channel.<Object>readInbound()).isEqualTo(new OptionReply.Server(3, name, text));
        assertThat(channel.<Object>readInbound())
                .isEqualTo(OptionReply.Refusal.of(7, OptionReplyType.ERR_UNKNOWN, text));
        channel.finish();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'X'", // the first byte that differs is enough
                "'NBDMAGIX'",
                "'NBDMAGIC' 'IHAVEOPS'",
                "'NBDMAGIC' 0000420281861252",
                "'NBDMAGIC' 0000420281861253 8000000000000000 00000001 00*124", // 2^63
                "'NBDMAGIC' 0000420281861253 0000000000100000 00010001 00*124", // handshake flags
            })
    void refusesAWrongGreeting(String wire) {
        assertViolation(new EmbeddedChannel(new HandshakeDecoder()), wire);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0003e889045565a8 00000007 00000001 00000000", // magic off by one bit
                REPLY + "00000007 00000001 00000001", // ACK with data
                REPLY + "00000007 00000005 00000000", // unknown type, no error
                REPLY + "00000007 00000000 00000000",
                REPLY + "00000007 7fffffff 00000000",
                REPLY + "00000007 00000001 fffffff0", // lengths are unsigned
                REPLY + "00000007 00000002 fffffff0",
                REPLY + "00000007 00000003 fffffff0",
                REPLY + "00000007 00000004 fffffff0",
                REPLY + "00000007 80000001 fffffff0",
                REPLY + "00000007 80000001 00001001", // error text of 4097
                REPLY + "00000003 00000002 00000003", // SERVER without room for a length
                REPLY + "00000003 00000002 00002005", // SERVER, data of 8197
                REPLY + "00000003 00000002 00000005 00000002 'a'", // name longer than the data
                REPLY + "00000003 00000002 00000005 fffffff0 'a'",
                REPLY + "00000003 00000002 00001005 00001001 61*4097", // name of 4097
                REPLY + "00000003 00000002 00001005 00000000 61*4097", // description of 4097
                REPLY + "00000007 00000003 00000001", // INFO without room for a type
                REPLY + "00000007 00000003 00010001", // INFO of 65537
                REPLY + "00000007 00000003 0000000b 0000", // EXPORT of 11
                REPLY + "00000007 00000003 0000000d 0000", // EXPORT of 13
                REPLY + "00000007 00000003 0000000c 0000 8000000000000000 0001", // size 2^63
                REPLY + "00000007 00000003 0000000c 0000 ffffffffffffffff 0001",
                REPLY + "00000007 00000003 0000000d 0003", // BLOCK_SIZE of 13
                REPLY + "00000007 00000003 0000000f 0003", // BLOCK_SIZE of 15
                REPLY + "00000007 00000003 00001003 0001", // NAME of 4097
                REPLY + "00000007 00000003 00001003 0002", // DESCRIPTION of 4097
                REPLY + "0000000a 00000004 00000003", // META_CONTEXT without room for an id
                REPLY + "0000000a 00000004 00000004", // META_CONTEXT without a name
                REPLY + "0000000a 00000004 00001005", // META_CONTEXT with a name of 4097
            })
    void refusesAWrongReplyAsSoonAsItShows(String wire) {
        assertViolation(greeted(new HandshakeDecoder()), wire);
    }

    @Test
    void saysThatASizeIsTooLarge() {
        // Given
        EmbeddedChannel channel = expectingExportNameReply(false);
        channel.writeInbound(Unpooled.wrappedBuffer(GREETING));
        // Then
        assertThatExceptionOfType(ProtocolViolationException.class)
                .isThrownBy(
                        () -> channel.writeInbound(Unpooled.wrappedBuffer(WireBytes.parse("8000000000000000 0001"))))
                .withMessageContaining("9223372036854775808 is too large");
        channel.releaseInbound();
        channel.finish();
    }

    @Test
    void discardsEverythingAfterAViolation() {
        // Given
        EmbeddedChannel channel = greeted(new HandshakeDecoder());
        assertThatExceptionOfType(ProtocolViolationException.class)
                .isThrownBy(() -> channel.writeInbound(Unpooled.buffer().writeZero(20)));
        // When
        ByteBuf late = Unpooled.wrappedBuffer(WireBytes.parse(REPLY + "00000007 00000001 00000000"));
        channel.writeInbound(late);
        // Then
        assertThat(channel.<Object>readInbound()).isNull();
        assertThat(late.refCnt()).isZero();
        assertThat(channel.finish()).isFalse();
    }

    @Test
    void leavesTheBytesBehindTheLastMessageToTheNextHandler() {
        // Given a handler that ends the handshake at the ACK to GO
        byte[] handshake = WireBytes.concat(GREETING, WireBytes.parse(REPLY + "00000007 00000001 00000000"));
        byte[] wire = WireBytes.concat(handshake, WireBytes.parse("67446698 00*12 'data'"));
        for (int step = 1; step <= wire.length; step++) {
            EmbeddedChannel channel = new EmbeddedChannel(new HandshakeDecoder(), new LeaveAtAck());
            // When
            DecoderVerifier.pieces(wire, step).forEach(channel::writeInbound);
            // Then
            ByteBuf rest = Unpooled.buffer();
            for (ByteBuf part = channel.readInbound(); part != null; part = channel.readInbound()) {
                rest.writeBytes(part);
                part.release();
            }
            assertThat(ByteBufUtil.getBytes(rest))
                    .as("left over for pieces of %d", step)
                    .isEqualTo(WireBytes.parse("67446698 00*12 'data'"));
            channel.finish();
        }
    }

    @Test
    void leavesTheBytesBehindAnOldstyleGreeting() {
        // Given
        byte[] greeting = ServerHandshakeVectors.greetings().get(3).wire();
        HandshakeDecoder decoder = new HandshakeDecoder();
        EmbeddedChannel channel = new EmbeddedChannel(decoder);
        // When
        channel.writeInbound(Unpooled.wrappedBuffer(WireBytes.concat(greeting, new byte[] {1, 2, 3})));
        // Then
        assertThat(channel.<Object>readInbound())
                .isEqualTo(new OldstyleGreeting(1 << 20, new TransmissionFlags(0x0d6d)));
        assertThat(decoder.unreadBytes()).isEqualTo(3);
        channel.pipeline().remove(decoder);
        ByteBuf rest = channel.readInbound();
        assertThat(ByteBufUtil.getBytes(rest)).containsExactly(1, 2, 3);
        rest.release();
        channel.finish();
    }

    @Test
    void stopsBehindAnExportNameReply() {
        // Given
        EmbeddedChannel channel = expectingExportNameReply(false);
        // When
        channel.writeInbound(Unpooled.wrappedBuffer(GREETING, WireBytes.parse("0000000000100000 0d6d 00*124")));
        // Then
        assertThat(channel.<Object>readInbound()).isEqualTo(GREETED);
        assertThat(channel.<Object>readInbound())
                .isEqualTo(new ExportNameReply(1 << 20, new TransmissionFlags(0x0d6d)));
        assertThat(channel.pipeline().get(HandshakeDecoder.class).unreadBytes()).isEqualTo(124);
        channel.finish();
    }

    private static EmbeddedChannel greeted(HandshakeDecoder decoder) {
        EmbeddedChannel channel = new EmbeddedChannel(decoder);
        channel.writeInbound(Unpooled.wrappedBuffer(GREETING));
        channel.readInbound();
        return channel;
    }

    /** Gives a channel whose decoder is told at the greeting what follows. */
    private static EmbeddedChannel expectingExportNameReply(boolean zeroes) {
        HandshakeDecoder decoder = new HandshakeDecoder();
        return new EmbeddedChannel(decoder, new SimpleChannelInboundHandler<Greeting>() {
            @Override
            protected void channelRead0(ChannelHandlerContext ctx, Greeting greeting) {
                decoder.expectExportNameReply(zeroes);
                ctx.fireChannelRead(greeting);
            }
        });
    }

    private static void assertViolation(EmbeddedChannel channel, String wire) {
        ByteBuf bytes = Unpooled.wrappedBuffer(WireBytes.parse(wire));
        assertThatExceptionOfType(ProtocolViolationException.class).isThrownBy(() -> channel.writeInbound(bytes));
        assertThat(channel.<Object>readInbound()).isNull();
        channel.finish();
        assertThat(bytes.refCnt()).isZero();
    }

    private static final class LeaveAtAck extends SimpleChannelInboundHandler<Object> {
        @Override
        public boolean acceptInboundMessage(Object message) {
            return !(message instanceof ByteBuf);
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, Object message) {
            if (message instanceof OptionReply.Ack) {
                ctx.pipeline().get(HandshakeDecoder.class).stop();
                ctx.pipeline().remove(HandshakeDecoder.class);
            }
        }
    }
}
