package io.nbd4j.client.internal.transport;

import java.net.SocketAddress;

/** One side of a channel between two processes: who is there. Two are equal if command and process id are. */
public final class ProcessAddress extends SocketAddress {
    private static final long serialVersionUID = 1L;

    private final String command;
    private final long pid;

    /** Names the process {@code pid}, which runs {@code command}. */
    public ProcessAddress(String command, long pid) {
        this.command = command;
        this.pid = pid;
    }

    /** Returns the address of this process. */
    public static ProcessAddress ofThisProcess() {
        return new ProcessAddress("nbd4j", ProcessHandle.current().pid());
    }

    /** Returns the command, as it was given. */
    public String command() {
        return command;
    }

    /** Returns the process id. */
    public long pid() {
        return pid;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ProcessAddress that && pid == that.pid && command.equals(that.command);
    }

    @Override
    public int hashCode() {
        return 31 * Long.hashCode(pid) + command.hashCode();
    }

    /** Returns words for a log line, such as {@code nbdkit[4711]}. */
    @Override
    public String toString() {
        return command + '[' + pid + ']';
    }
}
