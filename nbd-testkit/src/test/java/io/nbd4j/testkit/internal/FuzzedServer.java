package io.nbd4j.testkit.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.verify.FuzzInput;
import io.nbd4j.codec.verify.MeasuredMemory;
import io.nbd4j.codec.verify.WireCut;
import io.nbd4j.testkit.Export;
import io.nbd4j.testkit.HandshakeStyle;
import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.MetaContext;
import io.nbd4j.testkit.MetaContext.Extent;
import io.nbd4j.testkit.PatternExport;
import io.nbd4j.testkit.ReadOnlyExport;
import io.nbd4j.testkit.TestCertificates;
import io.nbd4j.testkit.TlsMode;
import io.nbd4j.testkit.internal.fault.FaultGates;
import io.netty.buffer.ByteBuf;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One connection of a server whose client is a fuzzer.
 *
 * <p>The input: which server it is, by the bits below, in two octets; how the client's bytes are cut; how many units of
 * 1 KiB the client takes after each piece, 0 for all there is, 255 for none; then the client's bytes.
 */
final class FuzzedServer {
    static final int STRUCTURED = 1;
    static final int HOLES = 2;
    static final int READ_ONLY = 4;
    static final int BLOCKS_OF_512 = 8;
    static final int PATTERN = 16;
    static final int FULL = 32;
    /** In the end, the client closes its half of the connection and takes all that comes; else it goes away. */
    static final int HALF_CLOSE = 64;

    // In the second octet:
    static final int EXTENDED = 1;
    static final int NEWSTYLE = 2;
    static final int OLDSTYLE = 4;
    /** There are more meta contexts than base:allocation, with large and with many short extents. */
    static final int CONTEXTS = 8;

    static final int TLS = 16;
    static final int TLS_REQUIRED = 32;

    /** Made once: a key takes longer than all the rest. */
    private static final class Tls {
        static final SslContext CONTEXT = context();

        private static SslContext context() {
            TestCertificates certificates = TestCertificates.create();
            return certificates.serverContext(certificates.server("localhost"));
        }
    }

    /** More than one piece of a read, and no multiple of a page. */
    private static final long SIZE = 600 * 1024 + 512;

    private static final int UNIT = 1024;
    private static final int TAKES_NOTHING = 255;

    /** Replies that wait up to the high water mark, the longest chunk behind it, and the longest option. */
    private static final long MOST_BUFFERED = 4 << 20;

    /** A status that does not fit into 32 bits. */
    private static final MetaContext LARGE = MetaContext.of("x-a", new Extent(512, 1), new Extent(512, 1L << 40));

    /** Each byte is another extent. */
    private static final MetaContext SHORT = new MetaContext() {
        @Override
        public String name() {
            return "x:short";
        }

        @Override
        public Extent extentAt(long offset, long end) {
            return new Extent(1, offset & 1);
        }
    };

    private final MeasuredMemory memory = new MeasuredMemory();
    private final ChannelGroup connections = new DefaultChannelGroup(ImmediateEventExecutor.INSTANCE, true);
    private final TakingChannel channel;
    private final int bits;
    private final int protocol;
    private final WireCut cut;
    private final int units;
    private final byte[] wire;

    FuzzedServer(byte[] input) {
        FuzzInput script = new FuzzInput(input);
        bits = script.octet();
        protocol = script.octet();
        cut = new WireCut(script.octet());
        units = script.octet();
        wire = script.rest();
        channel = new TakingChannel(new ServerInitializer(profile(), FaultGates.NONE, connections));
    }

    private boolean is(int bit) {
        return (bits & bit) != 0;
    }

    private boolean speaks(int bit) {
        return (protocol & bit) != 0;
    }

    private ServerProfile profile() {
        HandshakeStyle handshake = speaks(OLDSTYLE)
                ? HandshakeStyle.OLDSTYLE
                : speaks(NEWSTYLE) ? HandshakeStyle.NEWSTYLE : HandshakeStyle.FIXED_NEWSTYLE;
        Map<String, ServedExport> exports = new LinkedHashMap<>();
        exports.put("", new ServedExport("", "", export(), settings()));
        if (!speaks(OLDSTYLE)) {
            exports.put(
                    "disk",
                    new ServedExport("disk", "A disk", export(), settings().withTlsOnly(speaks(TLS))));
        }
        TlsMode tls = speaks(TLS_REQUIRED) ? TlsMode.REQUIRED : speaks(TLS) ? TlsMode.OPTIONAL : TlsMode.OFF;
        return new ServerProfile(
                exports, handshake, is(STRUCTURED), speaks(EXTENDED), tls, tls == TlsMode.OFF ? null : Tls.CONTEXT);
    }

    private Export export() {
        Export export = is(PATTERN) ? PatternExport.ofSize(SIZE) : MemoryExport.ofSize(SIZE, is(FULL) ? 0 : SIZE * 2);
        return is(READ_ONLY) ? new ReadOnlyExport(export) : export;
    }

    private ExportSettings settings() {
        SizeConstraints sizes = is(BLOCKS_OF_512) ? new SizeConstraints(512, 4096, 65536) : SizeConstraints.DEFAULT;
        List<MetaContext> contexts = speaks(CONTEXTS) ? List.of(LARGE, SHORT) : List.of();
        return ExportSettings.DEFAULT.withSizes(sizes).withHoles(is(HOLES)).withContexts(contexts);
    }

    /** Lets the client say all it has to say, and go. */
    void run() {
        channel.config().setAllocator(memory);
        channel.open();
        take();
        for (int at = 0; at < wire.length && channel.isOpen(); ) {
            int length = cut.next(wire.length - at);
            ByteBuf piece = memory.directBuffer(length).writeBytes(wire, at, length);
            at += length;
            channel.writeInbound(piece);
            take();
            assertThat(memory.used()).as("bytes in buffers").isLessThan(MOST_BUFFERED + 4L * wire.length);
        }
        if (is(HALF_CLOSE) && channel.isOpen()) {
            channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
            takeAll();
            assertThat(channel.isOpen()).as("open, though all was answered").isFalse();
        }
        channel.loseOtherEnd();
        channel.checkException();
        assertThat(connections.isEmpty()).as("the connection is forgotten").isTrue();
        memory.requireReleased();
        assertThat(memory.peak()).as("bytes in buffers").isLessThan(MOST_BUFFERED + 4L * wire.length);
    }

    private void take() {
        if (units == 0) {
            takeAll();
            return;
        }
        if (units != TAKES_NOTHING) {
            channel.take((long) units * UNIT);
        }
        while (channel.isOpen() && !channel.config().isAutoRead()) {
            // Nothing arrives while the server does not read; that it will again depends on the client.
            long before = channel.taken();
            channel.take((long) units * UNIT);
            assertThat(channel.isOpen() && !channel.config().isAutoRead() && channel.taken() == before)
                    .as("waits for nothing")
                    .isFalse();
        }
    }

    private void takeAll() {
        channel.take(Long.MAX_VALUE);
        assertThat(channel.isOpen() && !channel.config().isAutoRead())
                .as("waits for nothing")
                .isFalse();
    }
}
