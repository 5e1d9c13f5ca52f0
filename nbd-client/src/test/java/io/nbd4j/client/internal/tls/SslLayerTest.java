package io.nbd4j.client.internal.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nbd4j.client.TlsVerification;
import io.nbd4j.testkit.TestCertificates;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Against a server of the JDK on an embedded channel. */
class SslLayerTest {
    private static final TestCertificates CERTIFICATES = TestCertificates.create();

    private final EmbeddedChannel client = new EmbeddedChannel();
    private final EmbeddedChannel server = new EmbeddedChannel();
    private final List<Throwable> failures = new ArrayList<>();
    private @Nullable SslLayer layer;
    private @Nullable SslHandler serverHandler;

    @AfterEach
    void tearDown() {
        client.finishAndReleaseAll();
        server.finishAndReleaseAll();
        if (layer != null) {
            layer.release();
        }
    }

    private static void assumeThere(SslProvider provider) {
        assumeTrue(provider == SslProvider.JDK || OpenSsl.isAvailable(), "no netty-tcnative");
    }

    /** Starts TLS on both sides, and lets the handshake go as far as it goes. */
    private Future<Channel> handshake(
            SslProvider provider,
            @Nullable String hostname,
            TlsVerification verification,
            String protocol,
            String... names)
            throws SSLException {
        assumeThere(provider);
        SslContext context = SslContextBuilder.forClient()
                .sslProvider(provider == SslProvider.OPENSSL ? SslProvider.OPENSSL_REFCNT : provider)
                .trustManager(CERTIFICATES.authority())
                .protocols(protocol)
                .build();
        SslHandler handler = new SslHandler(
                CERTIFICATES.serverContext(CERTIFICATES.server(names)).newEngine(UnpooledByteBufAllocator.DEFAULT));
        serverHandler = handler;
        server.pipeline().addLast(handler);
        SslLayer made = SslLayer.owning(context, hostname, verification, Runnable::run);
        layer = made;
        Future<Channel> up = made.addTo(client.pipeline());
        client.pipeline().addLast(new ChannelInboundHandlerAdapter() {
            @Override
            @SuppressWarnings("deprecation") // the replacement in ChannelHandler is the one that is deprecated
            public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                failures.add(cause);
            }
        });
        Wire.carry(client, server);
        return up;
    }

    private SslHandler serverHandler() {
        return Objects.requireNonNull(serverHandler);
    }

    private List<String> namesTold() {
        return ((ExtendedSSLSession) serverHandler().engine().getSession())
                .getRequestedServerNames().stream()
                        .map(SNIServerName::getEncoded)
                        .map(name -> new String(name, StandardCharsets.US_ASCII))
                        .toList();
    }

    private void say(EmbeddedChannel who, String text) {
        who.writeAndFlush(Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII));
        Wire.carry(client, server);
    }

    private static String heard(EmbeddedChannel who) {
        StringBuilder text = new StringBuilder();
        for (ByteBuf bytes = who.readInbound(); bytes != null; bytes = who.readInbound()) {
            text.append(bytes.toString(StandardCharsets.US_ASCII));
            bytes.release();
        }
        return text.toString();
    }

    @ParameterizedTest
    @CsvSource({"JDK,TLSv1.2", "JDK,TLSv1.3", "OPENSSL,TLSv1.2", "OPENSSL,TLSv1.3"})
    void theNameIsVerifiedAndTold(SslProvider provider, String protocol) throws SSLException {
        // When
        Future<Channel> up =
                handshake(provider, "disk.example", TlsVerification.CHAIN_AND_NAME, protocol, "disk.example");

        // Then
        assertThat(up.isSuccess()).as("%s", up.cause()).isTrue();
        assertThat(namesTold()).containsExactly("disk.example");
        say(client, "hello");
        assertThat(heard(server)).isEqualTo("hello");
        say(server, "good morning");
        assertThat(heard(client)).isEqualTo("good morning");
        assertThat(TlsEnd.isIn(client)).isTrue();
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "OPENSSL"})
    void aNameWithoutADotIsToldToo(SslProvider provider) throws SSLException {
        assertThat(handshake(provider, "disk", TlsVerification.CHAIN_AND_NAME, "TLSv1.3", "disk")
                        .isSuccess())
                .isTrue();
        assertThat(namesTold()).containsExactly("disk");
    }

    @ParameterizedTest
    @CsvSource({"JDK,192.0.2.1", "JDK,2001:db8::1", "OPENSSL,192.0.2.1", "OPENSSL,2001:db8::1"})
    void anAddressIsVerifiedAndNotTold(SslProvider provider, String address) throws SSLException {
        Future<Channel> up = handshake(provider, address, TlsVerification.CHAIN_AND_NAME, "TLSv1.3", address);
        assertThat(up.isSuccess()).as("%s", up.cause()).isTrue();
        assertThat(namesTold()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "JDK,192.0.2.1,192.0.2.2",
        "JDK,2001:db8::1,2001:db8::2",
        "JDK,192.0.2.1,disk.example",
        "JDK,disk.example,other.example",
        "OPENSSL,192.0.2.1,192.0.2.2",
        "OPENSSL,2001:db8::1,2001:db8::2",
        "OPENSSL,192.0.2.1,disk.example",
        "OPENSSL,disk.example,other.example"
    })
    void anotherNameIsRefused(SslProvider provider, String expected, String actual) throws SSLException {
        // When
        Future<Channel> up = handshake(provider, expected, TlsVerification.CHAIN_AND_NAME, "TLSv1.3", actual);

        // Then
        assertThat(TlsErrors.reason(up.cause())).contains(expected);
        assertThat(client.isOpen()).isFalse();
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "OPENSSL"})
    void theNameIsToldAlsoIfItIsNotVerified(SslProvider provider) throws SSLException {
        assertThat(handshake(provider, "disk.example", TlsVerification.CHAIN, "TLSv1.3", "other.example")
                        .isSuccess())
                .isTrue();
        assertThat(namesTold()).containsExactly("disk.example");
    }

    @Test
    void withoutANameItCantBeVerified() throws SSLException {
        SslContext context = SslContextBuilder.forClient().build();
        assertThatThrownBy(() -> SslLayer.of(context, null, TlsVerification.CHAIN_AND_NAME, Runnable::run))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "OPENSSL"})
    void aServerCantRenegotiate(SslProvider provider) throws SSLException {
        // Given
        assertThat(handshake(provider, "disk.example", TlsVerification.CHAIN_AND_NAME, "TLSv1.2", "disk.example")
                        .isSuccess())
                .isTrue();
        say(server, "first");
        assertThat(heard(client)).isEqualTo("first");

        // When
        Future<Channel> again = serverHandler().renegotiate();
        Wire.carry(client, server);

        // Then
        assertThat(again.isSuccess()).isFalse();
        if (provider == SslProvider.JDK) {
            assertThat(failures).anyMatch(failure -> TlsErrors.find(failure) != null);
            assertThat(client.isOpen()).isFalse();
        } else {
            // It tells the server, which is at its end then.
            assertThat(again.cause()).hasMessageContaining("no_renegotiation");
            assertThat(serverHandler().engine().isOutboundDone()).isTrue();
        }
    }

    @ParameterizedTest
    @CsvSource({"JDK,TLSv1.2", "JDK,TLSv1.3", "OPENSSL,TLSv1.2", "OPENSSL,TLSv1.3"})
    void theServersLastWordEndsTheChannel(SslProvider provider, String protocol) throws SSLException {
        // Given
        handshake(provider, "disk.example", TlsVerification.CHAIN_AND_NAME, protocol, "disk.example");
        say(server, "last");

        // When
        serverHandler().closeOutbound();
        Wire.carry(client, server);

        // Then
        assertThat(heard(client)).isEqualTo("last");
        assertThat(client.isOpen()).isFalse();
        assertThat(failures).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "OPENSSL"})
    void anEndWithoutItIsReported(SslProvider provider) throws SSLException {
        // Given
        handshake(provider, "disk.example", TlsVerification.CHAIN_AND_NAME, "TLSv1.3", "disk.example");
        say(server, "to be continued");

        // When: the end of the transport, which is no close of the client's
        client.pipeline().fireChannelInactive();

        // Then
        assertThat(failures).singleElement().isInstanceOf(IOException.class);
        assertThat(failures.get(0)).hasMessageContaining("close_notify");
        heard(client);
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "OPENSSL"})
    void behindTheClientsLastWordTheServerMayJustHangUp(SslProvider provider) throws SSLException {
        // Given
        handshake(provider, "disk.example", TlsVerification.CHAIN_AND_NAME, "TLSv1.3", "disk.example");
        say(server, "all");

        // When
        Future<?> said = Objects.requireNonNull(TlsEnd.say(client));
        Wire.carry(client, server);

        // Then
        assertThat(said.isSuccess()).isTrue();
        assertThat(serverHandler().engine().isInboundDone()).isTrue();
        client.pipeline().fireChannelInactive();
        assertThat(failures).isEmpty();
        heard(client);
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "OPENSSL"})
    void theServerHearsWhatIsWrong(SslProvider provider) throws SSLException {
        // When
        handshake(provider, "disk.example", TlsVerification.CHAIN_AND_NAME, "TLSv1.2", "other.example");

        // Then
        assertThat(serverHandler().handshakeFuture().cause())
                .isInstanceOf(SSLException.class)
                .hasMessageContaining("fatal alert");
    }
}
