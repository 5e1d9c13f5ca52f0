package io.nbd4j.testkit.internal;

import java.nio.file.Path;

/** Where a server is to listen. */
public sealed interface Endpoint {
    /** A port of the loopback interface, 0 for a free one. */
    record Tcp(int port) implements Endpoint {}

    /** A Unix socket that must not exist yet. */
    record UnixSocket(Path path) implements Endpoint {}

    /** A Unix socket in a temporary directory. */
    record TemporaryUnixSocket() implements Endpoint {}

    /** Nothing that another process could reach. */
    record InVm() implements Endpoint {}

    /** A socket that listens already, and that this process was given. */
    record AdoptedSocket(int descriptor) implements Endpoint {}
}
