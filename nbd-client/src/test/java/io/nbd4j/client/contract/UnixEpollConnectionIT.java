package io.nbd4j.client.contract;

class UnixEpollConnectionIT extends ConnectionContract {
    UnixEpollConnectionIT() {
        super(new UnixSetting(Loops.EPOLL));
    }
}
