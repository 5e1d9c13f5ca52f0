package io.nbd4j.client.contract;

import io.nbd4j.client.SubprocessTransport;

class PipeConnectionIT extends ConnectionContract {
    PipeConnectionIT() {
        super(new ChildSetting(SubprocessTransport.PIPE));
    }
}
