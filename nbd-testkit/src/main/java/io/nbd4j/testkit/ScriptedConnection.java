package io.nbd4j.testkit;

import io.nbd4j.testkit.ScriptedPeer.Delivery;
import io.nbd4j.testkit.internal.HexText;
import io.nbd4j.testkit.internal.SpokenBytes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;

/**
 * A connection of a {@link ScriptedPeer}: sends and expects bytes.
 *
 * <p>Bytes are typed as text: pairs of hex digits with white space where it helps, {@code 'text'} for its UTF-8,
 * {@code 00*124} for a byte many times, {@code #} for a comment up to the end of the line.
 *
 * <p>A script that does not read leaves what the client sends in the kernel, until the client can't send any more. To send
 * to a client that has hung up is no failure: the script goes on, and what it expects next tells. Nothing is read before
 * the script asks for it, so that a client cannot find out more than the script says.
 */
public final class ScriptedConnection implements AutoCloseable {
    private static final int MAX_SHOWN = 4096;
    private static final String CLIENT = "client";
    private static final String PEER = "peer  ";

    private final SocketChannel channel;
    private final Selector selector;
    private final SelectionKey key;
    private final Delivery delivery;
    private final Duration patience;
    private final SpokenBytes spoken = new SpokenBytes();
    private final ByteArrayOutputStream unsent = new ByteArrayOutputStream();
    private boolean ended;

