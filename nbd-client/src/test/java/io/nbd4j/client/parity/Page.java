package io.nbd4j.client.parity;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A page of the documentation, as its tables. What stands in backquotes and is written like a class of Java, with or without a
 * member behind {@code #}, is a name of the project: see {@link CodeIndex}.
 *
 * @param rows of all tables, without their heads
 * @param names of the project, wherever they stand
 */
record Page(List<Row> rows, List<String> names) {
    private static final Pattern CODE = Pattern.compile("`([^`\n]+)`");
    private static final Pattern NAME =
            Pattern.compile("(?:[a-z]\\w*\\.)*(?:[A-Z]\\w*[a-z]\\w*)(?:\\.[A-Z]\\w*)*(?:#\\w+)?");
    private static final Pattern BORDER = Pattern.compile("(?<!\\\\)\\|");
    private static final Pattern RULE = Pattern.compile("\\|( *:?-+:? *\\|)+");

    /**
     * A row of a table.
     *
     * @param section the heading above the table
     */
    record Row(String section, List<String> cells) {
        /** Returns a cell, empty where the row is short. */
        String cell(int column) {
            return column < cells.size() ? cells.get(column) : "";
        }

        /** Returns what stands in backquotes in a cell. */
        List<String> codes(int column) {
            return codesOf(cell(column));
        }

        /** Returns the names of the project in a cell. */
        List<String> names(int column) {
            return namesOf(cell(column));
        }
    }

    /** Reads a page of the directory docs. */
    static Page ofDocs(String file) {
        try {
            return of(Files.readString(CodeIndex.ROOT.resolve(Path.of("docs", file))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Page of(String text) {
        List<Row> rows = new ArrayList<>();
        List<String> lines = text.lines().toList();
        String section = "";
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (line.startsWith("#")) {
                section = line.replaceFirst("^#+ *", "");
            }
            boolean head =
                    i + 1 < lines.size() && RULE.matcher(lines.get(i + 1)).matches();
            if (line.startsWith("|") && !head && !RULE.matcher(line).matches()) {
                rows.add(new Row(section, cellsOf(line)));
            }
        }
        return new Page(rows, namesOf(text));
    }

    private static List<String> cellsOf(String line) {
        String inner = line.strip().replaceFirst("^\\|", "").replaceFirst("\\|$", "");
        return BORDER.splitAsStream(inner).map(String::strip).toList();
    }

    private static List<String> codesOf(String text) {
        return CODE.matcher(text).results().map(code -> code.group(1)).toList();
    }

    private static List<String> namesOf(String text) {
        return codesOf(text).stream()
                .filter(code -> NAME.matcher(code).matches())
                .toList();
    }

    /** Returns the rows of the sections whose heading begins with {@code heading}. */
    List<Row> rowsOf(String heading) {
        return rows.stream().filter(row -> row.section().startsWith(heading)).toList();
    }
}
