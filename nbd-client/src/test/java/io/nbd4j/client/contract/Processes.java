package io.nbd4j.client.contract;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** What the kernel says about processes, since the JDK's view waits for whoever reaps them. */
public final class Processes {
    private static final Path PROC = Path.of("/proc");

    private Processes() {}

    /** Returns whether the process has ended, be it reaped or not. */
    public static boolean isGone(long pid) {
        String state = status(PROC.resolve(String.valueOf(pid)));
        return state.isEmpty() || state.startsWith("Z") || state.startsWith("X");
    }

    /** Returns the children of this process that have ended and that nobody has reaped. */
    public static List<Path> ownZombies() {
        try (Stream<Path> entries = Files.list(PROC)) {
            return entries.filter(entry ->
                            Character.isDigit(entry.getFileName().toString().charAt(0)))
                    .filter(entry -> status(entry)
                            .startsWith("Z " + ProcessHandle.current().pid() + " "))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the CPU time that the calling thread has used, in ticks of the kernel, a hundred a second. */
    public static long cpuTicksOfThisThread() {
        String[] fields = status(PROC.resolve("thread-self")).split(" ", -1);
        // These are utime and stime, the fields 14 and 15 of the file; the first two are not in the text.
        return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    }

    /** Sends SIGKILL. */
    public static void kill(long pid) {
        signal("KILL", pid);
    }

    /**
     * Sends SIGSTOP, and waits until it has stopped every thread: the kernel stops them only once the one that took the signal
     * has run, and until then the others go on.
     */
    public static void stop(long pid) {
        signal("STOP", pid);
        await().pollInterval(Duration.ofMillis(1)).until(() -> isStopped(pid));
    }

    private static boolean isStopped(long pid) {
        try (Stream<Path> threads = Files.list(PROC.resolve(String.valueOf(pid)).resolve("task"))) {
            return threads.allMatch(thread -> status(thread).startsWith("T"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends a signal. */
    public static void signal(String name, long pid) {
        try {
            Process kill = new ProcessBuilder("kill", "-" + name, String.valueOf(pid))
                    .inheritIO()
                    .start();
            if (!kill.waitFor(10, TimeUnit.SECONDS) || kill.exitValue() != 0) {
                throw new IllegalStateException("can't send SIG" + name + " to " + pid);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Returns the letter of the state, the parent's process id, and what follows; empty if there is no such process. */
    private static String status(Path process) {
        try {
            String text = Files.readString(process.resolve("stat"));
            return text.substring(text.lastIndexOf(')') + 2);
        } catch (IOException e) {
            return ""; // It has ended and was reaped, maybe while its file was read.
        }
    }
}
