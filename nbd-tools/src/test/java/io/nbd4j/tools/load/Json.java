package io.nbd4j.tools.load;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** Reads the JSON that the command prints. */
public final class Json {
    private Json() {}

    /**
     * Returns the fields of exactly one object, and nothing else; those of a nested object with its name and a slash
     * before theirs. The objects of an array are named after their places, from 0 on.
     */
    public static Map<String, Object> parse(String text) throws IOException {
        Map<String, Object> fields = new LinkedHashMap<>();
        Deque<String> path = new ArrayDeque<>();
        // How many objects of it have come, for each array that is open.
        Deque<Integer> places = new ArrayDeque<>();
        try (JsonParser parser = new JsonFactory().createParser(text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new AssertionError("not an object: " + text);
            }
            boolean open = true;
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                if (!open) {
                    throw new AssertionError("more than one object: " + text);
                }
                String key = String.join("/", path) + (path.isEmpty() ? "" : "/") + parser.currentName();
                switch (token) {
                    case FIELD_NAME -> {}
                    case START_OBJECT -> {
                        String name = parser.currentName();
                        path.addLast(name != null ? name : String.valueOf(places.getLast()));
                        if (name == null) {
                            places.addLast(places.removeLast() + 1);
                        }
                    }
                    case START_ARRAY -> {
                        path.addLast(parser.currentName());
                        places.addLast(0);
                    }
                    case END_ARRAY -> {
                        path.removeLast();
                        places.removeLast();
                    }
                    case END_OBJECT -> open = path.pollLast() != null;
                    case VALUE_NUMBER_INT -> fields.put(key, parser.getLongValue());
                    case VALUE_NUMBER_FLOAT -> fields.put(key, parser.getDoubleValue());
                    case VALUE_STRING -> fields.put(key, parser.getText());
                    default -> throw new AssertionError("unexpected " + token + ": " + text);
                }
            }
            if (open) {
                throw new AssertionError("the object has no end: " + text);
            }
        }
        return fields;
    }

    /** Returns a number, which must be there. */
    public static double number(Map<String, Object> fields, String key) {
        return ((Number) Objects.requireNonNull(fields.get(key), key)).doubleValue();
    }
}
