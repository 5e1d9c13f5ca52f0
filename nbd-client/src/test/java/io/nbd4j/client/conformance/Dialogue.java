package io.nbd4j.client.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdProtocolException;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.TlsMode;
import io.nbd4j.client.contract.Outcomes;
import io.nbd4j.codec.golden.WireBytes;
import io.nbd4j.testkit.ScriptedConnection;
import io.nbd4j.testkit.ScriptedPeer;
import io.nbd4j.testkit.junit.RequiresServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLEngine;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** A client and a scripted server that talk to each other. The test is the script, and calls the client too. */
final class Dialogue implements AutoCloseable {
    static final String GREETING = "'NBDMAGIC' 'IHAVEOPT' 0003 ";
    /** Starts an option that the client sends. */
    static final String OPTION = "'IHAVEOPT' ";
    /** Starts a reply to an option. */
    static final String REPLY = "0003e889045565a9 ";

    static final String STARTTLS = OPTION + "00000005 00000000 ";
    static final String STARTTLS_ACK = REPLY + "00000005 00000001 00000000 ";

    static final String STRUCTURED_REPLY = OPTION + "00000008 00000000 ";
    static final String STRUCTURED_REPLY_ACK = REPLY + "00000008 00000001 00000000 ";
    static final String STRUCTURED_REPLY_UNSUPPORTED = REPLY + "00000008 80000001 00000000 ";
    static final String EXTENDED_HEADERS = OPTION + "0000000b 00000000 ";
    static final String EXTENDED_HEADERS_ACK = REPLY + "0000000b 00000001 00000000 ";
    /** GO for the default export, with a request for the size constraints. */
    static final String GO = OPTION + "00000007 00000008 00000000 0001 0003 ";
    /** Starts an INFO reply to GO, up to the length. */
    static final String GO_INFO = REPLY + "00000007 00000003 ";
    /** One MiB, with all flags. */
    static final String GO_EXPORT = GO_INFO + "0000000c 0000 0000000000100000 0ded ";

    static final String GO_ACK = REPLY + "00000007 00000001 00000000 ";
    /** Starts an error reply to GO. */
    static final String GO_ERROR = REPLY + "00000007 ";

    static final String ABORT = OPTION + "00000002 00000000 ";
    static final String EXPORT_NAME = OPTION + "00000001 00000000 ";

    private static final Duration LONG_ENOUGH = Duration.ofSeconds(10);

    final NbdClient nbd;
    private final Way way;
    private final NbdClientBuilder builder;
    private final ScriptedPeer peer;
    private final NbdFuture<NbdClient> connecting;
    private @Nullable ScriptedConnection accepted;
    private @Nullable Speech speech;

    private Dialogue(Way way, NbdClientBuilder builder, ScriptedPeer peer, NbdTarget target) {
        this.way = way;
        this.builder = builder;
        this.peer = peer;
        nbd = builder.build();
        connecting = nbd.connect(target);
    }

    private static NbdClientBuilder builder(Way way, UnaryOperator<NbdClientBuilder> options) {
        return options.apply(way.transport()
                .builder()
                .extendedHeaders(false)
                .handshakeTimeout(LONG_ENOUGH)
                .drainTimeout(LONG_ENOUGH)
                .stallTimeout(LONG_ENOUGH)
                .graceTimeout(Duration.ofSeconds(2))
                .killTimeout(Duration.ofSeconds(2)));
    }

    private static void requireTransport(Way way) {
        String reason = way.transport().unavailableBecause();
        assumeTrue(reason == null, reason);
        if (way.transport().isSubprocess() && !isOnPath("perl")) {
            String missing = "not on the PATH: perl";
            assertThat(System.getProperty(RequiresServer.PROPERTY)).as(missing).isNotEqualTo(RequiresServer.REQUIRED);
            assumeTrue(false, missing);
        }
    }

    private static boolean isOnPath(String program) {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
    }

    // ---- Where a dialogue starts

    /** Starts a dialogue in which nothing was said yet. */
    static Dialogue connected(Way way) {
        return connected(way, UnaryOperator.identity());
    }

    static Dialogue connected(Way way, UnaryOperator<NbdClientBuilder> options) {
        ScriptedPeer peer = open(way);
        return new Dialogue(way, builder(way, options), peer, way.transport().target(peer));
    }

    /** Starts a dialogue with a client that was given a URI of so a scheme: {@code nbd}, {@code nbds}. */
    static Dialogue byUri(Way way, String scheme) {
        ScriptedPeer peer = open(way);
        return new Dialogue(
                way,
                // Over a Unix socket there is no host, so that the options have to name it.
                builder(way, options -> options.tls(TlsMode.DISABLE, TestTls.options())),
                peer,
                way.transport().uri(peer, scheme));
    }

    private static ScriptedPeer open(Way way) {
        requireTransport(way);
        return way.transport().open().delivery(way.delivery()).patience(LONG_ENOUGH);
    }

    /** Starts another dialogue with the same server, by a client that the same builder makes. To be closed before this one. */
    Dialogue again(Export export) {
        return new Dialogue(way, builder, peer, way.transport().target(peer)).handshake(export);
    }

    /** Starts a dialogue that has got as far as GO for the default export, with structured replies. */
    static Dialogue atGo(Way way) {
        return connected(way)
                .send(GREETING)
                .expect("00000003" + STRUCTURED_REPLY)
                .send(STRUCTURED_REPLY_ACK)
                .expect(GO);
    }

    /** Starts a dialogue in option mode: the server waits for an option. */
    static Dialogue negotiating(Way way) {
        Dialogue dialogue = connected(way, options -> options.optionMode(true))
                .send(GREETING)
                .expect("00000003" + STRUCTURED_REPLY)
                .send(STRUCTURED_REPLY_ACK);
        dialogue.awaitConnected();
        assertThat(dialogue.nbd.isNegotiating()).isTrue();
        return dialogue;
    }

