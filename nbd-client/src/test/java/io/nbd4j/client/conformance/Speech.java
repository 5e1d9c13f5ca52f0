package io.nbd4j.client.conformance;

import io.nbd4j.testkit.ScriptedConnection;

/** How a server talks: in clear, or under TLS. */
interface Speech {
    void send(byte[] bytes);

    void expect(byte[] bytes);

    byte[] read(int length);

    /** Returns what is said in clear. */
    static Speech inClear(ScriptedConnection connection) {
        return new Speech() {
            @Override
            public void send(byte[] bytes) {
                connection.send(bytes);
            }

            @Override
            public void expect(byte[] bytes) {
                connection.expect(bytes);
            }

            @Override
            public byte[] read(int length) {
                return connection.read(length);
            }
        };
    }
}
