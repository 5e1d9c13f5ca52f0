package io.nbd4j.client.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdStatistics;
import io.nbd4j.codec.verify.FuzzInput;
import io.nbd4j.codec.verify.MeasuredMemory;
import io.nbd4j.codec.verify.WireCut;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;

/**
 * One life of a handle whose user and whose server are a fuzzer. The client is the real one, on a real socket; all happens
 * on one thread, so an input always does the same.
 *
 * <p>The input: what the client is, and how it ends, by the bits below; how the server's bytes are cut; how many calls
 * there are; how many of them are made as soon as the connect call completes, one of the others before each piece that
 * follows; the calls, see {@link FuzzedCalls}; then the server's bytes.
 */
final class FuzzedClient {
    static final int OPTION_MODE = 1;
    static final int STRUCTURED = 2;
    static final int INFORMED = 4;
    static final int FEW_AT_ONCE = 8;
    /** The server takes nothing of what the client says until the end. */
    static final int DEAF = 16;
    /** In the end time passes, before the server hangs up. */
    static final int TIME_PASSES = 32;
    /** In the end the client is closed, before the server hangs up. */
    static final int CLOSES = 64;

    /** The client asks for extended headers and meta contexts. */
    static final int EXTENDED = 128;

    private static final int MOST_CALLS = 32;
    private static final long BUFFER_SLACK = 1 << 20;
    private static final long LONGER_THAN_ANY_TIMEOUT = 3600;

    private static final String[] CONTEXTS = {"base:allocation", "x-a"};

    private final HandLoop loop;
    private final RawListener listener;
    private final MeasuredMemory memory = new MeasuredMemory();
    private final int bits;
    private final WireCut cut;
    private final int atOnce;
    private final NbdClient client;
    private final FuzzedCalls calls;
    private final ByteBuffer wire;
    private boolean connectEnded;

    FuzzedClient(HandLoop loop, RawListener listener, byte[] input) {
        this.loop = loop;
        this.listener = listener;
        FuzzInput script = new FuzzInput(input);
        bits = script.octet();
        cut = new WireCut(script.octet());
        int count = script.octet() % MOST_CALLS;
        atOnce = script.octet();
        byte[] rest = script.rest();
        int split = Math.min(rest.length, 3 * count);
        client = client();
        calls = new FuzzedCalls(client, memory, Arrays.copyOf(rest, split));
        wire = ByteBuffer.wrap(rest, split, rest.length - split);
    }

    private boolean is(int bit) {
        return (bits & bit) != 0;
    }

    private NbdClient client() {
        NbdClientBuilder builder = NbdClient.builder()
                .eventLoopGroup(loop.loop())
                .allocator(memory)
                .busyPoll(Duration.ZERO)
                .optionMode(is(OPTION_MODE))
                .structuredReplies(is(STRUCTURED))
                .extendedHeaders(is(EXTENDED))
                .metaContexts(is(EXTENDED) ? CONTEXTS : new String[0])
                .requestBlockSize(is(INFORMED))
                .fullInfo(is(INFORMED));
        return is(FEW_AT_ONCE)
                ? builder.maxRequestsInFlight(2)
                        .maxBytesInFlight(64 * 1024)
                        .maxRequestsWaiting(3)
                        .requestTimeout(Duration.ofSeconds(10))
                        .build()
                : builder.build();
    }

    /** Returns the calls of its user. */
    FuzzedCalls calls() {
        return calls;
    }

    /** Lives it. Returns what the client counted. */
    NbdStatistics run() {
        NbdFuture<NbdClient> connected = client.connectUnix(listener.path());
        connected.whenComplete((handle, failure) -> {
            connectEnded = true;
            for (int i = 0; i < atOnce; i++) {
                calls.makeNext();
            }
        });
        loop.run();
        try (RawPeer peer = listener.accept()) {
            if (peer == null) {
                throw new AssertionError("no connection was made");
            }
            converse(peer);
            end(peer);
        }
        loop.run();
        assertThat(connected.isDone()).as("the connect call has ended").isTrue();
        FuzzedCalls.requireTyped(connected);
        calls.requireEnded();
        assertThat(client.isClosed() || client.isDead()).as("closed or dead").isTrue();
        NbdFuture<Void> closed = client.closeAsync();
        loop.run();
        assertThat(closed.isDone()).as("the handle is closed").isTrue();
        loop.pass(LONGER_THAN_ANY_TIMEOUT);
        memory.requireReleased();
        requireBounded();
        return client.statistics();
    }

    private void converse(RawPeer peer) {
        int end = wire.limit();
        boolean reached = true;
        while (wire.position() < end && reached) {
            if (connectEnded) {
                calls.makeNext();
                loop.run();
            }
            wire.limit(wire.position() + cut.next(end - wire.position()));
            while (wire.hasRemaining() && reached) {
                int before = wire.position();
                reached = peer.send(wire);
                loop.run();
                listen(peer);
                assertThat(!reached || wire.position() > before)
                        .as("the client reads")
                        .isTrue();
            }
            requireBounded();
        }
        while (calls.makeNext()) {
            loop.run();
        }
    }

    private void listen(RawPeer peer) {
        while (!is(DEAF) && peer.take()) {
            loop.run();
        }
    }

    private void end(RawPeer peer) {
        if (is(CLOSES)) {
            client.closeAsync();
            loop.run();
        }
        listen(peer);
        if (is(TIME_PASSES)) {
            loop.pass(LONGER_THAN_ANY_TIMEOUT);
            // A close begins where a timeout ends, and has timeouts itself.
            loop.pass(LONGER_THAN_ANY_TIMEOUT);
            loop.pass(LONGER_THAN_ANY_TIMEOUT);
            if (is(CLOSES)) {
                assertThat(client.closeAsync().isDone())
                        .as("closed without the server")
                        .isTrue();
            }
        }
    }

    /** What the user asked for, what he was told so far, and little more. */
    private void requireBounded() {
        memory.used();
        assertThat(memory.peak())
                .as("bytes in buffers")
                .isLessThan(BUFFER_SLACK + 2 * calls.buffered() + 4L * wire.limit());
    }
}
