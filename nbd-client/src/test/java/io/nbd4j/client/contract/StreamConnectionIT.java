package io.nbd4j.client.contract;

import io.nbd4j.client.SubprocessTransport;

class StreamConnectionIT extends ConnectionContract {
    StreamConnectionIT() {
        super(new ChildSetting(SubprocessTransport.STREAM));
    }
}
