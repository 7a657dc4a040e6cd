package dev.tollgate.policy.snapshot;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes plain values (maps, lists, strings, whole numbers, booleans) as canonical JSON: members
 * sorted by UTF-16 code unit, no white space, the escapes of RFC 8785. There are no floats and no
 * nulls. Whole numbers are written in full, also above 2^53, where RFC 8785 would ask for a double:
 * every reader of a snapshot is this project's own.
 */
final class CanonicalJson {

    private static final char[] HEX = "0123456789abcdef".toCharArray();
    private static final int INITIAL_CHARS = 64 * 1024;

    private final StringBuilder out = new StringBuilder(INITIAL_CHARS);

    private CanonicalJson() {}

    static byte[] write(Object value) {
        var json = new CanonicalJson();
        json.value(value);
        return json.out.toString().getBytes(StandardCharsets.UTF_8);
    }

    private void value(Object value) {
        switch (value) {
            case Map<?, ?> map -> object(map);
            case List<?> list -> array(list);
            case String string -> string(string);
            case Long number -> out.append(number.longValue());
            case Integer number -> out.append(number.intValue());
            case Boolean bool -> out.append(bool.booleanValue());
            default ->
                    throw new IllegalArgumentException(
                            "value: "
                                    + value.getClass()
                                    + " (expected: a map, list, string, whole number or boolean)");
        }
    }

    private void object(Map<?, ?> map) {
        var sorted = new TreeMap<String, Object>();
        map.forEach((name, value) -> sorted.put((String) name, value));
        out.append('{');
        boolean first = true;
        for (var member : sorted.entrySet()) {
            if (!first) {
                out.append(',');
            }
            first = false;
            string(member.getKey());
            out.append(':');
            value(member.getValue());
        }
        out.append('}');
    }

    private void array(List<?> list) {
        out.append('[');
        for (int i = 0; i < list.size(); i++) {
            if (i > 0) {
                out.append(',');
            }
            value(list.get(i));
        }
        out.append(']');
    }

    private void string(String string) {
        out.append('"');
        for (int i = 0; i < string.length(); i++) {
            char c = string.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < 0x20) {
                        out.append("\\u00").append(HEX[c >> 4]).append(HEX[c & 0xf]);
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
