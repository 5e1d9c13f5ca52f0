package io.nbd4j.client.internal.handle;

import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.NbdUri;
import io.nbd4j.codec.ProtocolLimits;
import io.netty.channel.epoll.VSockAddress;
import io.netty.channel.unix.DomainSocketAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** What a target comes down to: a URI and an address are other names of something else. Pure functions. */
final class Targets {
    private Targets() {}

    /** Returns what is to be opened: never a URI; an address only if it is of no kind that can be. */
    static NbdTarget resolve(NbdTarget target) {
        if (target instanceof NbdTarget.Uri named) {
            return resolve(named.uri());
        }
        return target instanceof NbdTarget.Address address ? resolve(address) : target;
    }

    private static NbdTarget resolve(NbdUri uri) {
        return switch (uri.transport()) {
            case TCP -> NbdTarget.tcp(Objects.requireNonNull(uri.host()), uri.port());
            case UNIX -> NbdTarget.unix(Objects.requireNonNull(uri.socketPath()));
            case VSOCK -> NbdTarget.vsock(uri.vsockCid(), uri.vsockPort());
            case SSH -> NbdTarget.command(ssh(uri));
        };
    }

    /** Returns the command of libnbd, but for quotation marks around what a shell on the other host would change. */
    private static List<String> ssh(NbdUri uri) {
        List<String> argv = new ArrayList<>(
                List.of("ssh", "-p", String.valueOf(uri.port()), Objects.requireNonNull(uri.host()), "nc"));
        if (uri.socketPath() != null) {
            argv.addAll(List.of("-U", shellWord(uri.socketPath())));
        } else {
            argv.addAll(List.of("localhost", String.valueOf(ProtocolLimits.DEFAULT_PORT)));
        }
        return argv;
    }

    private static String shellWord(String text) {
        return text.matches("[A-Za-z0-9_/.:@%+=-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
    }

    private static NbdTarget resolve(NbdTarget.Address target) {
        SocketAddress address = target.address();
        if (address instanceof InetSocketAddress inet) {
            return NbdTarget.tcp(
                    inet.isUnresolved()
                            ? inet.getHostString()
                            : inet.getAddress().getHostAddress(),
                    inet.getPort());
        }
        if (address instanceof UnixDomainSocketAddress unix) {
            return NbdTarget.unix(unix.getPath().toString());
        }
        if (address instanceof DomainSocketAddress unix) {
            return NbdTarget.unix(unix.path());
        }
        if (address instanceof VSockAddress vsock) {
            return NbdTarget.vsock(Integer.toUnsignedLong(vsock.getCid()), Integer.toUnsignedLong(vsock.getPort()));
        }
        return target;
    }
}
