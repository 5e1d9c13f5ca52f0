package io.nbd4j.client.contract;

import io.nbd4j.client.SubprocessTransport;

class StreamNioConnectionIT extends ConnectionContract {
    StreamNioConnectionIT() {
        super(new ChildSetting(SubprocessTransport.STREAM, Loops.NIO));
    }
}
