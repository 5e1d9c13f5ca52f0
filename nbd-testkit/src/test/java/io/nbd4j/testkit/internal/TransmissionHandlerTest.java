package io.nbd4j.testkit.internal;

import static io.nbd4j.testkit.internal.HandlerWire.COOKIE;
import static io.nbd4j.testkit.internal.HandlerWire.answer;
import static io.nbd4j.testkit.internal.HandlerWire.hex;
import static io.nbd4j.testkit.internal.HandlerWire.request;
import static io.nbd4j.testkit.internal.HandlerWire.sent;
import static io.nbd4j.testkit.internal.HandlerWire.served;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.golden.WireBytes;
import io.nbd4j.codec.transmission.TransmissionMode;
import io.nbd4j.codec.verify.DecoderVerifier;
import io.nbd4j.testkit.Export;
import io.nbd4j.testkit.ExportException;
import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.PatternExport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Requests and replies are typed from the layouts in the specification. */
class TransmissionHandlerTest {
    private static final String OK = "67446698 00000000 " + COOKIE;
    private static final int PIECE = 256 * 1024;
    private static final String DISC = "25609513 0000 0002 0000000000000000 0000000000000000 00000000";

    private final MemoryExport disk = MemoryExport.ofSize(1 << 20);

    @Test
    void answersAReadWithASimpleReply() {
        assertAnswer(PatternExport.ofSize(4096), false, request("0000 0000", 16, 12), OK + "0000000000000010 00000000");
    }

    @Test
    void answersAReadWithOneChunk() {
        assertAnswer(
                PatternExport.ofSize(4096),
                true,
                request("0000 0000", 16, 8),
                "668e33ef 0001 0001" + COOKIE + "00000010 0000000000000010 0000000000000010");
    }

    @Test
    void aReadOfNothingSucceeds() {
        assertAnswer(disk, false, request("0000 0000", 16, 0), OK);
        assertAnswer(disk, true, request("0000 0000", 16, 0), "668e33ef 0001 0000" + COOKIE + "00000000");
    }

    @Test
    void namesHolesUnlessTheReadMustNotBeFragmented() throws ExportException {
        // Given
        disk.write(32768, Unpooled.wrappedBuffer(new byte[] {1, 2}), 2);
        ServedExport served = served(disk, ExportSettings.DEFAULT.withHoles(true));

        // When
        String sparse = answer(channel(served, true), request("0000 0000", 32760, 10));
        String whole = answer(channel(served, true), request("0004 0000", 32760, 10));
        String behind = answer(channel(served, true), request("0000 0000", 65528, 16));

        // Then
        assertThat(sparse)
                .isEqualTo(hex("668e33ef 0000 0002" + COOKIE + "0000000c 0000000000007ff8 00000008"
                        + "668e33ef 0001 0001" + COOKIE + "0000000a 0000000000008000 0102"));
        assertThat(whole)
                .isEqualTo(hex("668e33ef 0001 0001" + COOKIE + "00000012 0000000000007ff8 0000000000000000 0102"));
        assertThat(behind)
                .isEqualTo(hex("668e33ef 0000 0001" + COOKIE + "00000010 000000000000fff8 0000000000000000"
                        + "668e33ef 0001 0002" + COOKIE + "0000000c 0000000000010000 00000008"));
    }

    @Test
    void fragmentsALongReadUnlessItMustNotBe() {
        // Given
        ServedExport served = served(disk);
        String zeroes = "00*" + PIECE;

        // When
        String fragments = answer(channel(served, true), request("0000 0000", 16, 2 * PIECE + 1));
        String simple = answer(channel(served, false), request("0000 0000", 16, 2 * PIECE + 1));
        String whole = answer(channel(served, true), request("0004 0000", 16, 2 * PIECE));

        // Then
        assertThat(fragments)
                .isEqualTo(hex("668e33ef 0000 0001" + COOKIE + "00040008 0000000000000010 " + zeroes
                        + " 668e33ef 0000 0001" + COOKIE + "00040008 0000000000040010 " + zeroes
                        + " 668e33ef 0001 0001" + COOKIE + "00000009 0000000000080010 00"));
        assertThat(simple).isEqualTo(hex(OK + " " + zeroes + " " + zeroes + " 00"));
        assertThat(whole)
                .isEqualTo(hex("668e33ef 0001 0001" + COOKIE + "00080008 0000000000000010 " + zeroes + " " + zeroes));
    }

