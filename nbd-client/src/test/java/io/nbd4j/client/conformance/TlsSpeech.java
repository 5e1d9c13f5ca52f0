package io.nbd4j.client.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.testkit.ScriptedConnection;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/**
 * The server's side of TLS, driven by the script: a record is read, or written, when the script says so. It uses the JDK's
 * engine and nothing of Netty.
 */
final class TlsSpeech implements Speech {
    private static final int RECORD_HEADER = 5;

    private final ScriptedConnection connection;
    private final SSLEngine engine;
    private final ByteArrayOutputStream decrypted = new ByteArrayOutputStream();
    private boolean recordForEachByte;

    TlsSpeech(ScriptedConnection connection, SSLEngine engine) {
        this.connection = connection;
        this.engine = engine;
    }

    /**
     * Goes through the handshake.
     *
     * @throws SSLException if the client breaks it off, or is refused, of which it is told
     */
    void handshake() throws SSLException {
        try {
            engine.beginHandshake();
            while (step()) {
                // Each step is one record, or one task.
            }
        } catch (SSLException e) {
            sayGoodbye();
            throw e;
        }
    }

    private boolean step() throws SSLException {
        HandshakeStatus status = engine.getHandshakeStatus();
        switch (status) {
            case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> receiveRecord();
            case NEED_WRAP -> sendRecord(new byte[0]);
            case NEED_TASK -> {
                for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
                    task.run();
                }
            }
            case FINISHED, NOT_HANDSHAKING -> {
                connection.flush();
                return false;
            }
        }
        return true;
    }

    /** From now on, each byte that is sent is a TLS record of its own. */
    void sendARecordForEachByte() {
        recordForEachByte = true;
    }

    private void receiveRecord() throws SSLException {
        byte[] header = readRaw(RECORD_HEADER);
        byte[] body = readRaw(Short.toUnsignedInt(ByteBuffer.wrap(header).getShort(3)));
        ByteBuffer in = ByteBuffer.allocate(header.length + body.length)
                .put(header)
                .put(body)
                .flip();
        ByteBuffer out = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize());
        SSLEngineResult result = engine.unwrap(in, out);
        assertThat(in.hasRemaining()).as("%s", result).isFalse();
        decrypted.write(out.array(), 0, out.position());
    }

    /** A client that hangs up ends TLS, too. Its alert may get lost on a transport that writes later. */
    private byte[] readRaw(int length) throws SSLException {
        try {
            return connection.read(length);
        } catch (AssertionError e) {
            if (connection.hasEnded()) {
                throw new SSLException("the client has hung up", e);
            }
            throw e;
        }
    }

    private void sendRecord(byte[] bytes) throws SSLException {
        ByteBuffer out = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        engine.wrap(ByteBuffer.wrap(bytes), out);
        connection.send(Arrays.copyOf(out.array(), out.position()));
    }

    /** Sends the alert that the engine has ready. */
    private void sayGoodbye() throws SSLException {
        engine.closeOutbound();
        while (!engine.isOutboundDone()) {
            sendRecord(new byte[0]);
        }
        connection.flush();
    }

    @Override
    public void send(byte[] bytes) {
        try {
            if (recordForEachByte) {
                for (byte value : bytes) {
                    sendRecord(new byte[] {value});
                }
            } else {
                sendRecord(bytes);
            }
        } catch (SSLException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void expect(byte[] bytes) {
        assertThat(read(bytes.length)).isEqualTo(bytes);
    }

    @Override
    public byte[] read(int length) {
        try {
            while (decrypted.size() < length) {
                receiveRecord();
            }
        } catch (SSLException e) {
            throw new AssertionError(e);
        }
        byte[] all = decrypted.toByteArray();
        decrypted.reset();
        decrypted.write(all, length, all.length - length);
        return Arrays.copyOf(all, length);
    }

    /** Expects that the client ends TLS (close_notify) before it hangs up, and says nothing else. */
    void expectEnd() {
        try {
            receiveRecord();
        } catch (SSLException e) {
            throw new AssertionError(e);
        }
        assertThat(decrypted.size()).isZero();
        assertThat(engine.isInboundDone()).isTrue();
        connection.expectEnd();
    }
}