    /** Starts a dialogue in the transmission phase. */
    static Dialogue ready(Way way, Export export) {
        return ready(way, export, UnaryOperator.identity());
    }

    static Dialogue ready(Way way, Export export, UnaryOperator<NbdClientBuilder> options) {
        return connected(way, options).handshake(export);
    }

    private Dialogue handshake(Export export) {
        return send(GREETING).expect("00000003").agree(export);
    }

    /** Says what a server says from the first option up to the transmission phase. */
    Dialogue agree(Export export) {
        expect(STRUCTURED_REPLY)
                .send(export.structured() ? STRUCTURED_REPLY_ACK : STRUCTURED_REPLY_UNSUPPORTED)
                .expect(GO);
        if (!export.sizes().isEmpty()) {
            send(GO_INFO + "0000000e 0003 " + export.sizes());
        }
        HexFormat hex = HexFormat.of();
        send(GO_INFO + "0000000c 0000 " + hex.toHexDigits(export.size()) + hex.toHexDigits((short) export.flags()));
        return send(GO_ACK).awaitReady();
    }

    // ---- The server

    /** Returns the connection of the server, which is accepted at first use. */
    ScriptedConnection server() {
        ScriptedConnection connection = accepted;
        if (connection == null) {
            connection = peer.accept();
            accepted = connection;
        }
        return connection;
    }

    private Speech speech() {
        Speech spoken = speech;
        if (spoken == null) {
            spoken = Speech.inClear(server());
            speech = spoken;
        }
        return spoken;
    }

    private void flush() {
        if (accepted != null) {
            accepted.flush();
        }
    }

    /** Agrees to TLS, which the client has asked for, and goes on under it. */
    TlsSpeech startTls(SSLEngine engine) {
        send(STARTTLS_ACK);
        TlsSpeech tls = new TlsSpeech(server(), engine);
        speech = tls;
        return tls;
    }

    Dialogue send(String text) {
        return send(WireBytes.parse(text));
    }

    Dialogue send(byte[]... messages) {
        for (byte[] message : messages) {
            speech().send(message);
        }
        return this;
    }

    Dialogue expect(String text) {
        speech().expect(WireBytes.parse(text));
        return this;
    }

    Request receive() {
        return Request.receive(speech());
    }

    /** Receives a request of a type, without flags. */
    Request receive(int type) {
        return receive(type, 0);
    }

    Request receive(int type, int flags) {
        Request request = receive();
        assertThat(request.type()).isEqualTo(type);
        assertThat(request.flags()).isEqualTo(flags);
        return request;
    }

    // ---- The client

    NbdFuture<NbdClient> connecting() {
        return connecting;
    }

    /** Waits for a future, after all that the server has to say. */
    <T extends @Nullable Object> T await(CompletableFuture<T> future) {
        flush();
        return Outcomes.await(future);
    }

    /** Returns what a future fails with, after all that the server has to say. */
    <E extends Throwable> E failureOf(CompletableFuture<?> future, Class<E> type) {
        flush();
        return Outcomes.failureOf(future, type);
    }

    private void awaitConnected() {
        assertThat(await(connecting)).isSameAs(nbd);
    }

    /** Waits until the client is READY. */
    Dialogue awaitReady() {
        awaitConnected();
        assertThat(nbd.isReady()).isTrue();
        return this;
    }

    /** Returns the bytes that a read delivers. */
    byte[] bytesOf(CompletableFuture<ByteBuf> read) {
        ByteBuf buffer = await(read);
        try {
            return ByteBufUtil.getBytes(buffer);
        } finally {
            buffer.release();
        }
    }

    // ---- What a case says that must follow

    /**
     * The connection works, both sides are in step, and the client has sent nothing in between: the next that the server
     * receives is a read, and the client gets what the server answers, which is typed as hex.
     */
    void assertWorks() {
        NbdFuture<ByteBuf> read = nbd.pread(16, 0x200);
        if (nbd.export().extendedHeaders()) {
            expect("21e41c71 0000 0000");
            String cookie = HexFormat.of().formatHex(speech().read(8));
            expect("0000000000000200 0000000000000010");
            send("6e8a278c 0001 0001" + cookie + "0000000000000200 0000000000000018");
            send("0000000000000200 'still in step...'");
            assertReadInStep(read);
            return;
        }
        expect("25609513 0000 0000");
        String cookie = HexFormat.of().formatHex(speech().read(8));
        expect("0000000000000200 00000010");
        send(
                nbd.export().structuredReplies()
                        ? "668e33ef 0001 0001" + cookie + "00000018 0000000000000200 'still in step...'"
                        : "67446698 00000000" + cookie + "'still in step...'");
        assertReadInStep(read);
    }

    private void assertReadInStep(NbdFuture<ByteBuf> read) {
        assertThat(bytesOf(read)).isEqualTo(WireBytes.parse("'still in step...'"));
        assertThat(nbd.isReady()).isTrue();
    }

    /** The client has hung up without another word, and all that was pending has failed since the server broke the rules. */
    void assertDropped(CompletableFuture<?>... pending) {
        for (CompletableFuture<?> future : pending) {
            failureOf(future, NbdProtocolException.class);
        }
        assertGone();
    }

    /** The client has hung up without another word. */
    void assertGone() {
        server().expectEnd();
        Awaitility.await()
                .atMost(LONG_ENOUGH)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .until(nbd::isDead);
    }

    @Override
    public void close() {
        if (accepted != null) {
            accepted.close();
        }
        Outcomes.await(nbd.closeAsync());
        peer.close();
    }
}
