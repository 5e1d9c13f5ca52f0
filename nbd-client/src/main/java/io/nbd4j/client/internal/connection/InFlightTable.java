package io.nbd4j.client.internal.connection;

import io.nbd4j.codec.ProtocolViolationException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The commands that were sent and not answered, by cookie.
 *
 * <p>A cookie is the index of a slot, and how often that slot was used: finding a command is one look into an array, and
 * a late or a second answer is told from one that nobody asked for.
 */
final class InFlightTable {
    private static final int INITIAL_SLOTS = 16;

    private final int maximum;
    private @Nullable Command<?>[] commands = new Command<?>[INITIAL_SLOTS];
    private int[] generations = new int[INITIAL_SLOTS];
    /** A stack of free slots, so that the one that was used last, whose memory is warm, is used next. */
    private int[] free = new int[INITIAL_SLOTS];

    private int freeCount;
    private int size;

    /** Creates a table for at most {@code maximum} commands. It grows as it is used. */
    InFlightTable(int maximum) {
        this.maximum = maximum;
        addFree(0, INITIAL_SLOTS);
    }

    private void addFree(int from, int to) {
        for (int slot = to - 1; slot >= from; slot--) {
            free[freeCount++] = slot;
        }
    }

    int size() {
        return size;
    }

    boolean isFull() {
        return size >= maximum;
    }

    /** Adds a command, and gives it its cookie. The table must not be full. */
    void add(Command<?> command) {
        if (freeCount == 0) {
            grow();
        }
        int slot = free[--freeCount];
        commands[slot] = command;
        command.cookie = (long) ++generations[slot] << 32 | slot;
        size++;
    }

    private void grow() {
        int slots = commands.length;
        commands = Arrays.copyOf(commands, 2 * slots);
        generations = Arrays.copyOf(generations, 2 * slots);
        free = new int[2 * slots];
        addFree(slots, 2 * slots);
    }

    /**
     * Returns the command that a cookie names.
     *
     * @throws ProtocolViolationException if there is none: the server answers twice, or what nobody asked
     */
    Command<?> get(long cookie) {
        int slot = (int) cookie;
        if (slot >= 0 && slot < commands.length) {
            Command<?> command = commands[slot];
            if (command != null && command.cookie == cookie) {
                return command;
            }
            int generation = (int) (cookie >>> 32);
            if (generation > 0 && generation <= generations[slot]) {
                throw new ProtocolViolationException("a second answer to cookie 0x%x".formatted(cookie));
            }
        }
        throw new ProtocolViolationException("an answer to cookie 0x%x, which was never sent".formatted(cookie));
    }

    /** Takes a command out that is in the table. */
    void remove(Command<?> command) {
        int slot = (int) command.cookie;
        commands[slot] = null;
        free[freeCount++] = slot;
        size--;
    }

    /** Takes all commands out. */
    @Nullable
    Command<?>[] removeAll() {
        @Nullable Command<?>[] all = commands;
        commands = new Command<?>[all.length];
        freeCount = 0;
        addFree(0, all.length);
        size = 0;
        return all;
    }
}
