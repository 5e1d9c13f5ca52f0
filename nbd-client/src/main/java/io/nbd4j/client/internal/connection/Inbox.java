package io.nbd4j.client.internal.connection;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Where commands from other threads wait for the event loop to fetch them, in the order of each thread. The links are in
 * the commands, so that adding one costs no garbage.
 */
final class Inbox extends AtomicReference<@Nullable Command<?>> {
    private static final long serialVersionUID = 1L;

    /** Adds a command. Any thread. Returns whether it is the first since the last fetch, so that a fetch is due. */
    boolean add(Command<?> command) {
        Command<?> head;
        do {
            head = get();
            command.nextInInbox = head;
        } while (!compareAndSet(head, command));
        return head == null;
    }

    /** Takes all commands out. Returns the oldest, which links to the others; null if there are none. */
    @Nullable
    Command<?> fetch() {
        Command<?> newest = getAndSet(null);
        Command<?> oldest = null;
        while (newest != null) {
            Command<?> older = newest.nextInInbox;
            newest.nextInInbox = oldest;
            oldest = newest;
            newest = older;
        }
        return oldest;
    }
}
