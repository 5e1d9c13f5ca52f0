package io.nbd4j.client.internal.subprocess;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last bytes of a child's standard error, for error messages, and its lines, for the log.
 *
 * <p>One thread at a time feeds it ({@link #append}, {@link #end}); any thread reads it ({@link #text}, {@link #ended}).
 * The hand-over is a volatile reference to an array that is never changed once it is published, so a reader sees whole
 * pieces, and after {@link #ended} is done it sees all that came.
 */
public final class StderrTail {
    /** How many bytes are kept. */
    public static final int CAPACITY = 8 * 1024;

    /** How many bytes of one line are logged. */
    static final int LINE_LIMIT = 1024;

    private static final Logger LOG = LoggerFactory.getLogger("io.nbd4j.client.stderr");

    private final Consumer<String> lines;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final byte[] line = new byte[LINE_LIMIT];
    private int lineLength;
    private boolean lineIsCut;
    private volatile byte[] tail = {};

    /** Takes each line, escaped and bounded, for instance to log it. */
    StderrTail(Consumer<String> lines) {
        this.lines = lines;
    }

    /**
     * Returns a tail whose lines go to the logger {@code io.nbd4j.client.stderr} at DEBUG.
     *
     * @param command and {@code pid} stand before each line
     */
    public static StderrTail logging(String command, long pid) {
        String origin = PrintableText.escape(command) + '[' + pid + ']';
        return new StderrTail(line -> LOG.debug("{}: {}", origin, line));
    }

    /** Returns an empty tail that has ended: nothing is captured. */
    public static StderrTail none() {
        StderrTail none = new StderrTail(line -> {});
        none.end();
        return none;
    }

    /** Takes a copy of {@code length} bytes of {@code bytes} from {@code offset}. */
    public void append(byte[] bytes, int offset, int length) {
        byte[] before = tail;
        int added = Math.min(length, CAPACITY);
        int kept = Math.min(before.length, CAPACITY - added);
        byte[] after = Arrays.copyOfRange(before, before.length - kept, before.length + added);
        System.arraycopy(bytes, offset + length - added, after, kept, added);
        tail = after;
        for (int i = offset; i < offset + length; i++) {
            appendToLine(bytes[i]);
        }
    }

    /** Says that nothing follows. Later calls do nothing. */
    public void end() {
        if (lineLength > 0) {
            endLine();
        }
        ended.complete(null);
    }

    /** Returns a future that completes, never exceptionally, on the thread that calls {@link #end}. */
    public CompletableFuture<Void> ended() {
        return ended;
    }

    /** Returns what is kept, decoded as UTF-8; malformed bytes become U+FFFD. */
    public String text() {
        byte[] bytes = tail;
        int start = bytes.length < CAPACITY ? 0 : startOfCharacter(bytes);
        return new String(bytes, start, bytes.length - start, StandardCharsets.UTF_8);
    }

    /** Skips the end of a character whose beginning was dropped. */
    private static int startOfCharacter(byte[] bytes) {
        int start = 0;
        while (start < 3 && (bytes[start] & 0xc0) == 0x80) {
            start++;
        }
        return start;
    }

    private void appendToLine(byte b) {
        if (b == '\n') {
            endLine();
        } else if (lineLength < LINE_LIMIT) {
            line[lineLength++] = b;
        } else {
            lineIsCut = true;
        }
    }

    private void endLine() {
        int length = lineLength > 0 && line[lineLength - 1] == '\r' ? lineLength - 1 : lineLength;
        String text = PrintableText.escape(new String(line, 0, length, StandardCharsets.UTF_8));
        lines.accept(lineIsCut ? text + "…" : text);
        lineLength = 0;
        lineIsCut = false;
    }
}
