/** The NBD protocol: constants, messages, encoders and decoders for both directions. */
module io.nbd4j.codec {
    requires transitive io.netty.buffer;
    requires transitive io.netty.transport;
    requires transitive io.netty.codec;
    requires io.netty.common;
    requires static transitive org.jspecify;

    exports io.nbd4j.codec;
    exports io.nbd4j.codec.handshake;
    exports io.nbd4j.codec.transmission;
}
