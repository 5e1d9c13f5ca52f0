package io.nbd4j.tools.load;

import io.nbd4j.tools.ToolException;
import java.util.ArrayList;
import java.util.List;

/**
 * Splits a line into words where a shell would, and does nothing else that a shell does. Spaces and tabs end a word, unless
 * they are quoted: all between two {@code '}; all between two {@code "}, where a backslash stands before each {@code "} and each
 * backslash that is meant itself; or the one character behind a backslash.
 */
final class CommandWords {
    private static final char NO_QUOTE = 0;

    private final String line;
    private final List<String> words = new ArrayList<>();
    private final StringBuilder word = new StringBuilder();
    private boolean inWord;
    private int at;

    private CommandWords(String line) {
        this.line = line;
    }

    /**
     * Returns the words of a line.
     *
     * @throws ToolException if a quote has no end
     */
    static List<String> of(String line) {
        return new CommandWords(line).split();
    }

    private List<String> split() {
        char quote = NO_QUOTE;
        while (at < line.length()) {
            char c = line.charAt(at++);
            if (quote != NO_QUOTE) {
                if (c == quote) {
                    quote = NO_QUOTE;
                } else {
                    word.append(quote == '"' && c == '\\' && isEscaped(at) ? line.charAt(at++) : c);
                }
            } else if (c == ' ' || c == '\t') {
                endWord();
            } else {
                inWord = true;
                if (c == '\'' || c == '"') {
                    quote = c;
                } else {
                    word.append(c == '\\' ? escaped() : c);
                }
            }
        }
        if (quote != NO_QUOTE) {
            throw new ToolException("a " + quote + " without another that ends it");
        }
        endWord();
        return words;
    }

    private boolean isEscaped(int index) {
        return index < line.length() && (line.charAt(index) == '"' || line.charAt(index) == '\\');
    }

    private char escaped() {
        if (at == line.length()) {
            throw new ToolException("a \\ with nothing behind it");
        }
        return line.charAt(at++);
    }

    private void endWord() {
        if (inWord) {
            words.add(word.toString());
            word.setLength(0);
            inWord = false;
        }
    }
}
