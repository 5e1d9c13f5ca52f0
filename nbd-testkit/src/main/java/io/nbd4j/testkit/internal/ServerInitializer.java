package io.nbd4j.testkit.internal;

import io.nbd4j.codec.handshake.OptionRequestDecoder;
import io.nbd4j.testkit.internal.fault.FaultGates;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.group.ChannelGroup;

/** Makes a channel a connection of the server. */
public final class ServerInitializer extends ChannelInitializer<Channel> {
    /** How many bytes of replies may wait before the server stops to look at requests, and goes on to look at them. */
    private static final WriteBufferWaterMark PENDING_REPLIES = new WriteBufferWaterMark(256 * 1024, 1024 * 1024);

    private final ServerProfile profile;
    private final FaultGates gates;
    private final ChannelGroup connections;

    /** Creates the initializer of all connections of a server, which are added to {@code connections}. */
    public ServerInitializer(ServerProfile profile, FaultGates gates, ChannelGroup connections) {
        this.profile = profile;
        this.gates = gates;
        this.connections = connections;
    }

    @Override
    protected void initChannel(Channel channel) {
        connections.add(channel);
        channel.config().setOption(ChannelOption.WRITE_BUFFER_WATER_MARK, PENDING_REPLIES);
        gates.addTo(channel.pipeline());
        OptionRequestDecoder decoder = new OptionRequestDecoder();
        channel.pipeline().addLast(decoder, new NegotiationHandler(decoder, profile));
    }
}
