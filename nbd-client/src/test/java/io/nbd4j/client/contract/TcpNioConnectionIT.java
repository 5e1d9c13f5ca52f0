package io.nbd4j.client.contract;

class TcpNioConnectionIT extends ConnectionContract {
    TcpNioConnectionIT() {
        super(new TcpSetting(Loops.NIO));
    }
}
