package io.nbd4j.testkit.internal;

import io.nbd4j.codec.golden.WireBytes;
import io.nbd4j.codec.transmission.TransmissionMode;
import io.nbd4j.testkit.Export;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.util.HexFormat;
import java.util.List;

/** A {@link TransmissionHandler} in a channel without a socket, and bytes to feed it with. */
final class HandlerWire {
    static final String COOKIE = "00000000000000c1";

    private HandlerWire() {}

    static ServedExport served(Export export) {
        return served(export, ExportSettings.DEFAULT);
    }

    static ServedExport served(Export export, ExportSettings settings) {
        return new ServedExport("", "", export, settings);
    }

    /** Returns a channel after a handshake that selected all meta contexts if chunks were agreed on. */
    static EmbeddedChannel channel(ServedExport served, TransmissionMode mode) {
        List<ServedContext> contexts = mode == TransmissionMode.SIMPLE ? List.of() : served.contexts();
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.pipeline()
                .addLast(new TransmissionHandler(new Agreement(served, mode, contexts), new ReplyBatch(channel)));
        return channel;
    }

    static String answer(EmbeddedChannel channel, String requests) {
        channel.writeInbound(Unpooled.wrappedBuffer(WireBytes.parse(requests)));
        return sent(channel);
    }

    static String sent(EmbeddedChannel channel) {
        ByteArrayOutputStream sent = new ByteArrayOutputStream();
        for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            sent.writeBytes(ByteBufUtil.getBytes(out));
            out.release();
        }
        return HexFormat.of().formatHex(sent.toByteArray());
    }

    /** Returns a compact request. */
    static String request(String flagsAndType, long offset, int length) {
        return "25609513" + flagsAndType + COOKIE + "%016x%08x".formatted(offset, length);
    }

    /** Returns an extended request. */
    static String extended(String flagsAndType, long offset, long length) {
        return "21e41c71" + flagsAndType + COOKIE + "%016x%016x".formatted(offset, length);
    }

    static String hex(String wire) {
        return HexFormat.of().formatHex(WireBytes.parse(wire));
    }
}
