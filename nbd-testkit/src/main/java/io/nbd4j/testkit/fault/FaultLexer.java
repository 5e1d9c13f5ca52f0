package io.nbd4j.testkit.fault;

import java.util.ArrayList;
import java.util.List;

/** Takes the text of a rule apart: words, quoted texts, colons. Knows where each begins. */
final class FaultLexer {
    private final String text;
    private final List<Token> tokens = new ArrayList<>();
    private int next;

    /** @throws IllegalArgumentException if a quoted text has no end */
    FaultLexer(String text) {
        this.text = text;
        int at = 0;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (Character.isWhitespace(c)) {
                at++;
            } else if (c == '\'') {
                at = quoted(at);
            } else if (c == ':') {
                tokens.add(new Token(at, ":", false));
                at++;
            } else {
                at = word(at);
            }
        }
    }

    private int quoted(int start) {
        StringBuilder content = new StringBuilder();
        int at = start + 1;
        while (at < text.length()) {
            if (text.charAt(at) != '\'') {
                content.append(text.charAt(at));
                at++;
            } else if (text.startsWith("''", at)) {
                content.append('\'');
                at += 2;
            } else {
                tokens.add(new Token(start, content.toString(), true));
                return at + 1;
            }
        }
        throw error(start, "the quote has no end");
    }

    private int word(int start) {
        int at = start;
        while (at < text.length()
                && !Character.isWhitespace(text.charAt(at))
                && text.charAt(at) != ':'
                && text.charAt(at) != '\'') {
            at++;
        }
        tokens.add(new Token(start, text.substring(start, at), false));
        return at;
    }

    /** Returns whether the next token is this word, whatever its case, and takes it then. */
    boolean takeIf(String word) {
        if (next < tokens.size()
                && !tokens.get(next).quoted
                && tokens.get(next).text.equalsIgnoreCase(word)) {
            next++;
            return true;
        }
        return false;
    }

    void require(String word) {
        if (!takeIf(word)) {
            throw error("expected '" + word + "'");
        }
    }

    /** Takes a word. */
    Token word(String what) {
        if (next == tokens.size()
                || tokens.get(next).quoted
                || tokens.get(next).text.equals(":")) {
            throw error("expected " + what);
        }
        return tokens.get(next++);
    }

    /** Takes a quoted text, which may be left out where {@code optional}. */
    String quoted(boolean optional) {
        if (next < tokens.size() && tokens.get(next).quoted) {
            return tokens.get(next++).text;
        }
        if (optional) {
            return "";
        }
        throw error("expected a text in single quotes");
    }

    boolean isAtEnd() {
        return next == tokens.size();
    }

    void requireEnd() {
        if (!isAtEnd()) {
            throw error("expected the end of the rule");
        }
    }

    /** An error at the next token. */
    IllegalArgumentException error(String problem) {
        if (isAtEnd()) {
            return error(text.length(), problem + " at the end");
        }
        Token token = tokens.get(next);
        return error(token.start, problem + ", found '" + token.text + "'");
    }

    IllegalArgumentException error(Token token, String problem) {
        return error(token.start, problem);
    }

    private IllegalArgumentException error(int at, String problem) {
        return new IllegalArgumentException("fault rule '" + text.strip() + "', column " + (at + 1) + ": " + problem);
    }

    /** A part of a rule, with its place in the text. */
    record Token(int start, String text, boolean quoted) {}
}
