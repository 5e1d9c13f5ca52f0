package io.nbd4j.client;

import io.nbd4j.codec.ProtocolLimits;
import io.netty.channel.Channel;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What to connect to. Immutable. */
public sealed interface NbdTarget
        permits NbdTarget.Command,
                NbdTarget.SocketActivation,
                NbdTarget.Unix,
                NbdTarget.Tcp,
                NbdTarget.Vsock,
                NbdTarget.Address,
                NbdTarget.Uri,
                NbdTarget.Adopted {

    /** Returns a server to be started as a child process, see {@link Command}. */
    static Command command(List<String> argv) {
        return new Command(argv, Map.of(), null, StderrPolicy.CAPTURE, SubprocessTransport.AUTO);
    }

    /** Returns a server to be started as a child process, see {@link Command}. */
    static Command command(String... argv) {
        return command(List.of(argv));
    }

    /** Returns a server to be started as a child process that is given a listening socket, see {@link SocketActivation}. */
    static SocketActivation socketActivation(List<String> argv) {
        return new SocketActivation(argv, Map.of(), null, StderrPolicy.CAPTURE, "");
    }

    /** Returns a server to be started as a child process that is given a listening socket, see {@link SocketActivation}. */
    static SocketActivation socketActivation(String... argv) {
        return socketActivation(List.of(argv));
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

    /** Returns a server that listens on a port of vsock, see {@link Vsock}. */
    static Vsock vsock(long cid, long port) {
        return new Vsock(cid, port);
    }

    /** Returns a server that listens on a socket of some kind, see {@link Address}. */
    static Address address(SocketAddress address) {
        return new Address(address);
    }

    /** Returns an open channel to a server, see {@link Adopted}. */
    static Adopted adopted(Channel channel) {
        return new Adopted(channel);
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
     * A server to be started as a child process, which is given a socket to accept connections on, as systemd's socket
     * activation does it: descriptor 3, and the variables LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES. {@code qemu-nbd} and
     * {@code nbdkit} can do it, {@code nbd-server} can't.
     *
     * <p>The socket is a Unix socket in a temporary directory that nobody else can enter, where {@link NbdClient#uri} leads as
     * long as the server runs, so other handles may connect to the same server. Closing the handle sends the server SIGTERM
     * once the connection has ended, and the directory is removed when the server has ended; at the exit of the JVM too,
     * unless that is killed.
     *
     * <p>It needs Linux, JDK 22 or newer, native epoll, and glibc 2.34 or newer; elsewhere it fails with a
     * {@link SubprocessException} that says so. There, start the server on a Unix socket of its own ({@code nbdkit -U
     * PATH}, {@code qemu-nbd -k PATH}) and connect to that.
     *
     * @param argv the command and its arguments. There is no shell; the command is looked up on the PATH. The command
     *     itself sees the path of its file as argv[0]. An empty list or an empty command is refused when it is used
     * @param environment added to this process's own environment; its LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES and
     *     LISTEN_PIDFDID are never handed on
     * @param directory the working directory of the child; null for this process's own
     * @param stderr what becomes of the child's standard error; its standard input and output are those of this process
     * @param name what LISTEN_FDNAMES says, 1 to 32 ASCII letters and digits; empty for {@code unknown}. Another one is refused
     *     when it is used
     */
    record SocketActivation(
            List<String> argv,
            Map<String, String> environment,
            @Nullable Path directory,
            StderrPolicy stderr,
            String name)
            implements NbdTarget {
        /** Copies the collections. */
        public SocketActivation {
            argv = List.copyOf(argv);
            environment = Map.copyOf(environment);
            Objects.requireNonNull(stderr);
            Objects.requireNonNull(name);
        }

        /** Returns a copy that adds a variable to the child's environment. */
        public SocketActivation withEnvironment(String variable, String value) {
            Map<String, String> added = new HashMap<>(environment);
            added.put(variable, value);
            return new SocketActivation(argv, added, directory, stderr, name);
        }

        /** Returns a copy whose child runs in {@code directory}. */
        public SocketActivation withDirectory(Path directory) {
            return new SocketActivation(argv, environment, Objects.requireNonNull(directory), stderr, name);
        }

        /** Returns a copy with another policy for the child's standard error. */
        public SocketActivation withStderr(StderrPolicy policy) {
            return new SocketActivation(argv, environment, directory, policy, name);
        }

        /** Returns a copy whose child is told this name of the socket. */
        public SocketActivation withName(String name) {
            return new SocketActivation(argv, environment, directory, stderr, name);
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
     * A server that listens on a port of vsock, on the other side of the border between a virtual machine and its host. It
     * needs Linux with native epoll, and a kernel that has vsock; elsewhere it fails with a {@link ConnectFailedException}.
     *
     * @param cid the context identifier, 0 to 4294967294: 2 is the host, 1 is this machine itself
     * @param port 1 to 4294967294; servers use 10809. Another cid or port is refused when it is used
     */
    record Vsock(long cid, long port) implements NbdTarget {
        @Override
        public String toString() {
            return "vsock:" + cid + ":" + port;
        }
    }

    /**
     * A server that listens on a socket of some kind.
     *
     * @param address of TCP ({@link java.net.InetSocketAddress}; a name that is not resolved is resolved when it is used,
     *     and of one that is, exactly that address counts, also for TLS), of a Unix socket ({@link
     *     java.net.UnixDomainSocketAddress} or Netty's {@code DomainSocketAddress}), or of vsock (Netty's {@code
     *     VSockAddress}). Another one is refused when it is used
     */
    record Address(SocketAddress address) implements NbdTarget {
        /** Refuses null. */
        public Address {
            Objects.requireNonNull(address);
        }

        @Override
        public String toString() {
            return address.toString();
        }
    }

    /**
     * A channel that is connected to a server which has not been spoken to. Any transport of Netty will do, also one inside of
     * this JVM; its event loop becomes that of the connection, in place of the client's.
     *
     * <p>Connecting takes the channel over: it is closed with the handle, and also if the attempt is refused or fails, unless
     * another handle has it already. It must be registered and active. What it reads before that, its pipeline loses:
     * connect it with {@link io.netty.channel.ChannelOption#AUTO_READ} switched off, which connecting switches on. Handlers
     * that are in its pipeline stay in front of those that are added. Bytes are copied once more than over the transports
     * of the library.
     *
     * @param channel carries {@link io.netty.buffer.ByteBuf}s both ways
     */
    record Adopted(Channel channel) implements NbdTarget {
        /** Refuses null. */
        public Adopted {
            Objects.requireNonNull(channel);
        }

        @Override
        public String toString() {
            return channel.toString();
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
