package io.nbd4j.client.internal.capture;

import io.nbd4j.client.internal.logging.Loggers;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Keeps all that one handle says and hears in a file. In each channel that is tried, behind TLS and before all else.
 *
 * <p>A file that can't be written any more is given up, with a warning in the log: a full disk is no reason to end a
 * connection. Confined to the event loop, which it writes on: it is made for looking into things, not for speed.
 */
@Sharable
public final class Capture extends ChannelDuplexHandler {
    private final Path path;
    private final String name;
    private @Nullable PcapFile file;

    private Capture(Path path, String name, PcapFile file) {
        this.path = path;
        this.name = name;
        this.file = file;
    }

    /**
     * Creates the file, or empties it.
     *
     * @param name of the handle, for the log
     * @throws IOException if it can't be
     */
    public static Capture to(Path path, String name) throws IOException {
        return new Capture(path, name, PcapFile.create(path));
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        keep(PcapFile.Side.SERVER, message);
        ctx.fireChannelRead(message);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        keep(PcapFile.Side.CLIENT, message);
        ctx.write(message, promise);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        close();
        ctx.fireChannelInactive();
    }

    private void keep(PcapFile.Side speaker, Object message) {
        PcapFile open = file;
        if (open != null && message instanceof ByteBuf data) {
            try {
                open.data(speaker, data);
            } catch (IOException e) {
                giveUp(open, e);
            }
        }
    }

    /** Completes the file, unless that was done before. */
    public void close() {
        PcapFile open = file;
        file = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                Loggers.HANDLE.warn("{}: the end of the capture {} is missing", name, path, e);
            }
        }
    }

    private void giveUp(PcapFile broken, IOException cause) {
        file = null;
        try {
            broken.abandon();
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
        Loggers.HANDLE.warn("{}: the capture {} ends here, the connection goes on", name, path, cause);
    }
}
