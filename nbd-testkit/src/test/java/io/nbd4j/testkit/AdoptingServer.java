package io.nbd4j.testkit;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A server in a process of its own that is started as systemd starts one: by something that listens first, and hands the
 * socket over as descriptor 3. It serves until its standard input ends.
 */
final class AdoptingServer implements AutoCloseable {
    private static final String ACTIVATE = """
            use Socket;
            $^F = 1000;
            my ($kind, $where) = splice(@ARGV, 0, 2);
            my $unix = $kind eq 'unix';
            socket(my $listener, $unix ? PF_UNIX : PF_INET, SOCK_STREAM, 0) or die "socket: $!";
            bind($listener, $unix ? pack_sockaddr_un($where) : pack_sockaddr_in($where, INADDR_ANY)) or die "bind: $!";
            listen($listener, 16) or die "listen: $!";
            fileno($listener) == 3 or die "the socket is descriptor " . fileno($listener);
            exec(@ARGV) or die "exec: $!";
            """;

    private final Process process;
    private final String uri;

    private AdoptingServer(Process process, String uri) {
        this.process = process;
        this.uri = uri;
    }

    static AdoptingServer tcp() throws IOException {
        return start("tcp", "0");
    }

    static AdoptingServer unix(Path socket) throws IOException {
        return start("unix", socket.toString());
    }

    private static AdoptingServer start(String kind, String where) throws IOException {
        List<String> argv = JavaProcess.command(AdoptingServer.class);
        argv.addAll(0, List.of("perl", "-e", ACTIVATE, kind, where));
        Process process = new ProcessBuilder(argv)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        return new AdoptingServer(process, process.inputReader().readLine());
    }

    /** Runs the server, in the process. */
    public static void main(String[] arguments) throws IOException {
        try (TestServer server = TestServer.builder()
                .export("", MemoryExport.ofSize(64 << 20))
                .adoptedSocket(3)
                .start()) {
            System.out.println(server.uri());
            System.in.transferTo(System.err);
        }
    }

    String uri() {
        return uri;
    }

    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        try {
            process.onExit().orTimeout(60, TimeUnit.SECONDS).join();
        } finally {
            process.destroyForcibly();
        }
    }
}
