/** An embeddable NBD server for tests, and JUnit extensions. */
module io.nbd4j.testkit {
    requires transitive io.nbd4j.codec;
    requires io.netty.buffer;
    requires io.netty.common;
    requires io.netty.transport;
    requires transitive io.netty.handler;
    requires io.netty.transport.classes.epoll;
    requires io.netty.transport.unix.common;
    requires org.slf4j;
    requires static io.netty.pkitesting;
    requires static transitive org.jspecify;
    requires static transitive org.junit.jupiter.api;

    exports io.nbd4j.testkit;
    exports io.nbd4j.testkit.fault;
    exports io.nbd4j.testkit.junit;
    exports io.nbd4j.testkit.transcript;
}
