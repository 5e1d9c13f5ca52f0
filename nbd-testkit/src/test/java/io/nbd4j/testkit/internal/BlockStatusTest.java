package io.nbd4j.testkit.internal;

import static io.nbd4j.testkit.internal.HandlerWire.COOKIE;
import static io.nbd4j.testkit.internal.HandlerWire.answer;
import static io.nbd4j.testkit.internal.HandlerWire.channel;
import static io.nbd4j.testkit.internal.HandlerWire.extended;
import static io.nbd4j.testkit.internal.HandlerWire.hex;
import static io.nbd4j.testkit.internal.HandlerWire.request;
import static io.nbd4j.testkit.internal.HandlerWire.served;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.golden.WireBytes;
import io.nbd4j.codec.transmission.TransmissionMode;
import io.nbd4j.codec.verify.DecoderVerifier;
import io.nbd4j.testkit.ExportException;
import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.MetaContext;
import io.nbd4j.testkit.MetaContext.Extent;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests and replies are typed from the layouts in the specification. The disk has one page of data, at 32 KiB. */
class BlockStatusTest {
    private static final String EINVAL = "668e33ef 0001 8001" + COOKIE;
    private static final MetaContext DIRTY =
            MetaContext.of("x-test:dirty", new Extent(4096, 1), new Extent(4096, 1), new Extent(512, 7));

    private final MemoryExport disk = MemoryExport.ofSize(1 << 20);

    @BeforeEach
    void writeAPage() throws ExportException {
        disk.write(32768, Unpooled.wrappedBuffer(new byte[] {1}), 1);
    }

    @Test
    void tellsHolesFromData() {
        assertAnswer(
                served(disk),
                request("0000 0007", 512, 1 << 16),
                "668e33ef 0001 0005" + COOKIE
                        + "0000001c 00000000 00007e00 00000003 00008000 00000000 00000200 00000003");
    }

    @Test
    void oneExtentIsOneAndStaysInTheRequest() {
        assertAnswer(
                served(disk),
                request("0008 0007", 512, 1 << 16) + request("0008 0007", 0, 512),
                "668e33ef 0001 0005" + COOKIE + "0000000c 00000000 00007e00 00000003" + "668e33ef 0001 0005" + COOKIE
                        + "0000000c 00000000 00000200 00000003");
    }

    @Test
    void eachContextHasItsChunkAndTheLastOneEndsTheReply() {
        assertAnswer(
                served(disk, ExportSettings.DEFAULT.withContexts(List.of(DIRTY))),
                request("0000 0007", 0, 16384),
                "668e33ef 0000 0005" + COOKIE + "0000000c 00000000 00004000 00000003"
                        // Two neighbours of the same status have become one.
                        + "668e33ef 0001 0005" + COOKIE
                        + "0000001c 00000001 00002000 00000001 00000200 00000007 00001e00 00000000");
    }

    @Test
    void aContextCalledAllocationTakesThePlaceOfTheOwnOne() {
        MetaContext odd = MetaContext.of(MetaContext.ALLOCATION, new Extent(Long.MAX_VALUE, 2));
        assertAnswer(
                served(disk, ExportSettings.DEFAULT.withContexts(List.of(odd))),
                request("0000 0007", 0, 1 << 20),
                "668e33ef 0001 0005" + COOKIE + "0000000c 00000000 00100000 00000002");
    }

    @Test
    void theNumberOfExtentsIsBounded() {
        // Given a context that changes with every sector
        MetaContext sectors = context((offset, end) -> new Extent(512 - offset % 512, offset / 512 % 2));
        ServedExport served = served(MemoryExport.ofSize(1 << 30), only(sectors));

        // When
        String answer = answer(channel(served, TransmissionMode.STRUCTURED), request("0000 0007", 256, 1 << 30 >> 1));

        // Then
        assertThat(answer)
                .hasSize(2 * (20 + 4 + 8 * StatusReply.MAX_EXTENTS))
                .startsWith(hex("668e33ef 0001 0005" + COOKIE + "00008004 00000000 00000100 00000000"
                        + "00000200 00000001 00000200 00000000"));
    }

