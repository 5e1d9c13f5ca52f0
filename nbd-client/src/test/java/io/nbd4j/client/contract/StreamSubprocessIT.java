package io.nbd4j.client.contract;

import io.nbd4j.client.SubprocessTransport;

class StreamSubprocessIT extends SubprocessContract {
    StreamSubprocessIT() {
        super(SubprocessTransport.STREAM);
    }
}
