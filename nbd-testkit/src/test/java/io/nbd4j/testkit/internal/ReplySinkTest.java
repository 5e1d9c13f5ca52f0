package io.nbd4j.testkit.internal;

import static io.nbd4j.testkit.internal.HandlerWire.COOKIE;
import static io.nbd4j.testkit.internal.HandlerWire.hex;
import static io.nbd4j.testkit.internal.HandlerWire.request;
import static io.nbd4j.testkit.internal.HandlerWire.served;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.golden.WireBytes;
import io.nbd4j.codec.transmission.TransmissionMode;
import io.nbd4j.testkit.Export;
import io.nbd4j.testkit.ExportException;
import io.nbd4j.testkit.MemoryExport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A sink sees every message of every reply for itself, and whose it is. */
class ReplySinkTest {
    private static final int PIECE = ReadReply.PIECE;

    private final Recorder recorder = new Recorder();

    @Test
    void eachReplyWithoutDataIsOneMessage() {
        serve(TransmissionMode.SIMPLE, request("0001 0001", 4096, 3) + "'abc'" + request("0000 0003", 0, 0));
        assertThat(recorder.seen)
                .containsExactly(
                        "WRITE 1 c1 4096 3",
                        "reply " + hex("67446698 00000000" + COOKIE),
                        "FLUSH 0 c1 0 0",
                        "reply " + hex("67446698 00000000" + COOKIE));
    }

    @Test
    void eachChunkIsAMessage() {
        serve(TransmissionMode.STRUCTURED, request("0000 0000", 0, PIECE + 1));
        assertThat(recorder.seen)
                .containsExactly(
                        "READ 0 c1 0 " + (PIECE + 1),
                        "message " + hex("668e33ef 0000 0001" + COOKIE + "00040008 0000000000000000 00*" + PIECE),
                        "reply " + hex("668e33ef 0001 0001" + COOKIE + "00000009 0000000000040000 00"));
    }

    @Test
    void aSimpleReplyIsOneMessageThatComesInParts() {
        serve(TransmissionMode.SIMPLE, request("0000 0000", 0, PIECE + 1));
        assertThat(recorder.seen)
                .containsExactly(
                        "READ 0 c1 0 " + (PIECE + 1),
                        "part " + hex("67446698 00000000" + COOKIE + " 00*" + PIECE),
                        "reply 00");
    }

    @Test
    void whatWasTakenBackIsNeverSeen() {
        // Given
        Export bad = new Export() {
            @Override
            public long size() {
                return 4096;
            }

            @Override
            public void read(long offset, ByteBuf dst, int length) throws ExportException {
                dst.writeByte(1);
                throw new ExportException(NbdError.EIO, "bad");
            }

            @Override
            public void write(long offset, ByteBuf src, int length) {}

            @Override
            public void zero(long offset, long length, boolean mayPunchHole) {}
        };

        // When
        serve(bad, TransmissionMode.EXTENDED, HandlerWire.extended("0000 0000", 512, 8));

        // Then
        assertThat(recorder.seen)
                .containsExactly(
                        "READ 0 c1 512 8",
                        "reply "
                                + hex("6e8a278c 0001 8001" + COOKIE
                                        + "0000000000000200 0000000000000009 00000005 0003 'bad'"));
    }

    @Test
    void aDisconnectHasNoReply() {
        serve(TransmissionMode.SIMPLE, "25609513 0000 0002 0000000000000000 0000000000000000 00000000");
        assertThat(recorder.seen).isEmpty();
        assertThat(recorder.released).isTrue();
    }

    private void serve(TransmissionMode mode, String requests) {
        serve(MemoryExport.ofSize(1 << 20), mode, requests);
    }

    private void serve(Export export, TransmissionMode mode, String requests) {
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.pipeline().addLast(new TransmissionHandler(new Agreement(served(export), mode, List.of()), recorder));
        channel.writeInbound(Unpooled.wrappedBuffer(WireBytes.parse(requests)));
        channel.finishAndReleaseAll();
    }

    /** Writes down each part, and what ends with it. */
    private static final class Recorder implements ReplySink {
        final List<String> seen = new ArrayList<>();
        boolean released;
        private ByteBuf part = Unpooled.EMPTY_BUFFER;

        @Override
        public void begin(int flags, CommandType type, long cookie, long offset, long length) {
            seen.add("%s %d %x %d %d".formatted(type, flags, cookie, offset, length));
        }

        @Override
        public ByteBuf room(int length) {
            if (!part.isWritable(length)) {
                assertThat(part.isReadable()).as("something that no part holds").isFalse();
                part = Unpooled.buffer(length);
            }
            return part;
        }

        @Override
        public void appended(boolean messageEnds, boolean replyEnds) {
            seen.add((replyEnds ? "reply " : messageEnds ? "message " : "part ") + ByteBufUtil.hexDump(part));
            part.clear();
        }

        @Override
        public void write() {
            // Nothing leaves.
        }

        @Override
        public void release() {
            released = true;
        }
    }
}