    @Test
    void theWorkForARequestIsBounded() {
        // Given a context that would never end
        MetaContext bytes = context((offset, end) -> new Extent(1, 9));
        ServedExport served = served(MemoryExport.ofSize(Long.MAX_VALUE), only(bytes));

        // When // Then
        assertAnswer(
                served,
                request("0000 0007", 0, -1),
                "668e33ef 0001 0005" + COOKIE + "0000000c 00000000 %08x 00000009".formatted(StatusReply.MAX_STEPS));
    }

    @Test
    void aChunkIsNotLongerThanTheMaximumPayload() {
        // Given
        MetaContext sectors = context((offset, end) -> new Extent(512 - offset % 512, offset / 512 % 2));
        ExportSettings settings = only(sectors).withSizes(new SizeConstraints(1, 512, 512));

        // When
        String answer =
                answer(channel(served(disk, settings), TransmissionMode.STRUCTURED), request("0000 0007", 0, 1 << 20));

        // Then
        assertThat(answer).hasSize(2 * (20 + 4 + 8 * 63));
    }

    @Test
    void aContextThatFailsIsAnErrorBehindTheOthers() {
        // Given
        MetaContext broken = context((offset, end) -> {
            throw new ExportException(NbdError.EIO, "no map");
        });
        ServedExport served = served(disk, ExportSettings.DEFAULT.withContexts(List.of(broken, DIRTY)));

        // When // Then
        assertAnswer(
                served,
                request("0000 0007", 0, 512) + request("0000 0003", 0, 0),
                "668e33ef 0000 0005" + COOKIE + "0000000c 00000000 00000200 00000003"
                        + "668e33ef 0001 8001" + COOKIE + "0000000c 00000005 0006 'no map'"
                        + "67446698 00000000" + COOKIE);
    }

    @Test
    void aStatusOfMoreThan32BitsNeedsExtendedHeaders() {
        // Given
        ExportSettings wide = only(context((offset, end) -> new Extent(end - offset, 1L << 32)));

        // When // Then
        assertThat(answer(channel(served(disk, wide), TransmissionMode.STRUCTURED), request("0000 0007", 0, 512)))
                .startsWith(hex("668e33ef 0001 8001" + COOKIE + "0000003a 00000005 0034"));
        assertThat(answer(channel(served(disk, wide), TransmissionMode.EXTENDED), extended("0000 0007", 0, 512)))
                .isEqualTo(hex("6e8a278c 0001 0006" + COOKIE + "0000000000000000 0000000000000018"
                        + "00000000 00000001 0000000000000200 0000000100000000"));
    }

    @Test
    void refusesTheStatusOfNothingAndOfWhatIsBeyondTheEnd() {
        for (String request : List.of(request("0000 0007", 0, 0), request("0000 0007", 1 << 20, 1))) {
            assertThat(answer(channel(served(disk), TransmissionMode.STRUCTURED), request))
                    .startsWith(hex(EINVAL))
                    .contains(hex("00000016"));
        }
    }

    @Test
    void withoutAContextThereIsNoStatus() {
        // Given
        EmbeddedChannel channel = new EmbeddedChannel();
        Agreement none = new Agreement(served(disk), TransmissionMode.STRUCTURED, List.of());
        channel.pipeline().addLast(new TransmissionHandler(none, new ReplyBatch(channel)));

        // When // Then
        assertThat(answer(channel, request("0000 0007", 0, 512)))
                .startsWith(hex(EINVAL))
                .contains(hex("00000016"));
    }

    @Test
    void tellsOfRangesBeyond32Bits() {
        assertThat(answer(
                        channel(served(MemoryExport.ofSize(Long.MAX_VALUE)), TransmissionMode.EXTENDED),
                        extended("0000 0007", 1, Long.MAX_VALUE - 1)))
                .isEqualTo(hex("6e8a278c 0001 0006" + COOKIE + "0000000000000001 0000000000000018"
                        + "00000000 00000001 7ffffffffffffffe 0000000000000003"));
    }

