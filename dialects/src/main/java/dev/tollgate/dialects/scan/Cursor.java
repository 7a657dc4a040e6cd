package dev.tollgate.dialects.scan;

import com.fasterxml.jackson.core.JsonToken;
import dev.tollgate.dialects.json.JsonCursor;
import java.io.IOException;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads a request's fields and refuses values of the wrong type by name. */
final class Cursor extends JsonCursor {
    Cursor(byte[] body) throws IOException {
        super(body);
    }

    /** A string, or null where the member is null. */
    @Nullable String string(String param) throws IOException, MalformedBody {
        if (isNull()) {
            return null;
        }
        if (!isString()) {
            throw wrongType(param, "a string");
        }
        return text();
    }

    /** A boolean; false where the member is null. */
    boolean bool(String param) throws IOException, MalformedBody {
        return switch (token()) {
            case VALUE_TRUE -> true;
            case VALUE_FALSE, VALUE_NULL -> false;
            default -> throw wrongType(param, "true or false");
        };
    }

    /** A whole number >= 0; empty where the member is null. */
    OptionalLong count(String param) throws IOException, MalformedBody {
        if (isNull()) {
            return OptionalLong.empty();
        }
        if (token() != JsonToken.VALUE_NUMBER_INT) {
            throw wrongType(param, "a whole number");
        }
        if (numberLength() > 18) {
            throw new MalformedBody(
                    "`" + param + "` is out of range (expected: a whole number below 10^18)",
                    param);
        }
        long value = number();
        if (value < 0) {
            throw new MalformedBody("`" + param + "` is " + value + " (expected: >= 0)", param);
        }
        return OptionalLong.of(value);
    }

    /** The spelling of a number, null where the member is null. */
    @Nullable String number(String param) throws IOException, MalformedBody {
        if (isNull()) {
            return null;
        }
        if (!token().isNumeric()) {
            throw wrongType(param, "a number");
        }
        return text();
    }

    void expectObject(String param) throws MalformedBody {
        if (!isObject()) {
            throw wrongType(param, "an object");
        }
    }

    void expectArray(String param) throws MalformedBody {
        if (!isArray()) {
            throw wrongType(param, "an array");
        }
    }

    MalformedBody wrongType(String param, String expected) {
        var found =
                switch (token()) {
                    case VALUE_STRING -> "a string";
                    case VALUE_NUMBER_INT -> "a whole number";
                    case VALUE_NUMBER_FLOAT -> "a number with a fraction or exponent";
                    case VALUE_TRUE, VALUE_FALSE -> "true or false";
                    case VALUE_NULL -> "null";
                    case START_ARRAY, END_ARRAY -> "an array";
                    case START_OBJECT, END_OBJECT -> "an object";
                    case FIELD_NAME, VALUE_EMBEDDED_OBJECT, NOT_AVAILABLE -> "something else";
                };
        return new MalformedBody(
                "`" + param + "` is " + found + " (expected: " + expected + ")", param);
    }

    /**
     * Refuses a name that differs from one of ours only in its case (and, where the dialect has two
     * spellings, in underscores): servers disagree on whether it is the same field.
     *
     * @param folded names that matter, in lower case
     */
    static void refuseVariant(String name, Set<String> folded, boolean underscoresToo)
            throws MalformedBody {
        boolean plain = !underscoresToo;
        for (int i = 0; plain && i < name.length(); i++) {
            char c = name.charAt(i);
            plain = c >= 'a' && c <= 'z' || c == '_' || c >= '0' && c <= '9';
        }
        if (plain) {
            return;
        }
        var upper = name.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
        var key = underscoresToo ? upper.replace("_", "") : upper;
        if (folded.contains(key)) {
            throw new MalformedBody(
                    "`"
                            + name
                            + "` is not a field, and would be read as one by some servers: spell it as"
                            + " the documentation does",
                    name);
        }
    }
}