    @Test
    void aReadTooLongForOneChunkMustNotAskForOne() {
        ServedExport served = served(MemoryExport.ofSize(4 << 20));
        assertThat(answer(channel(served, true), request("0004 0000", 0, (1 << 20) + 1)))
                .startsWith(hex("668e33ef 0001 8001" + COOKIE))
                .contains(hex("0000004b"));
    }

    @Test
    void aReadThatFailsInTheMiddleEndsWithAnErrorOrTheConnection() {
        // Given
        Export bad = new BadSectorExport();
        ServedExport served = served(bad);
        EmbeddedChannel structured = channel(served, true);
        EmbeddedChannel simple = channel(served, false);
        String zeroes = "00*" + PIECE;

        // When
        String chunks = answer(structured, request("0000 0000", 0, 2 * PIECE));
        String cutOff = answer(simple, request("0000 0000", 0, 2 * PIECE) + request("0000 0003", 0, 0));

        // Then
        assertThat(chunks)
                .isEqualTo(hex("668e33ef 0000 0001" + COOKIE + "00040008 0000000000000000 " + zeroes
                        + " 668e33ef 0001 8001" + COOKIE + "00000010 00000005 000a 'bad sector'"));
        assertThat(structured.isOpen()).isTrue();
        assertThat(hex(OK + " " + zeroes)).startsWith(cutOff);
        assertThat(simple.isOpen()).isFalse();
    }

    @Test
    void goesOnWithALongReadWhereTheClientLeftOff() {
        // Given
        ServedExport served = served(disk);
        EmbeddedChannel channel = channel(served, false);
        channel.config().setWriteBufferHighWaterMark(PIECE);
        channel.config().setWriteBufferLowWaterMark(PIECE / 2);

        // When every piece fills the channel, which is flushed each time
        String answer = answer(channel, request("0000 0000", 0, 1 << 20) + request("0000 0003", 0, 0));

        // Then
        assertThat(answer).isEqualTo(hex(OK + " 00*" + (1 << 20) + " " + OK));
        assertThat(channel.config().isAutoRead()).isTrue();
    }

    @Test
    void storesAWriteHoweverItsBytesArrive() {
        // Given
        String wire = request("0001 0001", 100, 5) + "'hello'" + request("0000 0000", 98, 9) + DISC;

        for (int step = 1; step <= WireBytes.parse(wire).length; step++) {
            EmbeddedChannel channel = channel(served(MemoryExport.ofSize(4096)), false);

            // When
            for (ByteBuf piece : DecoderVerifier.pieces(WireBytes.parse(wire), step)) {
                channel.writeInbound(piece);
            }

            // Then
            assertThat(sent(channel)).isEqualTo(hex(OK + OK + "0000 'hello' 0000"));
            assertThat(channel.isOpen()).isFalse();
        }
    }

    @ParameterizedTest(name = "{0} at {1}+{2}: {3}")
    @CsvSource({
        "0000 0000, 1048575, 2, EINVAL", // READ beyond the end
        "0000 0000, -1, 1, EINVAL", // an offset of 2^64-1
        "0000 0003, 0, 1, EINVAL", // FLUSH with a length
        "0000 0004, 1048576, 1, EINVAL", // TRIM beyond the end
        "0000 0005, 1048576, 1, EINVAL", // CACHE beyond the end
        "0000 0006, 1048575, 2, ENOSPC", // WRITE_ZEROES beyond the end
        "0000 0007, 0, 512, EINVAL", // BLOCK_STATUS without a context
        "0000 0008, 0, 512, EINVAL", // RESIZE
        "0000 ffff, 0, 512, EINVAL", // no command
        "0004 0000, 0, 512, EINVAL", // DF without structured replies
        "0002 0000, 0, 512, EINVAL", // NO_HOLE on a READ
        "0010 0004, 0, 512, EINVAL", // FAST_ZERO on a TRIM
        "8000 0000, 0, 512, EINVAL", // no flag
        "0020 0000, 0, 512, EINVAL", // PAYLOAD_LEN in a compact request
    })
    void refusesAndGoesOn(String flagsAndType, long offset, int length, NbdError error) {
        assertAnswer(
                disk,
                false,
                request(flagsAndType, offset, length) + request("0000 0003", 0, 0),
                "67446698 %08x".formatted(error.wire()) + COOKIE + OK);
    }

