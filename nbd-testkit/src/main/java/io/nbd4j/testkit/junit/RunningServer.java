package io.nbd4j.testkit.junit;

import java.io.IOException;
import java.util.List;

/** A server of an annotated element, from its start to the end of the test or class. */
interface RunningServer {
    /** Returns what the element gets. */
    Object server();

    /** Returns what is to be shown of it if the test fails, maybe empty. May be asked before and after its end. */
    String evidence();

    /** Returns the complaints about a test that has passed. Asked after its end. */
    List<String> complaints();

    /** Ends it. */
    void close() throws IOException;
}
