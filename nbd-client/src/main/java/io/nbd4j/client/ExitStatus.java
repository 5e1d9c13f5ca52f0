package io.nbd4j.client;

import java.io.Serializable;

/**
 * How a child process ended.
 *
 * @param code what it gave to {@code exit}, 0 to 255; -1 if a signal ended it, or if that is not known
 * @param signal the signal that ended it, 0 if it ended by itself, or if that is not known
 */
public record ExitStatus(int code, int signal) implements Serializable {
    /** Returns the status of a process that ended by itself. */
    public static ExitStatus exited(int code) {
        return new ExitStatus(code, 0);
    }

    /** Returns the status of a process that a signal ended. */
    public static ExitStatus signalled(int signal) {
        return new ExitStatus(-1, signal);
    }

    /** Returns the status of a process that somebody else reaped, so that nobody can tell how it ended. */
    public static ExitStatus unknown() {
        return new ExitStatus(-1, 0);
    }

    /** Returns whether the process ended by itself, with status 0. */
    public boolean isSuccess() {
        return code == 0;
    }

    /** Returns words for a message, such as {@code exit status 1} or {@code killed by SIGKILL}. */
    @Override
    public String toString() {
        if (equals(unknown())) {
            return "unknown exit status";
        }
        return signal == 0 ? "exit status " + code : "killed by " + signalName(signal);
    }

    private static String signalName(int signal) {
        return switch (signal) {
            case 1 -> "SIGHUP";
            case 2 -> "SIGINT";
            case 3 -> "SIGQUIT";
            case 4 -> "SIGILL";
            case 6 -> "SIGABRT";
            case 7 -> "SIGBUS";
            case 8 -> "SIGFPE";
            case 9 -> "SIGKILL";
            case 11 -> "SIGSEGV";
            case 13 -> "SIGPIPE";
            case 14 -> "SIGALRM";
            case 15 -> "SIGTERM";
            default -> "signal " + signal;
        };
    }
}
