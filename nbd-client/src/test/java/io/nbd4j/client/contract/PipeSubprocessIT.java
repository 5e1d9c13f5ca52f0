package io.nbd4j.client.contract;

import io.nbd4j.client.SubprocessTransport;

class PipeSubprocessIT extends SubprocessContract {
    PipeSubprocessIT() {
        super(SubprocessTransport.PIPE);
    }
}
