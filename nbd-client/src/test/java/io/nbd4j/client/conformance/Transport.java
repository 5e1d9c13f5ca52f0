package io.nbd4j.client.conformance;

import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.NbdUri;
import io.nbd4j.client.SubprocessException;
import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.client.contract.LocalRelay;
import io.nbd4j.client.contract.Loops;
import io.nbd4j.client.internal.subprocess.ladder.DefaultRungs;
import io.nbd4j.client.internal.subprocess.ladder.RungLadder;
import io.nbd4j.client.internal.subprocess.ladder.TransportUnavailableException;
import io.nbd4j.client.internal.transport.EventLoops;
import io.nbd4j.testkit.ScriptedPeer;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What carries the bytes between the client and the scripted peer. For the transports of a subprocess the child is a
 * relay, which carries its standard input and output to the Unix socket of the peer; a relay too is behind the channel
 * inside of this JVM that the client adopts.
 */
enum Transport {
    TCP_EPOLL,
    UNIX_EPOLL,
    TCP_NIO,
    UNIX_NIO,
    SOCKETPAIR,
    PIPE,
    STREAM,
    LOCAL;

    boolean isTcp() {
        return this == TCP_EPOLL || this == TCP_NIO;
    }

    boolean isNio() {
        return this == TCP_NIO || this == UNIX_NIO;
    }

    /** Returns whether the client connects to a socket, so that there is a URI. */
    boolean isSocket() {
        return !isSubprocess() && this != LOCAL;
    }

    boolean isSubprocess() {
        return rung() != null;
    }

    private @Nullable SubprocessTransport rung() {
        return switch (this) {
            case TCP_EPOLL, UNIX_EPOLL, TCP_NIO, UNIX_NIO, LOCAL -> null;
            case SOCKETPAIR -> SubprocessTransport.SOCKETPAIR;
            case PIPE -> SubprocessTransport.PIPE;
            case STREAM -> SubprocessTransport.STREAM;
        };
    }

    /** Returns why this can't be run here, null if it can. */
    @Nullable
    String unavailableBecause() {
        SubprocessTransport rung = rung();
        if (rung == null) {
            return isNio() || this == LOCAL ? null : Loops.EPOLL.unavailableBecause();
        }
        try {
            new RungLadder(DefaultRungs.all()).choose(rung, EventLoops.shared().next());
            return null;
        } catch (TransportUnavailableException e) {
            return e.getMessage();
        }
    }

    NbdClientBuilder builder() {
        return switch (this) {
            case TCP_EPOLL, UNIX_EPOLL -> Loops.EPOLL.builder();
            case TCP_NIO, UNIX_NIO -> Loops.NIO.builder();
            case SOCKETPAIR, PIPE, STREAM, LOCAL -> NbdClient.builder();
        };
    }

    ScriptedPeer open() {
        return isTcp() ? ScriptedPeer.tcp() : ScriptedPeer.unix();
    }

    NbdTarget target(ScriptedPeer peer) {
        SubprocessTransport rung = rung();
        if (rung != null) {
            return NbdTarget.command("perl", relay(), peer.socket().toString()).withTransport(rung);
        }
        if (this == LOCAL) {
            return NbdTarget.adopted(LocalRelay.connect(peer.socket()));
        }
        return isTcp() ? NbdTarget.tcp("127.0.0.1", peer.port()) : NbdTarget.unix(peer.socket());
    }

    /** Returns the URI of the peer, on a socket. */
    NbdTarget uri(ScriptedPeer peer, String scheme) {
        return NbdTarget.uri(NbdUri.parse(
                isTcp() ? scheme + "://127.0.0.1:" + peer.port() : scheme + "+unix:///?socket=" + peer.socket()));
    }

    /** Returns how a handshake fails that fails with {@code type} where no child serves. */
    Class<? extends NbdException> failureOf(Class<? extends NbdException> type) {
        return isSubprocess() ? SubprocessException.class : type;
    }

    private static String relay() {
        try {
            return Path.of(Objects.requireNonNull(Transport.class.getResource("/conformance/relay.pl"))
                            .toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }
}
