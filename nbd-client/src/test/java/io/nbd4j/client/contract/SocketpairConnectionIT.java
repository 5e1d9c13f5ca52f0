package io.nbd4j.client.contract;

import io.nbd4j.client.SubprocessTransport;

class SocketpairConnectionIT extends ConnectionContract {
    SocketpairConnectionIT() {
        super(new ChildSetting(SubprocessTransport.SOCKETPAIR));
    }
}
