package io.nbd4j.client.contract;

class UnixNioConnectionIT extends ConnectionContract {
    UnixNioConnectionIT() {
        super(new UnixSetting(Loops.NIO));
    }
}
