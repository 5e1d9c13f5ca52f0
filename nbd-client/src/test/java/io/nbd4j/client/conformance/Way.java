package io.nbd4j.client.conformance;

import io.nbd4j.testkit.ScriptedPeer.Delivery;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * How a case is run: what carries the bytes, and how the server's are cut into segments.
 *
 * @see EachWay
 */
record Way(Transport transport, Delivery delivery) {
    /** Returns all ways. NIO differs from epoll in who reads the socket, so one delivery is enough there. */
    static Stream<Way> all() {
        return Arrays.stream(Transport.values())
                .flatMap(transport -> Arrays.stream(Delivery.values())
                        .filter(delivery -> delivery == Delivery.NORMAL || !transport.isNio())
                        .map(delivery -> new Way(transport, delivery)));
    }

    /** Returns a way for each transport. */
    static Stream<Way> normal() {
        return all().filter(way -> way.delivery == Delivery.NORMAL);
    }

    /** Returns the ways on which a reset travels: over TCP. */
    static Stream<Way> withReset() {
        return all().filter(way -> way.transport.isTcp());
    }

    /** Returns the ways over a socket, where a server has a URI and any number of connections. */
    static Stream<Way> overSockets() {
        return all().filter(way -> way.transport.isSocket());
    }

    @Override
    public String toString() {
        return (transport + " " + delivery).toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
