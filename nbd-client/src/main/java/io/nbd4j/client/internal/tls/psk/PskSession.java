package io.nbd4j.client.internal.tls.psk;

import java.io.IOException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.TlsClientProtocol;
import org.bouncycastle.tls.TlsFatalAlertReceived;

/**
 * One TLS session as arrays of bytes. Used by one thread at a time.
 *
 * <p>After a failure there may be output still: the alert for the server.
 */
final class PskSession {
    private final TlsClientProtocol protocol = new TlsClientProtocol();
    private final PskClient client;

    PskSession(PskClient client) {
        this.client = client;
    }

    /** Says hello. */
    void begin() throws SSLException {
        try {
            protocol.connect(client);
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /**
     * Takes bytes from the server, of any number of records and parts of records.
     *
     * @param bytes belongs to the session from now on
     */
    void offer(byte[] bytes) throws SSLException {
        try {
            protocol.offerInput(bytes);
        } catch (IOException e) {
            throw failure(e);
        }
        if (client.isAskedToRenegotiate()) {
            // A server that asks without end and does not read would have the answers fill the memory.
            throw new SSLException("the server wants to renegotiate");
        }
    }

    /** Returns whether the handshake is over, and was successful. */
    boolean isUp() {
        return client.isUp();
    }

    /** Returns whether one of the two has said that it ends, and the other was answered. */
    boolean isOver() {
        return protocol.isClosed();
    }

    /** Returns the number of bytes that the server has said. */
    int decrypted() {
        return protocol.getAvailableInputBytes();
    }

    void readDecrypted(byte[] into, int offset, int length) {
        protocol.readInput(into, offset, length);
    }

    /** Says bytes under TLS. */
    void encrypt(byte[] bytes, int offset, int length) throws SSLException {
        try {
            protocol.writeApplicationData(bytes, offset, length);
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /** Returns how many bytes are to be sent. */
    int output() {
        return protocol.getAvailableOutputBytes();
    }

    void readOutput(byte[] into, int offset, int length) {
        protocol.readOutput(into, offset, length);
    }

    /** Says that the client ends (close_notify). */
    void end() throws SSLException {
        try {
            protocol.close();
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /** Says it in words that a person understands, and as the JDK's engine would put it. */
    private SSLException failure(IOException cause) {
        String what = cause instanceof TlsFatalAlertReceived alert
                ? "received fatal alert: " + AlertDescription.getName(alert.getAlertDescription())
                : String.valueOf(cause.getMessage());
        SSLException failure = isUp() ? new SSLException(what, cause) : new SSLHandshakeException(what);
        if (failure.getCause() == null) {
            failure.initCause(cause);
        }
        return failure;
    }
}
