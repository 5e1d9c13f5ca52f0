package io.nbd4j.client.contract;

import io.nbd4j.client.SubprocessTransport;
import org.junit.jupiter.api.Nested;

class StreamSubprocessIT {
    @Nested
    class Start extends SubprocessStartContract {
        Start() {
            super(SubprocessTransport.STREAM);
        }
    }

    @Nested
    class Options extends SubprocessOptionsContract {
        Options() {
            super(SubprocessTransport.STREAM);
        }
    }

    @Nested
    class Spin extends SubprocessSpinContract {
        Spin() {
            super(SubprocessTransport.STREAM);
        }
    }

    @Nested
    class End extends SubprocessEndContract {
        End() {
            super(SubprocessTransport.STREAM);
        }
    }
}
