package io.nbd4j.client.contract;

class TcpEpollConnectionIT extends ConnectionContract {
    TcpEpollConnectionIT() {
        super(new TcpSetting(Loops.EPOLL));
    }
}