    @Test
    void aFilterChoosesContextsAndTheirOrderHoweverItsBytesArrive() {
        // Given
        ServedExport served = served(disk, ExportSettings.DEFAULT.withContexts(List.of(DIRTY)));
        String wire = extended("0020 0007", 4096, 12) + "0000000000001200 00000001" + extended("0028 0007", 4096, 16)
                + "0000000000001200 00000001 00000000";
        String expected = hex("6e8a278c 0001 0006" + COOKIE + "0000000000001000 0000000000000028 00000001 00000002"
                + "0000000000001000 0000000000000001 0000000000000200 0000000000000007"
                + "6e8a278c 0000 0006" + COOKIE + "0000000000001000 0000000000000018 00000001 00000001"
                + "0000000000001000 0000000000000001"
                + "6e8a278c 0001 0006" + COOKIE + "0000000000001000 0000000000000018 00000000 00000001"
                + "0000000000001200 0000000000000003");

        for (int step = 1; step <= WireBytes.parse(wire).length; step++) {
            // When
            EmbeddedChannel channel = channel(served, TransmissionMode.EXTENDED);
            for (ByteBuf piece : DecoderVerifier.pieces(WireBytes.parse(wire), step)) {
                channel.writeInbound(piece);
            }

            // Then
            assertThat(HandlerWire.sent(channel)).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0000000000000000", // no payload at all
                "0000000000000004 00000000", // no length
                "0000000000000008 0000000000000200", // no context
                "000000000000000a 0000000000000200 0000", // half a context
                "000000000000000c 0000000000000200 00000002", // a context that was not agreed on
                "0000000000000010 0000000000000200 00000000 00000000", // one twice
                "0000000000000014 0000000000000200 00000000 00000001 00000002", // more than there are
                "000000000000000c 0000000000000000 00000000", // the status of nothing
                "000000000000000c 0000000000100001 00000000", // beyond the end
                "000000000000000c ffffffffffffffff 00000000" // far beyond the end
            })
    void consumesAndRefusesAFilterThatIsNone(String lengthAndPayload) {
        // Given
        ServedExport served = served(disk, ExportSettings.DEFAULT.withContexts(List.of(DIRTY)));
        EmbeddedChannel channel = channel(served, TransmissionMode.EXTENDED);
        String request = "21e41c71 0020 0007" + COOKIE + "0000000000000000" + lengthAndPayload;

        // When
        String answer = answer(channel, request + extended("0000 0003", 0, 0));

        // Then
        assertThat(answer)
                .startsWith(hex("6e8a278c 0001 8001" + COOKIE + "0000000000000000"))
                .contains(hex("00000016"))
                .endsWith(hex("6e8a278c 0001 0000" + COOKIE + "0000000000000000 0000000000000000"));
    }

    private static void assertAnswer(ServedExport served, String requests, String expected) {
        EmbeddedChannel channel = channel(served, TransmissionMode.STRUCTURED);
        assertThat(answer(channel, requests)).isEqualTo(hex(expected));
        assertThat(channel.isOpen()).isTrue();
        channel.finish();
    }

    /** Returns settings with one context, which bears the name of base:allocation and so is the only one. */
    private static ExportSettings only(MetaContext context) {
        return ExportSettings.DEFAULT.withContexts(List.of(new MetaContext() {
            @Override
            public String name() {
                return ALLOCATION;
            }

            @Override
            public Extent extentAt(long offset, long end) throws ExportException {
                return context.extentAt(offset, end);
            }
        }));
    }

    private static MetaContext context(Extents extents) {
        return new MetaContext() {
            @Override
            public String name() {
                return "x-test:context";
            }

            @Override
            public Extent extentAt(long offset, long end) throws ExportException {
                return extents.at(offset, end);
            }
        };
    }

    private interface Extents {
        Extent at(long offset, long end) throws ExportException;
    }
}