    ScriptedConnection(SocketChannel channel, Delivery delivery, Duration patience) throws IOException {
        this.channel = channel;
        this.delivery = delivery;
        this.patience = patience;
        if (isTcp()) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        }
        channel.configureBlocking(false);
        selector = Selector.open();
        key = channel.register(selector, 0);
    }

    private boolean isTcp() throws IOException {
        return channel.getLocalAddress() instanceof InetSocketAddress;
    }

    // ---- Sending

    /** Sends bytes that are typed as text, delivered as the peer was told to. */
    public ScriptedConnection send(String text) {
        return send(HexText.parse(text));
    }

    /** Sends bytes, delivered as the peer was told to. */
    public ScriptedConnection send(byte[] bytes) {
        switch (delivery) {
            case NORMAL -> write(bytes);
            case BYTE_BY_BYTE -> eachByte(bytes, Duration.ZERO);
            case COALESCED -> unsent.writeBytes(bytes);
        }
        return this;
    }

    /** Sends bytes that are typed as text, whatever the delivery, one at a time with a pause behind each. */
    public ScriptedConnection trickle(String text, Duration pause) {
        flush();
        eachByte(HexText.parse(text), pause);
        return this;
    }

    private void eachByte(byte[] bytes, Duration pause) {
        for (byte value : bytes) {
            write(new byte[] {value});
            if (!pause.isZero()) {
                pause(pause);
            }
        }
    }

    /** Writes what a coalescing delivery has kept back. All that reads, waits or ends does so first. */
    public ScriptedConnection flush() {
        if (unsent.size() > 0) {
            byte[] bytes = unsent.toByteArray();
            unsent.reset();
            write(bytes);
        }
        return this;
    }

    private void write(byte[] bytes) {
        ByteBuffer rest = ByteBuffer.wrap(bytes);
        long deadline = deadline(patience);
        try {
            while (rest.hasRemaining() && !ended) {
                if (channel.write(rest) == 0 && !ready(SelectionKey.OP_WRITE, deadline)) {
                    said(PEER, bytes, rest.position());
                    throw failure("the client took only " + rest.position() + " of " + bytes.length + " bytes within "
                            + patience.toMillis() + " ms");
                }
            }
        } catch (ClosedChannelException e) {
            throw new IllegalStateException("the script has hung up already", e);
        } catch (IOException e) {
            ended(e);
        }
        said(PEER, bytes, rest.position());
    }

    // ---- Reading

    /**
     * Expects bytes that are typed as text.
     *
     * @throws AssertionError if the client sends something else, or nothing in time
     */
    public ScriptedConnection expect(String text) {
        return expect(HexText.parse(text));
    }

    /**
     * Expects bytes.
     *
     * @throws AssertionError if the client sends something else, or nothing in time
     */
    public ScriptedConnection expect(byte[] expected) {
        byte[] came = receive(expected);
        if (!Arrays.equals(came, expected)) {
            boolean differs = !Arrays.equals(came, 0, came.length, expected, 0, came.length);
            throw failure("expected " + HexText.show(expected, MAX_SHOWN) + "\n but came "
                    + HexText.show(came, MAX_SHOWN)
                    + (differs ? "" : shortOf(came.length, expected.length)));
        }
        return this;
    }

    /**
     * Reads bytes, whatever they are.
     *
     * @throws AssertionError if they do not come in time
     */
    public byte[] read(int length) {
        byte[] came = receive(length);
        if (came.length < length) {
            throw failure("expected " + length + " bytes\n but came " + HexText.show(came, MAX_SHOWN)
                    + shortOf(came.length, length));
        }
        return came;
    }

    /** Reads bytes like {@link #read}, as hex digits, to be echoed. */
    public String readHex(int length) {
        return HexFormat.of().formatHex(read(length));
    }

    /**
     * Reads all that the client sends until it hangs up.
     *
     * @throws AssertionError if it does not hang up in time
     */
    public byte[] readToEnd() {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        long deadline = deadline(patience);
        while (!ended) {
            byte[] some = receive(new byte[1], deadline, false);
            if (some.length == 0 && !ended) {
                throw failure(
                        "expected the end\n but the client did not hang up within " + patience.toMillis() + " ms");
            }
            all.writeBytes(some);
        }
        return all.toByteArray();
    }

    /**
     * Expects that the client has hung up, and has sent nothing before.
     *
     * @throws AssertionError if it has sent something, or does not hang up in time
     */
    public ScriptedConnection expectEnd() {
        byte[] came = receive(1);
        if (came.length > 0) {
            throw failure("expected the end\n but came " + HexText.show(came, 1));
        }
        if (!ended) {
            throw failure("expected the end\n but the client did not hang up within " + patience.toMillis() + " ms");
        }
        return this;
    }

    /**
     * Expects that the client sends nothing, and does not hang up, for a while.
     *
     * @throws AssertionError if it does
     */
    public ScriptedConnection expectSilence(Duration silence) {
        byte[] came = receive(new byte[1], deadline(silence), false);
        if (came.length > 0 || ended) {
            throw failure("expected silence\n but came " + (ended ? "the end" : HexText.show(came, 1)));
        }
        return this;
    }

    /** Returns whether the client has hung up, as far as the script has noticed when it sent or read. */
    public boolean hasEnded() {
        return ended;
    }

    private byte[] receive(int length) {
        return receive(new byte[length], deadline(patience), false);
    }

    private byte[] receive(byte[] expected) {
        return receive(expected.clone(), deadline(patience), true);
    }

    /** Receives so many bytes as {@code wanted} has, or less: at the end, at the deadline, after what is not wanted. */
    private byte[] receive(byte[] wanted, long deadline, boolean exactly) {
        flush();
        byte[] bytes = new byte[wanted.length];
        ByteBuffer room = ByteBuffer.wrap(bytes);
        boolean more = true;
        try {
            while (room.hasRemaining() && !ended && more) {
                int count = channel.read(room);
                if (count < 0) {
                    ended = true;
                    spoken.happened("the client has hung up");
                } else if (count == 0) {
                    more = ready(SelectionKey.OP_READ, deadline);
                } else if (exactly) {
                    more = Arrays.equals(bytes, 0, room.position(), wanted, 0, room.position());
                }
            }
        } catch (ClosedChannelException e) {
            throw new IllegalStateException("the script has hung up already", e);
        } catch (IOException e) {
            ended(e);
        }
        said(CLIENT, bytes, room.position());
        return Arrays.copyOf(bytes, room.position());
    }

    // ---- The end

    /**
     * Says that no more will come, and goes on reading.
     *
     * @throws IllegalStateException if the script has hung up before
     */
    public ScriptedConnection halfClose() {
        flush();
        try {
            channel.shutdownOutput();
        } catch (ClosedChannelException e) {
            throw new IllegalStateException("the script has hung up already", e);
        } catch (IOException e) {
            ended(e);
        }
        spoken.happened("the peer has closed its half");
        return this;
    }

    /** Hangs up. If bytes of the client are unread, the kernel may make a reset of it. */
    public void hangUp() {
        flush();
        close();
    }

    /**
     * Hangs up with a reset (RST), which overtakes what the client has not read yet.
     *
     * @throws UnsupportedOperationException on a Unix socket, which knows no resets
     */
    public void reset() {
        flush();
        try {
            if (!isTcp()) {
                throw new UnsupportedOperationException("a Unix socket knows no resets");
            }
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        close();
    }

    /** Hangs up, without what a coalescing delivery has kept back. */
    @Override
    public void close() {
        try {
            channel.close();
            // A channel that is registered is let go by its selector.
            selector.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- Waiting and telling

    private boolean ready(int operation, long deadline) throws IOException {
        key.interestOps(operation);
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (left > 0) {
            selector.select(left);
            selector.selectedKeys().clear();
        }
        return left > 0;
    }

    private void pause(Duration pause) {
        long deadline = deadline(pause);
        try {
            while (System.nanoTime() - deadline < 0 && ready(0, deadline)) {
                // Nothing is of interest: the time passes.
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long deadline(Duration wait) {
        return System.nanoTime() + wait.toNanos();
    }

    private void ended(IOException cause) {
        ended = true;
        spoken.happened("the client has hung up: " + cause.getMessage());
    }

    private void said(String speaker, byte[] bytes, int length) {
        if (length > 0) {
            spoken.said(speaker, bytes, length);
        }
    }

    private String shortOf(int came, int expected) {
        return " (" + came + " of " + expected + " bytes"
                + (ended ? ", then the client hung up)" : " within " + patience.toMillis() + " ms)");
    }

    private AssertionError failure(String what) {
        return new AssertionError(what + "\nall that was said:\n" + spoken);
    }

    /** Returns all that was said, a line for each turn. */
    @Override
    public String toString() {
        return spoken.toString();
    }
}
