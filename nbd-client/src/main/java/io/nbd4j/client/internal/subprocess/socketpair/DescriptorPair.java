package io.nbd4j.client.internal.subprocess.socketpair;

/**
 * Two descriptors that are connected with each other; neither survives an exec by itself, and neither is 0, 1 or 2.
 *
 * @param ours stays in this process
 * @param child is for the child; this process closes it once the child has it
 */
record DescriptorPair(Descriptor ours, Descriptor child) implements AutoCloseable {
    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM = 1;
    private static final int SIZE = 2 * Integer.BYTES;

    /** Opens a Unix socket pair that does not block at our end. */
    static DescriptorPair socket(Libc libc) throws LibcException {
        int type = SOCK_STREAM | Descriptor.O_CLOEXEC | Descriptor.O_NONBLOCK;
        DescriptorPair pair = open(libc, "socketpair", at -> libc.socketpair(AF_UNIX, type, 0, at));
        try {
            // A server reads and writes its stdin and stdout as if they were files.
            pair.child.setNonBlocking(false);
            return pair;
        } catch (LibcException | RuntimeException e) {
            pair.close();
            throw e;
        }
    }

    /** Opens a pipe from the child to us that does not block at our end. */
    static DescriptorPair pipe(Libc libc) throws LibcException {
        DescriptorPair pair = open(libc, "pipe2", at -> libc.pipe2(at, Descriptor.O_CLOEXEC));
        try {
            // The ends of a pipe have flags of their own. A child that finds its stderr full must wait, not lose text.
            pair.ours.setNonBlocking(true);
            return pair;
        } catch (LibcException | RuntimeException e) {
            pair.close();
            throw e;
        }
    }

    /** A function of libc that puts two descriptors at an address. */
    @FunctionalInterface
    private interface Opener {
        int open(long at);
    }

    private static DescriptorPair open(Libc libc, String function, Opener opener) throws LibcException {
        DescriptorPair pair;
        try (NativeBlock block = new NativeBlock(NativeBlock.sizeOf(SIZE))) {
            long at = block.take(SIZE);
            LibcException.check(function, opener.open(at));
            pair = new DescriptorPair(
                    new Descriptor(libc, block.getInt(at)), new Descriptor(libc, block.getInt(at + Integer.BYTES)));
        }
        try {
            pair.ours.moveAboveStdio();
            pair.child.moveAboveStdio();
            return pair;
        } catch (LibcException | RuntimeException e) {
            pair.close();
            throw e;
        }
    }

    @Override
    public void close() {
        ours.close();
        child.close();
    }
}
