package io.nbd4j.client.internal.tls.psk;

import io.nbd4j.client.TlsSession;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Vector;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.AlertLevel;
import org.bouncycastle.tls.BasicTlsPSKExternal;
import org.bouncycastle.tls.BasicTlsPSKIdentity;
import org.bouncycastle.tls.NameType;
import org.bouncycastle.tls.PRFAlgorithm;
import org.bouncycastle.tls.PSKTlsClient;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.SecurityParameters;
import org.bouncycastle.tls.ServerName;
import org.bouncycastle.tls.TlsAuthentication;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.TlsUtils;
import org.bouncycastle.tls.crypto.TlsCrypto;
import org.jspecify.annotations.Nullable;

/** What the client offers: TLS 1.3 and 1.2, one pre-shared key, and suites whose past stays secret should the key get known. */
@SuppressWarnings("JdkObsolete") // the library's interface is made of Vector
final class PskClient extends PSKTlsClient {
    private final byte[] identity;
    private final byte[] key;
    private final @Nullable String hostname;
    private boolean up;
    private boolean askedToRenegotiate;

    PskClient(TlsCrypto crypto, String identity, byte[] key, @Nullable String hostname) {
        super(crypto, new BasicTlsPSKIdentity(identity.getBytes(StandardCharsets.UTF_8), key));
        this.identity = identity.getBytes(StandardCharsets.UTF_8);
        this.key = key;
        this.hostname = hostname;
    }

    @Override
    protected ProtocolVersion[] getSupportedVersions() {
        return ProtocolVersion.TLSv13.downTo(ProtocolVersion.TLSv12);
    }

    @Override
    protected int[] getSupportedCipherSuites() {
        return TlsUtils.getSupportedCipherSuites(getCrypto(), PskSuite.codes());
    }

    /** The key for TLS 1.3; the one of the superclass is for TLS 1.2. */
    @Override
    public Vector<?> getExternalPSKs() {
        return TlsUtils.vectorOfOne(
                new BasicTlsPSKExternal(identity, getCrypto().createSecret(key), PRFAlgorithm.tls13_hkdf_sha256));
    }

    @Override
    protected @Nullable Vector<?> getSNIServerNames() {
        if (hostname == null || NetUtil.isValidIpV4Address(hostname) || NetUtil.isValidIpV6Address(hostname)) {
            return null;
        }
        byte[] name = hostname.getBytes(StandardCharsets.US_ASCII);
        return TlsUtils.vectorOfOne(new ServerName(NameType.host_name, name));
    }

    @Override
    public void notifyHandshakeComplete() throws IOException {
        super.notifyHandshakeComplete();
        up = true;
    }

    /** The library answers each wish of the server for another handshake by this warning. */
    @Override
    public void notifyAlertRaised(short level, short description, @Nullable String message, @Nullable Throwable cause) {
        super.notifyAlertRaised(level, description, message, cause);
        if (level == AlertLevel.warning && description == AlertDescription.no_renegotiation) {
            askedToRenegotiate = true;
        }
    }

    /** Returns whether the server has asked for another handshake, as it can in TLS 1.2. */
    boolean isAskedToRenegotiate() {
        return askedToRenegotiate;
    }

    /** Returns whether the handshake is over, and was successful. */
    boolean isUp() {
        return up;
    }

    /** Returns what was agreed on, once it is up. */
    TlsSession session() {
        SecurityParameters agreed = context.getSecurityParametersConnection();
        boolean newest = ProtocolVersion.TLSv13.equals(agreed.getNegotiatedVersion());
        return new TlsSession("bouncycastle", newest ? "TLSv1.3" : "TLSv1.2", PskSuite.nameOf(agreed.getCipherSuite()));
    }

    /** A server that would rather show a certificate does not know the key: in TLS 1.3 it may try. */
    @Override
    public TlsAuthentication getAuthentication() throws IOException {
        throw new TlsFatalAlert(AlertDescription.handshake_failure, "the server has not accepted the key");
    }
}
