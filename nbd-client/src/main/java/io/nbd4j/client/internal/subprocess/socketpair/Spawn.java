package io.nbd4j.client.internal.subprocess.socketpair;

import io.nbd4j.client.internal.subprocess.Executable;
import io.nbd4j.client.internal.subprocess.LaunchSpec;
import io.nbd4j.client.internal.subprocess.ProcessText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Starts a child with {@code posix_spawn}: all that the call takes, written into one block of native memory. */
final class Spawn {
    private static final int ENOEXEC = 8;
    private static final int O_WRONLY = 1;
    private static final short POSIX_SPAWN_SETSIGDEF = 0x04;
    private static final short POSIX_SPAWN_SETSIGMASK = 0x08;
    private static final int SIGPIPE = 13;
    private static final int SIGNAL_SET_SIZE = 128;

    /** More than any C library takes for its two opaque types: glibc has 80 and 336 bytes. */
    private static final int OPAQUE_SIZE = 1024;

    private static final int FIRST_BEHIND_STDERR = 3;

    private static final String SHELL = "/bin/sh";
    private static final byte[] NULL_DEVICE = ProcessText.encode("/dev/null");

    private final Libc libc;
    private final byte[] path;
    private final PointerTable arguments;
    private final PointerTable shellArguments;
    private final PointerTable environment;
    private final byte @Nullable [] directory;
    private final ChildSocket socket;
    private final ChildStderr stderr;

    /** Prepares to start a child. */
    Spawn(Libc libc, Executable executable, ChildSocket socket, ChildStderr stderr) {
        LaunchSpec spec = executable.spec();
        String file = executable.file().toString();
        List<String> script = new ArrayList<>(List.of(SHELL, file));
        script.addAll(spec.argv().subList(1, spec.argv().size()));
        this.libc = libc;
        this.path = ProcessText.encode(file);
        this.arguments = PointerTable.ofArguments(spec.argv());
        this.shellArguments = PointerTable.ofArguments(script);
        this.environment = PointerTable.ofEnvironment(libc, spec.environment());
        this.directory = spec.directory() == null
                ? null
                : ProcessText.encode(spec.directory().toAbsolutePath().toString());
        this.socket = socket;
        this.stderr = stderr;
    }

    /**
     * Starts the child and returns its process id.
     *
     * @throws IOException if it could not be started; no process is left
     */
    int start() throws IOException {
        try (NativeBlock block = new NativeBlock(size());
                FileActions actions = new FileActions(libc, block.take(OPAQUE_SIZE));
                Attributes attributes = new Attributes(libc, block.take(OPAQUE_SIZE))) {
            wire(actions.address, block);
            reset(attributes.address, block);
            long variables = environment.writeTo(block);
            long pid = block.take(Integer.BYTES);
            int result = libc.posixSpawn(
                    pid,
                    block.takeString(path),
                    actions.address,
                    attributes.address,
                    arguments.writeTo(block),
                    variables);
            if (result == ENOEXEC) {
                // A script without an interpreter line. The shell runs it, as it does for execvp and the JDK.
                result = libc.posixSpawn(
                        pid,
                        block.takeString(ProcessText.encode(SHELL)),
                        actions.address,
                        attributes.address,
                        shellArguments.writeTo(block),
                        variables);
            }
            LibcException.checkSpawn("posix_spawn", result);
            return block.getInt(pid);
        }
    }

    private int size() {
        return 2 * NativeBlock.sizeOf(OPAQUE_SIZE)
                + 2 * NativeBlock.sizeOf(SIGNAL_SET_SIZE)
                + NativeBlock.sizeOf(Integer.BYTES)
                + NativeBlock.sizeOf(path)
                + NativeBlock.sizeOf(ProcessText.encode(SHELL))
                + NativeBlock.sizeOf(NULL_DEVICE)
                + (directory == null ? 0 : NativeBlock.sizeOf(directory))
                + Math.addExact(Math.addExact(arguments.size(), shellArguments.size()), environment.size());
    }

    /** Says which descriptors the child has: 0, 1 and 2, maybe 3, and no other. */
    private void wire(long actions, NativeBlock block) throws LibcException {
        if (socket instanceof ChildSocket.Stdio stdio) {
            dup2(actions, stdio.descriptor(), 0);
            dup2(actions, stdio.descriptor(), 1);
        }
        if (stderr instanceof ChildStderr.To to) {
            dup2(actions, to.descriptor(), 2);
        } else if (stderr instanceof ChildStderr.Discarded) {
            long device = block.takeString(NULL_DEVICE);
            LibcException.checkSpawn(
                    "posix_spawn_file_actions_addopen", libc.fileActionsAddOpen(actions, 2, device, O_WRONLY, 0));
        }
        int firstUnused = FIRST_BEHIND_STDERR;
        if (socket instanceof ChildSocket.Listener listener) {
            // The pipe of stderr may be 3 until now. If it is the listener itself, the exec would have closed it.
            dup2(actions, listener.descriptor(), FIRST_BEHIND_STDERR);
            firstUnused++;
        }
        // Not optional: the sockets of NIO and the pipes of Netty would survive the exec. A server that holds the other
        // end of
        // some connection of this process would keep it open.
        LibcException.checkSpawn(
                "posix_spawn_file_actions_addclosefrom_np", libc.fileActionsAddCloseFrom(actions, firstUnused));
        if (directory != null) {
            LibcException.checkSpawn(
                    "posix_spawn_file_actions_addchdir_np",
                    libc.fileActionsAddChdir(actions, block.takeString(directory)));
        }
    }

    private void dup2(long actions, Descriptor from, int to) throws LibcException {
        LibcException.checkSpawn(
                "posix_spawn_file_actions_adddup2", libc.fileActionsAddDup2(actions, from.number(), to));
    }

    /**
     * Gives the child signals as a shell would: none blocked (threads of a JVM block SIGQUIT), SIGPIPE not ignored. What
     * the JVM handles is back at its default after an exec; what was ignored when the JVM was started, such as SIGHUP
     * under nohup, stays ignored on purpose.
     */
    private void reset(long attributes, NativeBlock block) throws LibcException {
        long none = block.take(SIGNAL_SET_SIZE);
        LibcException.checkSpawn("posix_spawnattr_setsigmask", libc.attributesSetSigmask(attributes, none));
        long sigpipe = block.take(SIGNAL_SET_SIZE);
        block.putLong(sigpipe, 1L << (SIGPIPE - 1));
        LibcException.checkSpawn("posix_spawnattr_setsigdefault", libc.attributesSetSigdefault(attributes, sigpipe));
        short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
        LibcException.checkSpawn("posix_spawnattr_setflags", libc.attributesSetFlags(attributes, flags));
    }

    /** What the child does with descriptors between its birth and the exec. */
    private static final class FileActions implements AutoCloseable {
        private final Libc libc;
        private final long address;

        FileActions(Libc libc, long address) throws LibcException {
            LibcException.checkSpawn("posix_spawn_file_actions_init", libc.fileActionsInit(address));
            this.libc = libc;
            this.address = address;
        }

        @Override
        public void close() {
            libc.fileActionsDestroy(address);
        }
    }

    /** What the child changes about its signals between its birth and the exec. */
    private static final class Attributes implements AutoCloseable {
        private final Libc libc;
        private final long address;

        Attributes(Libc libc, long address) throws LibcException {
            LibcException.checkSpawn("posix_spawnattr_init", libc.attributesInit(address));
            this.libc = libc;
            this.address = address;
        }

        @Override
        public void close() {
            libc.attributesDestroy(address);
        }
    }
}
