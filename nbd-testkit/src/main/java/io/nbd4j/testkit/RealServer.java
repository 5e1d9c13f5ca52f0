package io.nbd4j.testkit;

import io.nbd4j.testkit.internal.NbdUris;
import io.nbd4j.testkit.internal.ServerProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * An NBD server of somebody else (nbdkit, qemu-nbd, nbd-server), running for a test and listening already.
 *
 * <p>It lives in a temporary directory of its own and is ended by {@link #close()}, at the latest when the JVM ends.
 * What a factory method throws if the server does not come up quotes what the server wrote.
 */
public final class RealServer implements AutoCloseable {
    /** A port that was free a moment ago may be taken by the time the server wants it. */
    private static final int PORT_ATTEMPTS = 5;

    private static final int NO_PORT = -1;

    private final ServerProcess process;
    private final int port;

    private RealServer(ServerProcess process, int port) {
        this.process = process;
        this.port = port;
    }

    /**
     * Starts {@code nbdkit} on a Unix socket.
     *
     * @param arguments what follows {@code nbdkit -f -U SOCKET -P PIDFILE}, such as {@code "memory", "64M"}
     */
    public static RealServer nbdkit(String... arguments) {
        ServerProcess process = ServerProcess.create();
        List<String> argv = nbdkit(process, "-U", process.socket().toString());
        Collections.addAll(argv, arguments);
        process.startForeground(argv);
        return new RealServer(process, NO_PORT);
    }

    /**
     * Starts {@code nbdkit} on a TCP port of the loopback interface.
     *
     * @param arguments what follows {@code nbdkit -f -i 127.0.0.1 -p PORT -P PIDFILE}
     */
    public static RealServer nbdkitTcp(String... arguments) {
        return onFreePort(port -> {
            ServerProcess process = ServerProcess.create();
            List<String> argv = nbdkit(process, "-i", "127.0.0.1", "-p", String.valueOf(port));
            Collections.addAll(argv, arguments);
            process.startForeground(argv);
            return process;
        });
    }

    /**
     * Starts {@code qemu-nbd} on a Unix socket, for any number of clients.
     *
     * @param image the image to export
     * @param options what stands between {@code qemu-nbd -t -e 0 -k SOCKET --pid-file=PIDFILE} and the image, such as
     *     {@code "-f", "raw"}
     */
    public static RealServer qemuNbd(Path image, String... options) {
        ServerProcess process = ServerProcess.create();
        List<String> argv = new ArrayList<>(
                List.of("qemu-nbd", "-t", "-e", "0", "-k", process.socket().toString()));
        argv.add("--pid-file=" + process.pidFile());
        Collections.addAll(argv, options);
        argv.add(image.toString());
        process.startForeground(argv);
        return new RealServer(process, NO_PORT);
    }

    /**
     * Starts {@code nbd-server} on a Unix socket.
     *
     * @param exports the sections of the configuration that describe the exports, such as
     *     {@code "[disk]\nexportname = /tmp/disk.img\nflush = true\n"}; the section {@code [generic]} is given
     */
    public static RealServer nbdServer(String exports) {
        ServerProcess process = ServerProcess.create();
        process.startDaemon(nbdServer(process, "unixsock = " + process.socket(), exports), process.socket());
        return new RealServer(process, NO_PORT);
    }

    /**
     * Starts {@code nbd-server} on a TCP port of the loopback interface.
     *
     * @param exports as in {@link #nbdServer(String)}
     */
    public static RealServer nbdServerTcp(String exports) {
        return onFreePort(port -> {
            ServerProcess process = ServerProcess.create();
            String listen = "listenaddr = 127.0.0.1\nport = " + port;
            process.startDaemon(nbdServer(process, listen, exports), port);
            return process;
        });
    }

    private static List<String> nbdkit(ServerProcess process, String... listen) {
        List<String> argv =
                new ArrayList<>(List.of("nbdkit", "-f", "-P", process.pidFile().toString()));
        Collections.addAll(argv, listen);
        return argv;
    }

    private static List<String> nbdServer(ServerProcess process, String listen, String exports) {
        Path configuration = process.directory().resolve("nbd-server.conf");
        try {
            Files.writeString(configuration, "[generic]\nallowlist = true\n" + listen + "\n" + exports + "\n");
        } catch (IOException e) {
            process.close();
            throw new UncheckedIOException(e);
        }
        return List.of(
                "nbd-server",
                "-C",
                configuration.toString(),
                "-p",
                process.pidFile().toString());
    }

    private static RealServer onFreePort(Starter starter) {
        for (int attempt = 1; ; attempt++) {
            int port = freePort();
            try {
                return new RealServer(starter.start(port), port);
            } catch (IllegalStateException e) {
                if (attempt == PORT_ATTEMPTS || !String.valueOf(e.getMessage()).contains("Address already in use")) {
                    throw e;
                }
            }
        }
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Returns the Unix socket.
     *
     * @throws IllegalStateException if the server listens on TCP
     */
    public Path unixSocket() {
        if (port != NO_PORT) {
            throw new IllegalStateException("the server listens on TCP port " + port);
        }
        return process.socket();
    }

    /**
     * Returns the TCP port on 127.0.0.1.
     *
     * @throws IllegalStateException if the server listens on a Unix socket
     */
    public int port() {
        if (port == NO_PORT) {
            throw new IllegalStateException("the server listens on " + process.socket());
        }
        return port;
    }

    /** Returns the NBD URI of the default export. */
    public String uri() {
        return uri("");
    }

    /** Returns the NBD URI of the export called {@code export}. */
    public String uri(String export) {
        return port == NO_PORT ? NbdUris.unix(process.socket(), export) : NbdUris.tcp(port, export);
    }

    /** Returns the process id of the server. */
    public long pid() {
        return process.pid();
    }

    /** Returns a directory that exists until {@link #close()}, for images and the like. */
    public Path directory() {
        return process.directory();
    }

    /** Returns what the server has written to its standard output and error so far. */
    public String log() {
        return process.log();
    }

    /** Ends the server, if it still runs, and waits for its end. */
    @Override
    public void close() {
        process.close();
    }

    private interface Starter {
        ServerProcess start(int port);
    }
}
