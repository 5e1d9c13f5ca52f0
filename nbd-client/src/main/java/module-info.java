/** The asynchronous NBD client. */
module io.nbd4j.client {
    requires transitive io.nbd4j.codec;
    requires transitive io.netty.buffer;
    requires transitive io.netty.transport;
    requires transitive io.netty.common;
    requires io.netty.codec;
    requires transitive io.netty.handler;
    requires io.netty.transport.classes.epoll;
    requires io.netty.transport.unix.common;
    requires org.slf4j;
    requires static io.netty.tcnative.classes.openssl;
    requires static org.bouncycastle.tls;
    requires static org.bouncycastle.provider;
    requires static transitive org.jspecify;

    exports io.nbd4j.client;
}
