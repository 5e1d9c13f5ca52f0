package io.nbd4j.tools.serve;

import io.nbd4j.tools.ToolException;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Makes what the server needs for TLS. Apart from the options, which are looked at where nothing is served. */
final class TlsContext {
    private TlsContext() {}

    /**
     * Reads the files.
     *
     * @throws ToolException if one is missing, or not what it should be
     */
    static SslContext of(TlsOptions options) {
        try {
            SslContextBuilder builder = SslContextBuilder.forServer(
                            readable(options.certificate()), readable(options.key()))
                    .sslProvider(SslProvider.JDK)
                    .protocols("TLSv1.2", "TLSv1.3");
            @Nullable Path authority = options.clientAuthority();
            if (authority != null) {
                builder.trustManager(readable(authority)).clientAuth(ClientAuth.REQUIRE);
            }
            return builder.build();
        } catch (IllegalArgumentException | SSLException e) {
            throw new ToolException("the certificate or the key for TLS is of no use: " + e.getMessage(), e);
        }
    }

    private static File readable(Path file) {
        if (!Files.isReadable(file)) {
            throw new ToolException(file + ": " + (Files.exists(file) ? "permission denied" : "no such file"));
        }
        return file.toFile();
    }
}
