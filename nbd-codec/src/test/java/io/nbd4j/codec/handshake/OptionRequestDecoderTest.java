package io.nbd4j.codec.handshake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.nbd4j.codec.ProtocolLimits;
import io.nbd4j.codec.ProtocolViolationException;
import io.nbd4j.codec.golden.ClientHandshakeVectors;
import io.nbd4j.codec.golden.GoldenVector;
import io.nbd4j.codec.golden.WireBytes;
import io.nbd4j.codec.verify.DecoderVerifier;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class OptionRequestDecoderTest {
    private static final byte[] FLAGS = WireBytes.parse("00000003");
    private static final ClientFlags FLAGGED = new ClientFlags(3);

    static Stream<GoldenVector<OptionRequest>> optionRequests() {
        return ClientHandshakeVectors.optionRequests().stream();
    }

    static Stream<GoldenVector<ClientFlags>> clientFlags() {
        return ClientHandshakeVectors.clientFlags().stream();
    }

    @ParameterizedTest
    @MethodSource("clientFlags")
    void readsClientFlagsUnderEverySplit(GoldenVector<ClientFlags> vector) {
        DecoderVerifier.verifyHandler(vector.wire(), OptionRequestDecoder::new, List.of(vector.message()));
    }

    @ParameterizedTest
    @MethodSource("optionRequests")
    void readsAnOptionUnderEverySplit(GoldenVector<OptionRequest> vector) {
        DecoderVerifier.verifyHandler(
                WireBytes.concat(FLAGS, vector.wire(), vector.wire()),
                OptionRequestDecoder::new,
                List.of(FLAGGED, vector.message(), vector.message()));
    }

    @Test
    void readsAllOptionsInARowUnderEverySplit() {
        // Given
        List<Object> expected = new ArrayList<>(List.of(FLAGGED));
        byte[] wire = FLAGS;
        for (GoldenVector<OptionRequest> vector : ClientHandshakeVectors.optionRequests()) {
            wire = WireBytes.concat(wire, vector.wire());
            expected.add(vector.message());
        }
        // Then
        DecoderVerifier.verifyHandler(wire, OptionRequestDecoder::new, expected);
    }

    @Test
    void ignoresTheDataOfAbortAndOfUnknownOptions() {
        DecoderVerifier.verifyHandler(
                WireBytes.concat(
                        FLAGS,
                        WireBytes.parse("'IHAVEOPT' 00000063 00000003 'xyz'"),
                        WireBytes.parse("'IHAVEOPT' 00000002 00000004 'quit'")),
                OptionRequestDecoder::new,
                List.of(FLAGGED, new OptionRequest.UnknownOption(99), new OptionRequest.Abort()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "00000001 00001001 61*4097", // EXPORT_NAME of 4097
                "00000001 00000001 00", // NUL
                "00000003 00000001 00", // LIST with data
                "00000005 00000001 00", // STARTTLS with data
                "00000008 00000001 00", // STRUCTURED_REPLY with data
                "0000000b 00000001 00", // EXTENDED_HEADERS with data
                "00000006 00000000", // INFO without anything
                "00000007 00000005 00000002 'a'", // GO, name cut off
                "00000007 00000007 fffffff0 'a' 0000", // GO, length unsigned
                "00000007 00000005 00000001 'a'", // GO, no count
                "00000007 00000007 00000001 'a' 0001", // GO, count too high
                "00000007 00000009 00000001 'a' 0000 0000", // GO, slack
                "0000000a 00000004 00000000", // SET_META_CONTEXT, no count
                "0000000a 00000008 00000000 ffffffff", // SET_META_CONTEXT, count without end
                "0000000a 0000000c 00000000 00000001 00000001", // query cut off
                "0000000a 00000009 00000000 00000000 00", // slack
            })
    void makesUnusableDataAValueAndGoesOn(String request) {
        // Given
        byte[] wire = WireBytes.concat(
                FLAGS, WireBytes.parse("'IHAVEOPT' " + request), WireBytes.parse("'IHAVEOPT' 00000002 00000000"));
        EmbeddedChannel channel = new EmbeddedChannel(new OptionRequestDecoder());
        // When
        channel.writeInbound(Unpooled.wrappedBuffer(wire));
        // Then
        assertThat(channel.<Object>readInbound()).isEqualTo(FLAGGED);
        MalformedOption malformed = channel.readInbound();
        assertThat(malformed.answer()).isEqualTo(OptionReplyType.ERR_INVALID);
        assertThat(malformed.option()).isEqualTo(WireBytes.parse(request)[3]);
        assertThat(channel.<Object>readInbound()).isEqualTo(new OptionRequest.Abort());
        assertThat(channel.finish()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"00000007", "0000000a", "00000063", "00000003"})
    void skipsDataOfAnySizeWithoutGatheringIt(String option) {
        // Given
        int length = ProtocolLimits.MAX_OPTION_REQUEST_DATA + 1;
        OptionRequestDecoder decoder = new OptionRequestDecoder();
        EmbeddedChannel channel = new EmbeddedChannel(decoder);
        channel.writeInbound(Unpooled.wrappedBuffer(FLAGS));
        channel.readInbound();
        channel.writeInbound(Unpooled.buffer()
                .writeBytes(WireBytes.parse("'IHAVEOPT' " + option))
                .writeInt(length));
        // When
        for (int left = length; left > 0; ) {
            assertThat(channel.<Object>readInbound())
                    .as("emitted before the last byte")
                    .isNull();
            int now = Math.min(left, 5000);
            channel.writeInbound(Unpooled.buffer(now).writeZero(now));
            left -= now;
            assertThat(decoder.unreadBytes()).isZero();
        }
        // Then
        Object message = channel.readInbound();
        switch (option) {
            case "00000063" -> assertThat(message).isEqualTo(new OptionRequest.UnknownOption(99));
            case "00000003" -> assertThat(((MalformedOption) message).answer()).isEqualTo(OptionReplyType.ERR_INVALID);
            default -> assertThat(((MalformedOption) message).answer()).isEqualTo(OptionReplyType.ERR_TOO_BIG);
        }
        assertThat(channel.finish()).isFalse();
    }

    @Test
    void takesALengthOf4GiBForWhatItIs() {
        // Given
        OptionRequestDecoder decoder = new OptionRequestDecoder();
        EmbeddedChannel channel = new EmbeddedChannel(decoder);
        // When
        channel.writeInbound(Unpooled.wrappedBuffer(
                WireBytes.concat(FLAGS, WireBytes.parse("'IHAVEOPT' 00000007 fffffff0 00*1000"))));
        // Then
        assertThat(channel.<Object>readInbound()).isEqualTo(FLAGGED);
        assertThat(channel.<Object>readInbound()).isNull();
        assertThat(decoder.unreadBytes()).isZero();
        channel.finish();
    }

    @Test
    void refusesAWrongMagicAndDiscardsTheRest() {
        // Given
        EmbeddedChannel channel = new EmbeddedChannel(new OptionRequestDecoder());
        channel.writeInbound(Unpooled.wrappedBuffer(FLAGS));
        channel.readInbound();
        // Then
        assertThatExceptionOfType(ProtocolViolationException.class)
                .isThrownBy(() ->
                        channel.writeInbound(Unpooled.wrappedBuffer(WireBytes.parse("'IHAVEOPS' 00000002 00000000"))));
        channel.writeInbound(Unpooled.wrappedBuffer(WireBytes.parse("'IHAVEOPT' 00000002 00000000")));
        assertThat(channel.<Object>readInbound()).isNull();
        assertThat(channel.finish()).isFalse();
    }

    @Test
    void leavesTheBytesBehindTheLastOptionToTheNextHandler() {
        // Given
        OptionRequestDecoder decoder = new OptionRequestDecoder();
        EmbeddedChannel channel = new EmbeddedChannel(decoder, new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                if (message instanceof OptionRequest.Go) {
                    decoder.stop();
                    ctx.pipeline().remove(decoder);
                }
                ctx.fireChannelRead(message);
            }
        });
        // When
        channel.writeInbound(Unpooled.wrappedBuffer(WireBytes.concat(
                FLAGS, WireBytes.parse("'IHAVEOPT' 00000007 00000006 00000000 0000"), WireBytes.parse("25609513"))));
        // Then
        assertThat(channel.<Object>readInbound()).isEqualTo(FLAGGED);
        ByteBuf rest = channel.readInbound();
        assertThat(ByteBufUtil.getBytes(rest)).isEqualTo(WireBytes.parse("25609513"));
        rest.release();
        assertThat(channel.<Object>readInbound()).isEqualTo(OptionRequest.Go.of(""));
        channel.finish();
    }
}
