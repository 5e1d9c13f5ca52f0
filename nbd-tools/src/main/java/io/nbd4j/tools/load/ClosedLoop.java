package io.nbd4j.tools.load;

/** Keeps all slots busy: each request is followed by the next as soon as it has ended. */
final class ClosedLoop extends Lane {
    ClosedLoop(Parts parts) {
        super(parts);
    }

    @Override
    void issueFirst(long now) {
        for (Slot slot : slots) {
            if (window.isOver(now) || !submit(slot, time.nanoTime())) {
                return;
            }
        }
    }

    @Override
    void issueNext(Slot free, long now) {
        // What the check of a block takes is no part of the next request's latency.
        submit(free, verifies() ? time.nanoTime() : now);
    }

    @Override
    void issueDue(long now) {}

    @Override
    boolean expectsMore(long now) {
        return false;
    }
}
