package io.nbd4j.codec.transmission;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.codec.golden.ClientTransmissionVectors;
import io.nbd4j.codec.golden.ClientTransmissionVectors.CompactRequest;
import io.nbd4j.codec.golden.ClientTransmissionVectors.ExtendedRequest;
import io.nbd4j.codec.golden.GoldenVector;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RequestEncoderTest {
    static Stream<GoldenVector<CompactRequest>> requests() {
        return ClientTransmissionVectors.requests().stream();
    }

    @ParameterizedTest
    @MethodSource("requests")
    void writesTheBytesOfTheSpecificationBehindWhatIsThere(GoldenVector<CompactRequest> vector) {
        // Given a buffer that has to grow
        ByteBuf out = Unpooled.buffer(1).writeByte(0x55);
        CompactRequest request = vector.message();

        // When
        RequestEncoder.encode(
                out, request.flags(), request.type(), request.cookie(), request.offset(), (int) request.length());

        // Then
        assertThat(ByteBufUtil.hexDump(out)).isEqualTo("55" + ByteBufUtil.hexDump(vector.wire()));
        assertThat(out.readableBytes()).isEqualTo(1 + RequestEncoder.HEADER_LENGTH);
    }

    static Stream<GoldenVector<ExtendedRequest>> extendedRequests() {
        return ClientTransmissionVectors.extendedRequests().stream();
    }

    @ParameterizedTest
    @MethodSource("extendedRequests")
    void writesExtendedHeadersBehindWhatIsThere(GoldenVector<ExtendedRequest> vector) {
        // Given a buffer that has to grow
        ByteBuf out = Unpooled.buffer(1).writeByte(0x55);
        ExtendedRequest request = vector.message();

        // When
        RequestEncoder.encodeExtended(
                out, request.flags(), request.type(), request.cookie(), request.offset(), request.length());

        // Then
        assertThat(ByteBufUtil.hexDump(out)).isEqualTo("55" + ByteBufUtil.hexDump(vector.wire()));
        assertThat(out.readableBytes()).isEqualTo(1 + RequestEncoder.EXTENDED_HEADER_LENGTH);
    }

    @Test
    void writesTheFilterOfABlockStatusRequest() {
        // Given
        GoldenVector<int[]> vector = ClientTransmissionVectors.statusFilter();
        ByteBuf out = Unpooled.buffer(1);

        // When
        RequestEncoder.statusFilter(out, 1L << 40, vector.message());

        // Then
        assertThat(ByteBufUtil.getBytes(out)).isEqualTo(vector.wire());
        assertThat(out.readableBytes()).isEqualTo(RequestEncoder.STATUS_FILTER_LENGTH + 2 * Integer.BYTES);
    }
}
