package io.nbd4j.testkit;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.util.Locale;

/**
 * Serves one NBD client over this process's standard input and output, which may be two pipes or one socket, and ends
 * with the connection. It is what a client can start as its subprocess.
 *
 * <p>Usage: {@code java -cp … io.nbd4j.testkit.StdioServer [--memory SIZE | --pattern SIZE] [--read-only]}, where SIZE
 * takes k, m, g or t (powers of 1024).
 */
public final class StdioServer {
    private StdioServer() {}

    /** Runs the server. With bad arguments it prints one line and the status is 1. */
    public static void main(String[] arguments) {
        Export export;
        try {
            export = parse(arguments);
        } catch (IllegalArgumentException e) {
            System.err.println("StdioServer: " + e.getMessage());
            System.exit(1);
            return;
        }
        serve(TestServer.builder().export("", export));
    }

    /** Serves what {@code server} describes over standard input and output. Returns when the connection has ended. */
    public static void serve(TestServer.Builder server) {
        System.setOut(System.err); // Standard output speaks NBD; a stray line on it would break the connection.
        server.serve(
                new FileInputStream(FileDescriptor.in).getChannel(),
                new FileOutputStream(FileDescriptor.out).getChannel());
    }

    private static Export parse(String[] arguments) {
        Export export = null;
        boolean readOnly = false;
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--memory", "--pattern" -> {
                    if (export != null) {
                        throw new IllegalArgumentException("only one of --memory and --pattern");
                    }
                    boolean memory = arguments[i].equals("--memory");
                    i++;
                    if (i == arguments.length) {
                        throw new IllegalArgumentException(arguments[i - 1] + " needs a size");
                    }
                    long size = parseSize(arguments[i]);
                    export = memory ? MemoryExport.ofSize(size) : PatternExport.ofSize(size);
                }
                case "--read-only" -> readOnly = true;
                default -> throw new IllegalArgumentException("unknown argument " + arguments[i]);
            }
        }
        if (export == null) {
            throw new IllegalArgumentException("--memory SIZE or --pattern SIZE is needed");
        }
        return readOnly ? new ReadOnlyExport(export) : export;
    }

    private static long parseSize(String text) {
        String digits = text.toLowerCase(Locale.ROOT);
        int shift = 0;
        if (!digits.isEmpty()) {
            shift = 10 * ("kmgt".indexOf(digits.charAt(digits.length() - 1)) + 1);
        }
        try {
            long number = Long.parseLong(shift == 0 ? digits : digits.substring(0, digits.length() - 1));
            if (number >= 0 && number <= Long.MAX_VALUE >> shift) {
                return number << shift;
            }
        } catch (NumberFormatException e) {
            // It is as wrong as a number that is out of range.
        }
        throw new IllegalArgumentException("'" + text + "' is no size");
    }
}
