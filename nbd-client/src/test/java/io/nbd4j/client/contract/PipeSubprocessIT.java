package io.nbd4j.client.contract;

import io.nbd4j.client.SubprocessTransport;
import org.junit.jupiter.api.Nested;

class PipeSubprocessIT {
    @Nested
    class Start extends SubprocessStartContract {
        Start() {
            super(SubprocessTransport.PIPE);
        }
    }

    @Nested
    class Options extends SubprocessOptionsContract {
        Options() {
            super(SubprocessTransport.PIPE);
        }
    }

    @Nested
    class Spin extends SubprocessSpinContract {
        Spin() {
            super(SubprocessTransport.PIPE);
        }
    }

    @Nested
    class End extends SubprocessEndContract {
        End() {
            super(SubprocessTransport.PIPE);
        }
    }
}
