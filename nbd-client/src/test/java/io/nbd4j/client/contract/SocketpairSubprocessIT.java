package io.nbd4j.client.contract;

import io.nbd4j.client.SubprocessTransport;

class SocketpairSubprocessIT extends SubprocessContract {
    SocketpairSubprocessIT() {
        super(SubprocessTransport.SOCKETPAIR);
    }
}