    @ParameterizedTest
    @CsvSource({"0000 0004", "0000 0006", "0013 0006", "0000 0005", "0001 0003", "0001 0000"})
    void carriesOutWhatIsAdvertised(String flagsAndType) {
        int length = flagsAndType.endsWith("3") || flagsAndType.endsWith("0") ? 0 : 512;
        assertAnswer(disk, false, request(flagsAndType, 0, length), OK);
    }

    @ParameterizedTest
    @CsvSource({"0000 0004", "0000 0006"})
    void refusesToChangeAReadOnlyExport(String flagsAndType) {
        assertAnswer(PatternExport.ofSize(4096), false, request(flagsAndType, 0, 512), "67446698 00000001" + COOKIE);
    }

    @Test
    void consumesThePayloadOfAWriteThatIsRefused() {
        assertAnswer(
                PatternExport.ofSize(4096),
                false,
                request("0000 0001", 0, 3) + "'abc'" + request("0000 0003", 0, 0),
                "67446698 00000001" + COOKIE + OK);
        assertAnswer(
                disk,
                false,
                request("0000 0001", 1 << 20, 3) + "'abc'" + request("0000 0003", 0, 0),
                "67446698 0000001c" + COOKIE + OK);
    }

    @Test
    void consumesAWriteThatIsLongerThanTheMaximum() {
        SizeConstraints sizes = new SizeConstraints(1, 512, 512);
        String answer = answer(
                channel(served(disk, ExportSettings.DEFAULT.withSizes(sizes)), false),
                request("0000 0001", 0, 513) + " 61*513 " + request("0000 0003", 0, 0));
        assertThat(answer).isEqualTo(hex("67446698 00000016" + COOKIE + OK));
        assertThat(disk.allocatedBytes()).isZero();
    }

    @Test
    void errorsAreChunksWithAMessageOnceStructuredRepliesAreAgreed() {
        assertAnswer(
                disk,
                true,
                request("0000 0000", 1 << 20, 1),
                "668e33ef 0001 8001" + COOKIE + "00000022 00000016 001c 'beyond the end of the export'");
    }

    @Test
    void aReadTooLongForTheMaximumOverflows() {
        SizeConstraints sizes = new SizeConstraints(1, 512, 512);
        ServedExport served = served(disk, ExportSettings.DEFAULT.withSizes(sizes));
        assertThat(answer(channel(served, true), request("0000 0000", 0, 513)))
                .startsWith(hex("668e33ef 0001 8001" + COOKIE))
                .contains(hex("0000004b"));
        assertThat(answer(channel(served, false), request("0000 0000", 0, 513)))
                .isEqualTo(hex("67446698 00000016" + COOKIE));
    }

    @Test
    void refusesWhatIsNotAligned() {
        SizeConstraints sizes = new SizeConstraints(512, 4096, 1 << 20);
        ServedExport served = served(disk, ExportSettings.DEFAULT.withSizes(sizes));
        for (long[] range : new long[][] {{1, 512}, {512, 511}}) {
            assertThat(answer(channel(served, false), request("0000 0000", range[0], (int) range[1])))
                    .isEqualTo(hex("67446698 00000016" + COOKIE));
        }
    }

    @Test
    void whatAnExportCannotDoBecomesTheErrorItNames() {
        // Given
        Export broken = new BrokenExport();

        // When // Then
        assertAnswer(
                broken,
                false,
                request("0000 0000", 0, 8) + request("0000 0001", 0, 3) + "'abc'" + request("0000 0003", 0, 0),
                "67446698 00000005" + COOKIE + "67446698 0000000c" + COOKIE + "67446698 0000006c" + COOKIE);
        assertAnswer(
                broken,
                true,
                request("0000 0000", 0, 8),
                "668e33ef 0001 8001" + COOKIE + "0000000d 00000005 0007 'scratch'");
    }

