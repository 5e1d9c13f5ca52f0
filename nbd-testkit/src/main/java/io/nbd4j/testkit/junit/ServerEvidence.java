package io.nbd4j.testkit.junit;

/** Not a failure of its own: it carries what a server has seen into the report of one. */
final class ServerEvidence extends Throwable {
    private static final long serialVersionUID = 1L;

    ServerEvidence(String message) {
        super(message, null, false, false);
    }
}
