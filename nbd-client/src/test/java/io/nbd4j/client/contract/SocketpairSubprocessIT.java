package io.nbd4j.client.contract;

import io.nbd4j.client.SubprocessTransport;
import org.junit.jupiter.api.Nested;

class SocketpairSubprocessIT {
    @Nested
    class Start extends SubprocessStartContract {
        Start() {
            super(SubprocessTransport.SOCKETPAIR);
        }
    }

    @Nested
    class Options extends SubprocessOptionsContract {
        Options() {
            super(SubprocessTransport.SOCKETPAIR);
        }
    }

    @Nested
    class Spin extends SubprocessSpinContract {
        Spin() {
            super(SubprocessTransport.SOCKETPAIR);
        }
    }

    @Nested
    class End extends SubprocessEndContract {
        End() {
            super(SubprocessTransport.SOCKETPAIR);
        }
    }
}
