package io.nbd4j.testkit.internal;

import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalServerChannel;

/** A local server channel whose connections deliver what was written before they close, as sockets do. */
final class InVmServerChannel extends LocalServerChannel {
    @Override
    protected LocalChannel newLocalChannel(LocalChannel peer) {
        LocalChannel connection = super.newLocalChannel(peer);
        InVmDelivery delivery = new InVmDelivery();
        connection.pipeline().addFirst(delivery);
        peer.pipeline().addFirst(delivery.receipts());
        return connection;
    }
}
