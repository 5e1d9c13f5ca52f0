package io.nbd4j.testkit.junit;

import io.nbd4j.testkit.TestServer;
import java.io.Closeable;

/**
 * Configures the server of an {@link NbdServer} that names it: for several exports, exports of one's own, and all else that
 * annotations cannot hold.
 *
 * <p>Its class has a constructor without parameters. An instance is made for each server. If it is {@link Closeable},
 * it is closed after the server, or if that does not start.
 */
@FunctionalInterface
public interface NbdServerConfigurer {
    /**
     * Adds the exports, and changes what else there is to change.
     *
     * @param server has been told what the annotation says
     * @throws Exception if there can be no such server; the test fails
     */
    void configure(TestServer.Builder server) throws Exception;
}