    @ParameterizedTest
    @CsvSource({"4, 0000 0003", "8, 0001 0003", "32, 0000 0004", "64, 0000 0006", "1024, 0000 0005", "2048, 0010 0006"})
    void refusesWhatIsWithheld(int withheld, String flagsAndType) {
        // Given
        int length = flagsAndType.endsWith("3") ? 0 : 512;
        ServedExport all = served(disk);
        ServedExport less = served(disk, ExportSettings.DEFAULT.withWithheldFlags(withheld));

        // When // Then
        assertThat(answer(channel(all, false), request(flagsAndType, 0, length)))
                .isEqualTo(hex(OK));
        assertThat(answer(channel(less, false), request(flagsAndType, 0, length)))
                .isEqualTo(hex("67446698 00000016" + COOKIE));
    }

    @Test
    void onlyAFastZeroMayBeRefusedForBeingSlow() {
        // Given
        Export slow = new SlowZeroExport();

        // When // Then
        assertAnswer(slow, false, request("0010 0006", 0, 512), "67446698 0000005f" + COOKIE);
        assertAnswer(slow, false, request("0000 0006", 0, 512), "67446698 00000005" + COOKIE);
    }

    @Test
    void anExportIsToldWhatToCache() {
        // Given
        SlowZeroExport export = new SlowZeroExport();

        // When
        assertAnswer(export, false, request("0000 0005", 512, 1024), OK);

        // Then
        assertThat(export.cached).containsExactly(512L, 1024L);
    }

    @Test
    void servesTheLastByteOfTheLargestExport() {
        // Given
        Export largest = MemoryExport.ofSize(Long.MAX_VALUE);

        // When // Then
        assertAnswer(
                largest,
                false,
                request("0000 0001", Long.MAX_VALUE - 1, 1) + "2a" + request("0000 0000", Long.MAX_VALUE - 1, 1),
                OK + OK + "2a");
        assertAnswer(
                largest,
                false,
                request("0000 0000", Long.MAX_VALUE - 1, 2)
                        + request("0000 0000", Long.MAX_VALUE, 1)
                        + request("0000 0000", Long.MIN_VALUE, 1)
                        + request("0000 0004", Long.MAX_VALUE, -1),
                ("67446698 00000016" + COOKIE).repeat(4));
        assertAnswer(largest, false, request("0000 0000", Long.MAX_VALUE, 0), OK);
    }

    @Test
    void aWriteThatFailsDoesNotSpoilTheNextOne() {
        // Given
        Export broken = new BrokenExport();

        // When // Then a write of nothing succeeds
        assertAnswer(
                broken,
                false,
                request("0000 0001", 0, 3) + "'abc'" + request("0000 0001", 0, 0),
                "67446698 0000000c" + COOKIE + OK);
    }

