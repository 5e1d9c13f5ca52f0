package io.nbd4j.testkit.junit;

import io.nbd4j.testkit.RealServer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The server that a {@link RealNbdServer} asks for. */
final class RunningRealServer implements RunningServer {
    private final RealServer server;
    private final @Nullable Path image;
    private String log = "";

    private RunningRealServer(RealServer server, @Nullable Path image) {
        this.server = server;
        this.image = image;
    }

    /** @throws RuntimeException if the settings contradict each other, or the server does not come up */
    static RunningRealServer start(RealNbdServer settings) throws IOException {
        String program = program(settings);
        String[] arguments = Stream.of(settings.value()).skip(1).toArray(String[]::new);
        boolean tcp = settings.transport() == NbdServer.Transport.TCP;
        return switch (program) {
            case "nbdkit" -> {
                if (settings.image() != 0) {
                    throw new IllegalArgumentException("nbdkit takes no image: its plugin makes the disk");
                }
                yield new RunningRealServer(tcp ? RealServer.nbdkitTcp(arguments) : RealServer.nbdkit(arguments), null);
            }
            case "qemu-nbd" -> {
                if (tcp) {
                    throw new IllegalArgumentException("qemu-nbd is started on a Unix socket only");
                }
                yield withImage(settings, image -> RealServer.qemuNbd(image, behindFormat(arguments)));
            }
            case "nbd-server" ->
                withImage(settings, image -> {
                    String exports = "[disk]\nexportname = " + image + "\n" + String.join("\n", arguments);
                    return tcp ? RealServer.nbdServerTcp(exports) : RealServer.nbdServer(exports);
                });
            default ->
                throw new IllegalArgumentException("'" + program + "' is none of nbdkit, qemu-nbd and nbd-server");
        };
    }

    /** Returns the name of the program, empty if there is none. */
    static String program(RealNbdServer settings) {
        return settings.value().length == 0 ? "" : settings.value()[0];
    }

    private static String[] behindFormat(String[] arguments) {
        String[] all = new String[arguments.length + 2];
        all[0] = "-f";
        all[1] = "raw";
        System.arraycopy(arguments, 0, all, 2, arguments.length);
        return all;
    }

    private static RunningRealServer withImage(RealNbdServer settings, OnImage starter) throws IOException {
        if (settings.image() <= 0) {
            throw new IllegalArgumentException(program(settings) + " needs an image, of more than 0 bytes");
        }
        Path image = Files.createTempFile("nbd4j", ".img");
        boolean started = false;
        try {
            try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
                file.setLength(settings.image());
            }
            RunningRealServer running = new RunningRealServer(starter.start(image), image);
            started = true;
            return running;
        } finally {
            if (!started) {
                Files.delete(image);
            }
        }
    }

    @Override
    public Object server() {
        return server;
    }

    @Override
    public String evidence() {
        return log.isEmpty() ? server.log() : log;
    }

    @Override
    public List<String> complaints() {
        return List.of();
    }

    @Override
    public void close() throws IOException {
        log = server.log(); // It goes with the directory.
        server.close();
        if (image != null) {
            Files.deleteIfExists(image);
        }
    }

    private interface OnImage {
        RealServer start(Path image);
    }
}
