package io.nbd4j.client.internal.subprocess.socketpair;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A temporary directory that nobody else can enter, for the socket of one child.
 *
 * @param path as short as that of {@code /tmp}, whatever TMPDIR says: the path of a socket has 108 bytes at most
 */
record SocketDirectory(Path path) {
    private static final Logger LOG = LoggerFactory.getLogger(SocketDirectory.class);
    private static final Path PARENT = Path.of("/tmp");

    static SocketDirectory create() throws IOException {
        return new SocketDirectory(Files.createTempDirectory(
                PARENT, "nbd4j", PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))));
    }

    Path socket() {
        return path.resolve("socket");
    }

    /** Removes the directory and the socket. Any thread, any number of times; touches the file system. */
    void remove() {
        try {
            Files.deleteIfExists(socket());
            Files.deleteIfExists(path);
        } catch (IOException e) {
            LOG.debug("A temporary directory could not be removed", e);
        }
    }
}
