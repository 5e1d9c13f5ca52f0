package io.nbd4j.client;

import io.nbd4j.codec.ProtocolLimits;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What to connect to. Immutable. */
public sealed interface NbdTarget permits NbdTarget.Command, NbdTarget.Unix, NbdTarget.Tcp, NbdTarget.Uri {

    /** Returns a server to be started as a child process, see {@link Command}. */
    static Command command(List<String> argv) {
        return new Command(argv, Map.of(), null, StderrPolicy.CAPTURE, SubprocessTransport.AUTO);
    }

    /** Returns a server to be started as a child process, see {@link Command}. */
    static Command command(String... argv) {
        return command(List.of(argv));
    }

    /** Returns a server that listens on a Unix socket. A path that starts with NUL is an abstract socket. */
    static Unix unix(String path) {
        return new Unix(path);
    }

    /** Returns a server that listens on a Unix socket. */
    static Unix unix(Path path) {
        return new Unix(path.toString());
    }

    /** Returns a server that listens on a TCP port, 1 to 65535. */
    static Tcp tcp(String host, int port) {
        return new Tcp(host, port);
    }

    /** Returns a server that listens on the TCP port of NBD, 10809. */
    static Tcp tcp(String host) {
        return new Tcp(host, ProtocolLimits.DEFAULT_PORT);
    }

    /** Returns the server and the export that a URI names. */
    static Uri uri(NbdUri uri) {
        return new Uri(uri);
    }

    /**
     * A server to be started as a child process, which speaks NBD on its standard input and output, such as
     * {@code nbdkit -s} or {@code nbd-server} with port 0.
     *
     * @param argv the command and its arguments. There is no shell; the command is looked up on the PATH. An empty list
     *     or an empty command is refused when it is used
     * @param environment added to this process's own environment
     * @param directory the working directory of the child; null for this process's own
     * @param stderr what becomes of the child's standard error
     * @param transport how the child's standard input and output are wired up
     */
    record Command(
            List<String> argv,
            Map<String, String> environment,
            @Nullable Path directory,
            StderrPolicy stderr,
            SubprocessTransport transport)
            implements NbdTarget {
        /** Copies the collections. */
        public Command {
            argv = List.copyOf(argv);
            environment = Map.copyOf(environment);
            Objects.requireNonNull(stderr);
            Objects.requireNonNull(transport);
        }

        /** Returns a copy that adds a variable to the child's environment. */
        public Command withEnvironment(String name, String value) {
            Map<String, String> added = new HashMap<>(environment);
            added.put(name, value);
            return new Command(argv, added, directory, stderr, transport);
        }

        /** Returns a copy whose child runs in {@code directory}. */
        public Command withDirectory(Path directory) {
            return new Command(argv, environment, Objects.requireNonNull(directory), stderr, transport);
        }

        /** Returns a copy with another policy for the child's standard error. */
        public Command withStderr(StderrPolicy policy) {
            return new Command(argv, environment, directory, policy, transport);
        }

        /** Returns a copy that insists on a transport, or leaves the choice ({@link SubprocessTransport#AUTO}). */
        public Command withTransport(SubprocessTransport transport) {
            return new Command(argv, environment, directory, stderr, transport);
        }

        @Override
        public String toString() {
            return "[ " + String.join(" ", argv) + " ]";
        }
    }

    /**
     * A server that listens on a Unix socket.
     *
     * @param path of the socket; one that starts with NUL is abstract (Linux)
     */
    record Unix(String path) implements NbdTarget {
        /** Refuses null. */
        public Unix {
            Objects.requireNonNull(path);
        }

        @Override
        public String toString() {
            return "unix:" + path.replace('\0', '@');
        }
    }

    /**
     * A server that listens on a TCP port. A host name is resolved off the event loop and every address is tried.
     *
     * @param host a name or a literal address, IPv6 without brackets
     * @param port 1 to 65535; another is refused when it is used
     */
    record Tcp(String host, int port) implements NbdTarget {
        /** Refuses null. */
        public Tcp {
            Objects.requireNonNull(host);
        }

        @Override
        public String toString() {
            return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
        }
    }

    /**
     * The server and the export that a URI names. The name of the export in the URI replaces the one of the builder.
     *
     * @param uri parsed already
     */
    record Uri(NbdUri uri) implements NbdTarget {
        /** Refuses null. */
        public Uri {
            Objects.requireNonNull(uri);
        }

        @Override
        public String toString() {
            return uri.toString();
        }
    }
}
