package io.nbd4j.client.internal.tls.psk;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Vector;
import org.bouncycastle.tls.BasicTlsPSKExternal;
import org.bouncycastle.tls.CipherSuite;
import org.bouncycastle.tls.PRFAlgorithm;
import org.bouncycastle.tls.PSKTlsServer;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.PskIdentity;
import org.bouncycastle.tls.TlsCredentials;
import org.bouncycastle.tls.TlsPSKExternal;
import org.bouncycastle.tls.TlsPSKIdentityManager;
import org.bouncycastle.tls.TlsServerProtocol;
import org.bouncycastle.tls.TlsUtils;
import org.bouncycastle.tls.crypto.TlsCrypto;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCryptoProvider;
import org.jspecify.annotations.Nullable;

/** A server that knows one key, and speaks one version of TLS. */
public final class PskServer {
    private static final TlsCrypto CRYPTO = new JcaTlsCryptoProvider().create(new SecureRandom());

    final Protocol protocol = new Protocol();
    private boolean failed;

    /** Creates a server that waits for the client. */
    public PskServer(ProtocolVersion version, String identity, byte[] key) throws IOException {
        protocol.accept(new Knowing(version, identity.getBytes(StandardCharsets.UTF_8), key));
    }

    /** Takes bytes from the client, releases them, and returns what it says to that. */
    public ByteBuf take(ByteBuf bytes) {
        byte[] copy = ByteBufUtil.getBytes(bytes);
        bytes.release();
        if (!failed && !protocol.isClosed()) {
            try {
                protocol.offerInput(copy);
            } catch (IOException e) {
                // The alert is in what it says.
                failed = true;
            }
        }
        return says();
    }

    /** Encrypts. */
    public ByteBuf say(byte[] bytes) throws IOException {
        protocol.writeApplicationData(bytes, 0, bytes.length);
        return says();
    }

    /** Asks the client to begin a new handshake, which only TLS 1.2 has. */
    ByteBuf askToRenegotiate() throws IOException {
        protocol.sendHelloRequestMessage();
        return says();
    }

    ByteBuf sayGoodbye() throws IOException {
        protocol.close();
        return says();
    }

    private ByteBuf says() {
        byte[] bytes = new byte[protocol.getAvailableOutputBytes()];
        protocol.readOutput(bytes, 0, bytes.length);
        return Unpooled.wrappedBuffer(bytes);
    }

    /** Returns what the client has said since the last call. */
    public byte[] heard() {
        byte[] bytes = new byte[protocol.getAvailableInputBytes()];
        protocol.readInput(bytes, 0, bytes.length);
        return bytes;
    }

    boolean hasFailed() {
        return failed;
    }

    /** Can say what the library's server never does. */
    static final class Protocol extends TlsServerProtocol {
        @Override
        protected void sendHelloRequestMessage() throws IOException {
            super.sendHelloRequestMessage();
        }
    }

    @SuppressWarnings({"JdkObsolete", "rawtypes"}) // the library's interface is made of Vector
    private static final class Knowing extends PSKTlsServer {
        private final ProtocolVersion version;
        private final byte[] identity;
        private final byte[] key;

        Knowing(ProtocolVersion version, byte[] identity, byte[] key) {
            super(CRYPTO, new OneKey(identity, key));
            this.version = version;
            this.identity = identity;
            this.key = key;
        }

        @Override
        protected ProtocolVersion[] getSupportedVersions() {
            return version.only();
        }

        @Override
        protected int[] getSupportedCipherSuites() {
            return new int[] {CipherSuite.TLS_AES_128_GCM_SHA256, CipherSuite.TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256};
        }

        @Override
        public @Nullable TlsPSKExternal getExternalPSK(Vector identities) {
            for (Object offered : identities) {
                if (Arrays.equals(((PskIdentity) offered).getIdentity(), identity)) {
                    return new BasicTlsPSKExternal(identity, CRYPTO.createSecret(key), PRFAlgorithm.tls13_hkdf_sha256);
                }
            }
            return null;
        }

        @Override
        public @Nullable TlsCredentials getCredentials() throws IOException {
            return TlsUtils.isTLSv13(context) ? null : super.getCredentials();
        }
    }

    private static final class OneKey implements TlsPSKIdentityManager {
        private final byte[] identity;
        private final byte[] key;

        OneKey(byte[] identity, byte[] key) {
            this.identity = identity;
            this.key = key;
        }

        @Override
        public byte @Nullable [] getHint() {
            return null;
        }

        @Override
        public byte @Nullable [] getPSK(byte[] asked) {
            return Arrays.equals(asked, identity) ? key.clone() : null;
        }
    }
}
