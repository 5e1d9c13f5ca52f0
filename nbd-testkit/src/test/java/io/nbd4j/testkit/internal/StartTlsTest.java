package io.nbd4j.testkit.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.codec.golden.WireBytes;
import io.nbd4j.codec.handshake.OptionRequestDecoder;
import io.nbd4j.testkit.HandshakeStyle;
import io.nbd4j.testkit.PatternExport;
import io.nbd4j.testkit.TestCertificates;
import io.nbd4j.testkit.TlsMode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.ByteArrayOutputStream;
import java.util.Map;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;

/** Where the clear ends and TLS begins: exactly behind the STARTTLS request, wherever the bytes are cut. */
class StartTlsTest {
    private static final byte[] FLAGS_AND_STARTTLS = WireBytes.parse("00000003 'IHAVEOPT' 00000005 00000000");
    private static final byte[] ACK = WireBytes.parse("0003e889045565a9 00000005 00000001 00000000");
    private static final byte[] GO = WireBytes.parse("'IHAVEOPT' 00000007 00000006 00000000 0000");
    private static final byte[] GO_ANSWERED =
            WireBytes.parse("0003e889045565a9 00000007 00000003 0000000c 0000 0000000000001000 050f"
                    + "0003e889045565a9 00000007 00000001 00000000");

    private final TestCertificates certificates = TestCertificates.create();
    private final SslContext context = certificates.serverContext(certificates.server("localhost"));

    @Test
    void bytesBehindTheRequestAreTheFirstOfTls() throws SSLException {
        for (int cut : new int[] {1, 4, FLAGS_AND_STARTTLS.length - 1, FLAGS_AND_STARTTLS.length + 3, 1 << 20}) {
            // Given a client whose hello comes right behind its request, cut somewhere
            EmbeddedChannel server = server();
            EmbeddedChannel client = client();
            byte[] flight = WireBytes.concat(FLAGS_AND_STARTTLS, outbound(client));

            // When
            int first = Math.min(cut, flight.length);
            server.writeInbound(Unpooled.copiedBuffer(flight, 0, first));
            server.writeInbound(Unpooled.copiedBuffer(flight, first, flight.length - first));
            byte[] answer = outbound(server);

            // Then
            assertThat(answer).startsWith(ACK).hasSizeGreaterThan(ACK.length);
            client.writeInbound(Unpooled.copiedBuffer(answer, ACK.length, answer.length - ACK.length));
            pump(client, server);
            client.writeOutbound(Unpooled.copiedBuffer(GO));
            pump(client, server);
            assertThat(inbound(client)).isEqualTo(GO_ANSWERED);
            client.finishAndReleaseAll();
            server.finishAndReleaseAll();
        }
    }

    @Test
    void hangsUpOnBytesBehindTheRequestThatAreNoTls() {
        // Given
        EmbeddedChannel server = server();

        // When
        server.writeInbound(Unpooled.wrappedBuffer(WireBytes.concat(FLAGS_AND_STARTTLS, GO)));

        // Then
        assertThat(outbound(server)).startsWith(ACK);
        assertThat(server.isOpen()).isFalse();
        server.checkException();
        server.finishAndReleaseAll();
    }

    private EmbeddedChannel server() {
        ServedExport export = new ServedExport("", "", PatternExport.ofSize(4096), ExportSettings.DEFAULT);
        ServerProfile profile = new ServerProfile(
                Map.of("", export), HandshakeStyle.FIXED_NEWSTYLE, true, true, TlsMode.REQUIRED, context);
        OptionRequestDecoder decoder = new OptionRequestDecoder();
        EmbeddedChannel channel = new EmbeddedChannel(decoder, new NegotiationHandler(decoder, profile));
        outbound(channel); // The greeting.
        return channel;
    }

    private EmbeddedChannel client() throws SSLException {
        SslContext client = SslContextBuilder.forClient()
                .trustManager(certificates.authority())
                .endpointIdentificationAlgorithm("")
                .build();
        return new EmbeddedChannel(client.newHandler(Unpooled.EMPTY_BUFFER.alloc()));
    }

    private static void pump(EmbeddedChannel one, EmbeddedChannel other) {
        while (move(one, other) || move(other, one)) {
            // Until neither has anything to say.
        }
    }

    private static boolean move(EmbeddedChannel from, EmbeddedChannel to) {
        byte[] bytes = outbound(from);
        to.writeInbound(Unpooled.wrappedBuffer(bytes));
        return bytes.length > 0;
    }

    private static byte[] outbound(EmbeddedChannel channel) {
        channel.runPendingTasks();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            bytes.writeBytes(ByteBufUtil.getBytes(out));
            out.release();
        }
        return bytes.toByteArray();
    }

    private static byte[] inbound(EmbeddedChannel channel) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (ByteBuf in = channel.readInbound(); in != null; in = channel.readInbound()) {
            bytes.writeBytes(ByteBufUtil.getBytes(in));
            in.release();
        }
        return bytes.toByteArray();
    }
}
