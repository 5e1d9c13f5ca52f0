package io.nbd4j.codec.handshake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.nbd4j.codec.golden.ClientHandshakeVectors;
import io.nbd4j.codec.golden.GoldenVector;
import io.nbd4j.codec.golden.ServerHandshakeVectors;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class HandshakeEncodersTest {
    static Stream<GoldenVector<OptionRequest>> optionRequests() {
        return ClientHandshakeVectors.optionRequests().stream();
    }

    static Stream<GoldenVector<OptionReply>> optionReplies() {
        return ServerHandshakeVectors.optionReplies().stream();
    }

    @ParameterizedTest
    @MethodSource("optionRequests")
    void writesAnOption(GoldenVector<OptionRequest> vector) {
        assertWrites(vector, OptionRequestEncoder::encode);
    }

    @ParameterizedTest
    @MethodSource("optionReplies")
    void writesAnOptionReply(GoldenVector<OptionReply> vector) {
        assertWrites(vector, OptionReplyEncoder::encode);
    }

    @Test
    void writesTheRest() {
        ClientHandshakeVectors.clientFlags().forEach(vector -> assertWrites(vector, OptionRequestEncoder::encode));
        ServerHandshakeVectors.greetings().forEach(vector -> assertWrites(vector, GreetingEncoder::encode));
        ServerHandshakeVectors.exportNameRepliesWithZeroes()
                .forEach(vector -> assertWrites(vector, (reply, out) -> OptionReplyEncoder.encode(reply, true, out)));
        ServerHandshakeVectors.exportNameRepliesWithoutZeroes()
                .forEach(vector -> assertWrites(vector, (reply, out) -> OptionReplyEncoder.encode(reply, false, out)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\0b", "\uD800", "4097"})
    void writesNothingForAStringThatTheProtocolForbids(String text) {
        // Given
        String bad = text.equals("4097") ? "é".repeat(2048) + "a" : text;
        // Then
        List<OptionRequest> requests = List.of(
                new OptionRequest.ExportName(bad),
                OptionRequest.Go.of(bad),
                OptionRequest.Info.of(bad),
                new OptionRequest.SetMetaContext(bad, List.of()),
                new OptionRequest.ListMetaContext("", List.of("base:", bad)));
        requests.forEach(request -> assertRefuses(request, OptionRequestEncoder::encode));
        assertThatIllegalArgumentException().isThrownBy(() -> OptionRequestEncoder.requireValidExportName(bad));
        assertThatIllegalArgumentException().isThrownBy(() -> OptionRequestEncoder.requireValidQuery(bad));
        List<OptionReply> replies = List.of(
                new OptionReply.Server(3, bad, ""),
                new OptionReply.Server(3, "", bad),
                new OptionReply.MetaContextReply(10, 1, bad),
                new OptionReply.Info(7, new InfoItem.NameItem(bad)),
                new OptionReply.Info(7, new InfoItem.DescriptionItem(bad)),
                OptionReply.Refusal.of(7, OptionReplyType.ERR_POLICY, bad));
        replies.forEach(reply -> assertRefuses(reply, OptionReplyEncoder::encode));
    }

    @Test
    void writesAStringOfExactly4096Bytes() {
        // Given
        ByteBuf out = Unpooled.buffer();
        // When
        OptionRequestEncoder.encode(new OptionRequest.ExportName("é".repeat(2048)), out);
        // Then
        assertThat(out.readableBytes()).isEqualTo(16 + 4096);
    }

    @Test
    void refusesMessagesThatCouldBeMistakenForOthers() {
        assertThatIllegalArgumentException().isThrownBy(() -> new OptionRequest.UnknownOption(7));
        assertThatIllegalArgumentException().isThrownBy(() -> new InfoItem.UnknownInfoItem(3));
        assertThatIllegalArgumentException().isThrownBy(() -> new InfoItem.UnknownInfoItem(0x10000));
        assertThatIllegalArgumentException().isThrownBy(() -> new OptionReply.Refusal(7, 1, ""));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> OptionReply.Refusal.of(7, OptionReplyType.UNKNOWN_ERROR, ""));
    }

    private static <M> void assertWrites(GoldenVector<? extends M> vector, BiConsumer<M, ByteBuf> encoder) {
        ByteBuf out = Unpooled.buffer();
        encoder.accept(vector.message(), out);
        assertThat(ByteBufUtil.getBytes(out)).as(vector.name()).isEqualTo(vector.wire());
    }

    private static <M> void assertRefuses(M message, BiConsumer<M, ByteBuf> encoder) {
        ByteBuf out = Unpooled.buffer();
        assertThatIllegalArgumentException().isThrownBy(() -> encoder.accept(message, out));
        assertThat(out.isReadable()).isFalse();
    }
}
