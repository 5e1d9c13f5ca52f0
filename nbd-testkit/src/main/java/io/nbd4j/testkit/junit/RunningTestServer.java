package io.nbd4j.testkit.junit;

import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.testkit.Export;
import io.nbd4j.testkit.HandshakeStyle;
import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.PatternExport;
import io.nbd4j.testkit.ReadOnlyExport;
import io.nbd4j.testkit.TestServer;
import io.nbd4j.testkit.TlsMode;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.platform.commons.support.ReflectionSupport;

/** The server that an {@link NbdServer} asks for. */
final class RunningTestServer implements RunningServer {
    private final TestServer server;
    private final Object configurer;
    private final boolean allowUnusedFaults;

    private RunningTestServer(TestServer server, Object configurer, boolean allowUnusedFaults) {
        this.server = server;
        this.configurer = configurer;
        this.allowUnusedFaults = allowUnusedFaults;
    }

    /** @throws RuntimeException if the settings contradict each other; the message is one line */
    static RunningTestServer start(NbdServer settings) throws Exception {
        TestServer.Builder builder = protocol(settings);
        if (settings.configuredBy() == NbdServerConfigurer.class) {
            builder.export(settings.exportName(), export(settings));
            return start(settings, builder, builder);
        }
        requireNoExport(settings);
        NbdServerConfigurer configurer = newConfigurer(settings.configuredBy());
        try {
            configurer.configure(builder);
            return start(settings, builder, configurer);
        } catch (Exception e) {
            closeIfCloseable(configurer);
            throw e;
        }
    }

    private static RunningTestServer start(NbdServer settings, TestServer.Builder builder, Object configurer) {
        if (settings.faults().length > 0) {
            builder.faults(settings.faults());
        }
        return new RunningTestServer(builder.start(), configurer, settings.allowUnusedFaults());
    }

    private static TestServer.Builder protocol(NbdServer settings) {
        TestServer.Builder builder = TestServer.builder()
                .recordTranscript()
                .handshake(settings.handshake())
                .structuredReplies(settings.structuredReplies())
                .extendedHeaders(settings.extendedHeaders())
                .sizes(new SizeConstraints(
                        settings.minimumBlock(), settings.preferredBlock(), settings.maximumPayload()));
        if (settings.tls() != TlsMode.OFF) {
            builder.tls(settings.tls(), Certificates.ofServer());
        }
        if (settings.transport() == NbdServer.Transport.UNIX) {
            builder.unixSocket();
        }
        return builder;
    }

    private static Export export(NbdServer settings) {
        if (settings.handshake() == HandshakeStyle.OLDSTYLE
                && !settings.exportName().isEmpty()) {
            throw new IllegalArgumentException("an oldstyle server has no names of exports");
        }
        Export export = switch (settings.content()) {
            case MEMORY -> MemoryExport.ofSize(settings.size());
            case PATTERN -> PatternExport.ofSize(settings.size());
        };
        return settings.readOnly() ? new ReadOnlyExport(export) : export;
    }

    private static void requireNoExport(NbdServer settings) {
        if (!settings.exportName().isEmpty()
                || settings.size() != NbdServer.DEFAULT_SIZE
                || settings.content() != NbdServer.Content.MEMORY
                || settings.readOnly()) {
            throw new IllegalArgumentException("exportName, size, content and readOnly say what "
                    + settings.configuredBy().getSimpleName() + " has to say");
        }
    }

    private static NbdServerConfigurer newConfigurer(Class<? extends NbdServerConfigurer> type) {
        if (Stream.of(type.getDeclaredConstructors()).noneMatch(constructor -> constructor.getParameterCount() == 0)) {
            throw new IllegalArgumentException(type.getSimpleName() + " has no constructor without parameters");
        }
        return ReflectionSupport.newInstance(type);
    }

    @Override
    public Object server() {
        return server;
    }

    @Override
    public String evidence() {
        String transcript = server.transcript().toString();
        StringBuilder text = new StringBuilder(transcript.isEmpty() ? "no client has come\n" : transcript);
        server.faults()
                .unusedRules()
                .forEach(rule -> text.append("has done nothing: ").append(rule).append('\n'));
        return text.toString();
    }

    @Override
    public List<String> complaints() {
        if (allowUnusedFaults) {
            return List.of();
        }
        return server.faults().unusedRules().stream()
                .map(rule -> "the rule '" + rule + "' has done nothing")
                .toList();
    }

    @Override
    public void close() throws IOException {
        try {
            server.close();
        } finally {
            closeIfCloseable(configurer);
        }
    }

    private static void closeIfCloseable(Object configurer) throws IOException {
        if (configurer instanceof Closeable closeable) {
            closeable.close();
        }
    }
}