    @Test
    void hangsUpOnABadMagic() {
        // Given
        EmbeddedChannel channel = channel(served(disk), false);

        // When
        String answer = answer(channel, request("0000 0003", 0, 0) + "deadbeef " + "00*60");

        // Then
        assertThat(answer).isIn("", hex(OK));
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void answersEverythingBeforeADisconnectAndNothingAfter() {
        // Given
        EmbeddedChannel channel = channel(served(disk), false);

        // When
        String answer = answer(channel, request("0000 0003", 0, 0).repeat(3) + DISC + request("0000 0003", 0, 0));

        // Then
        assertThat(answer).isEqualTo(hex(OK.repeat(3)));
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void looksAtNoRequestWhileRepliesWait() {
        // Given
        EmbeddedChannel channel = channel(served(disk), false);
        setWritable(channel, false);

        // When
        String before = answer(channel, request("0000 0003", 0, 0) + request("0000 0003", 0, 0));
        String more = answer(channel, request("0000 0003", 0, 0));

        // Then
        assertThat(before + more).isEmpty();
        assertThat(channel.config().isAutoRead()).isFalse();

        // When
        setWritable(channel, true);

        // Then
        assertThat(sent(channel)).isEqualTo(hex(OK.repeat(3)));
        assertThat(channel.config().isAutoRead()).isTrue();
    }

    @Test
    void releasesWhatWaitsWhenTheConnectionGoes() {
        // Given
        EmbeddedChannel channel = channel(served(disk), false);
        setWritable(channel, false);
        ByteBuf request = Unpooled.wrappedBuffer(WireBytes.parse(request("0000 0003", 0, 0)));

        // When
        channel.writeInbound(request);
        channel.close().syncUninterruptibly();

        // Then
        assertThat(request.refCnt()).isZero();
    }

    @ParameterizedTest
    @MethodSource("ends")
    void repliesThatAreOwedComeBeforeTheEnd(Object end) {
        // Given
        EmbeddedChannel channel = channel(served(disk), false);
        setWritable(channel, false);
        answer(channel, request("0000 0003", 0, 0).repeat(2));

        // When
        channel.pipeline().fireUserEventTriggered(end);
        boolean openBefore = channel.isOpen();
        setWritable(channel, true);

        // Then
        assertThat(openBefore).isTrue();
        assertThat(sent(channel)).isEqualTo(hex(OK.repeat(2)));
        assertThat(channel.isOpen()).isFalse();
    }

    /** The client half-closes, the client ends TLS, the server is closed. */
    static Stream<Object> ends() {
        return Stream.of(ChannelInputShutdownEvent.INSTANCE, SslCloseCompletionEvent.SUCCESS, ServerShutdown.INSTANCE);
    }

    @ParameterizedTest
    @MethodSource("ends")
    void whereNothingIsOwedTheEndComesAtOnce(Object end) {
        // Given
        EmbeddedChannel channel = channel(served(disk), false);

        // When
        channel.pipeline().fireUserEventTriggered(end);

        // Then
        assertThat(sent(channel)).isEmpty();
        assertThat(channel.isOpen()).isFalse();
    }

    private static void assertAnswer(Export export, boolean structuredReplies, String requests, String expected) {
        ServedExport served = served(export);
        EmbeddedChannel channel = channel(served, structuredReplies);
        assertThat(answer(channel, requests)).isEqualTo(hex(expected));
        assertThat(channel.isOpen()).isTrue();
        channel.finish();
    }

    private static EmbeddedChannel channel(ServedExport served, boolean structuredReplies) {
        return HandlerWire.channel(served, structuredReplies ? TransmissionMode.STRUCTURED : TransmissionMode.SIMPLE);
    }

    private static void setWritable(EmbeddedChannel channel, boolean writable) {
        channel.unsafe().outboundBuffer().setUserDefinedWritability(1, writable);
        channel.runPendingTasks();
    }

    /** Can read its first piece only. */
    private static final class BadSectorExport implements Export {
        @Override
        public long size() {
            return 1 << 20;
        }

        @Override
        public void read(long offset, ByteBuf dst, int length) throws ExportException {
            if (offset + length > PIECE) {
                throw new ExportException(NbdError.EIO, "bad sector");
            }
            dst.writeZero(length);
        }

        @Override
        public void write(long offset, ByteBuf src, int length) {}

        @Override
        public void zero(long offset, long length, boolean mayPunchHole) {}
    }

    /** Never zeroes; remembers what it was asked to cache. */
    private static final class SlowZeroExport implements Export {
        final List<Long> cached = new ArrayList<>();

        @Override
        public long size() {
            return 4096;
        }

        @Override
        public boolean isZeroFast() {
            return true;
        }

        @Override
        public void read(long offset, ByteBuf dst, int length) {
            dst.writeZero(length);
        }

        @Override
        public void write(long offset, ByteBuf src, int length) {}

        @Override
        public void zero(long offset, long length, boolean mayPunchHole) throws ExportException {
            throw new ExportException(NbdError.ENOTSUP, "slow");
        }

        @Override
        public void cache(long offset, long length) {
            cached.add(offset);
            cached.add(length);
        }
    }

    /** Fails in the middle of everything. */
    private static final class BrokenExport implements Export {
        @Override
        public long size() {
            return 4096;
        }

        @Override
        public void read(long offset, ByteBuf dst, int length) throws ExportException {
            dst.writeByte(1);
            throw new ExportException(NbdError.EIO, "scratch");
        }

        @Override
        public void write(long offset, ByteBuf src, int length) throws ExportException {
            throw new ExportException(NbdError.ENOMEM, "");
        }

        @Override
        public void zero(long offset, long length, boolean mayPunchHole) {}

        @Override
        public void flush() throws ExportException {
            throw new ExportException(NbdError.ESHUTDOWN, "");
        }
    }
}
