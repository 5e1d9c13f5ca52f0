package io.nbd4j.client.internal.subprocess.socketpair;

/**
 * A file descriptor that this process owns: closed with this object, unless it was handed on. Confined to one thread.
 */
final class Descriptor implements AutoCloseable {
    // The numbers that Linux has on the architectures which ForeignLibc knows.
    static final int O_NONBLOCK = 0x800;
    static final int O_CLOEXEC = 0x80000;

    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int SOL_SOCKET = 1;
    private static final int SO_SNDBUF = 7;
    private static final int FIRST_BEHIND_STDERR = 3;
    private static final int NONE = -1;

    private final Libc libc;
    private int number;

    Descriptor(Libc libc, int number) {
        this.libc = libc;
        this.number = number;
    }

    int number() {
        return number;
    }

    /** Gives the descriptor away: the caller must see that it is closed. */
    int release() {
        int released = number;
        number = NONE;
        return released;
    }

    /**
     * Moves to a number above 2 if it has one of those, which happens when this process was started without stdin, stdout
     * or stderr. In a child these are set one after the other, and the second must not overwrite the source of the third.
     */
    void moveAboveStdio() throws LibcException {
        if (number < FIRST_BEHIND_STDERR) {
            int moved = LibcException.check("fcntl", libc.fcntl(number, F_DUPFD_CLOEXEC, FIRST_BEHIND_STDERR));
            close();
            number = moved;
        }
    }

    void setNonBlocking(boolean nonBlocking) throws LibcException {
        int flags = LibcException.check("fcntl", libc.fcntl(number, F_GETFL, 0));
        int wanted = nonBlocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
        LibcException.check("fcntl", libc.fcntl(number, F_SETFL, wanted));
    }

    /** Asks for a send buffer of {@code bytes}; the kernel gives no more than {@code net.core.wmem_max}. */
    void setSendBuffer(int bytes) throws LibcException {
        try (NativeBlock block = new NativeBlock(NativeBlock.sizeOf(Integer.BYTES))) {
            long value = block.take(Integer.BYTES);
            block.putInt(value, bytes);
            LibcException.check("setsockopt", libc.setsockopt(number, SOL_SOCKET, SO_SNDBUF, value, Integer.BYTES));
        }
    }

    @Override
    public void close() {
        if (number != NONE) {
            // Linux has freed the number whatever close returns, so there is nothing to do about an error.
            libc.close(release());
        }
    }
}
