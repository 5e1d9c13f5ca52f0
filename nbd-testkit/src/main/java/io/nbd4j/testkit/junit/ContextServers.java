package io.nbd4j.testkit.junit;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.opentest4j.TestAbortedException;

/**
 * The servers of one test, or of one class. JUnit closes it with the store of the context, when nothing of the test can
 * fail any more but what others have put there before.
 */
final class ContextServers implements AutoCloseable {
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(ContextServers.class);

    private final ExtensionContext context;
    private final List<Entry> entries = new CopyOnWriteArrayList<>(); // Tests in parallel read those of their class.

    private ContextServers(ExtensionContext context) {
        this.context = context;
    }

    /** Returns those of this very context, not of one around it. */
    static ContextServers of(ExtensionContext context) {
        // A context is the business of one thread.
        return find(context).orElseGet(() -> {
            ContextServers servers = new ContextServers(context);
            context.getStore(NAMESPACE).put(context.getUniqueId(), servers);
            return servers;
        });
    }

    private static Optional<ContextServers> find(ExtensionContext context) {
        return Optional.ofNullable(context.getStore(NAMESPACE).get(context.getUniqueId(), ContextServers.class));
    }

    /** Starts a server, and keeps it until the end. */
    Object start(String element, Starter starter) throws Exception {
        RunningServer started = starter.start();
        entries.add(new Entry(element, started));
        return started.server();
    }

    @Override
    public void close() throws IOException {
        closeServers();
        Optional<Throwable> failure = context.getExecutionException();
        if (failure.isEmpty()) {
            complain();
        } else if (!(failure.get() instanceof TestAbortedException)) {
            evidence().forEach((element, text) -> {
                context.publishReportEntry(element, text);
                failure.get().addSuppressed(new ServerEvidence(element + ":\n" + text));
            });
        }
    }

    private void closeServers() throws IOException {
        List<Entry> reversed = new ArrayList<>(entries);
        Collections.reverse(reversed);
        IOException first = null;
        for (Entry entry : reversed) {
            try {
                entry.server.close();
            } catch (IOException | RuntimeException e) {
                if (first == null) {
                    first = new IOException(entry.element + " cannot be closed: " + e.getMessage(), e);
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }

    private void complain() {
        for (Entry entry : entries) {
            List<String> complaints = entry.server.complaints();
            if (!complaints.isEmpty()) {
                String text = entry.server.evidence();
                context.publishReportEntry(entry.element, text);
                AssertionError error = new AssertionError(entry.element + ": " + String.join("; ", complaints));
                error.addSuppressed(new ServerEvidence(entry.element + ":\n" + text));
                throw error;
            }
        }
    }

    /** What the servers of this context and of those around it have to show. */
    private Map<String, String> evidence() {
        Map<String, String> evidence = new LinkedHashMap<>();
        Optional<ExtensionContext> around = Optional.of(context);
        while (around.isPresent()) {
            find(around.get())
                    .ifPresent(servers -> servers.entries.stream()
                            .filter(entry -> !entry.server.evidence().isBlank())
                            .forEach(entry -> evidence.put(entry.element, entry.server.evidence())));
            around = around.get().getParent();
        }
        return evidence;
    }

    /** Starts a server. */
    @FunctionalInterface
    interface Starter {
        RunningServer start() throws Exception;
    }

    private record Entry(String element, RunningServer server) {}
}
