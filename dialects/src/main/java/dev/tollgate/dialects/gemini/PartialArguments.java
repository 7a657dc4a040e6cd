package dev.tollgate.dialects.gemini;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ContainerNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.codec.Json;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of a call that comes in pieces, each with a JSON path and a value. Pieces whose
 * path is no path, or leads deeper or further than any call does, are left out.
 */
final class PartialArguments {
    private static final int MAX_INDEX = 100_000;
    private static final int MAX_STEPS = 100;

    private final int call;
    private ObjectNode args = Json.object();

    /** The text that goes on in the next piece, and where it belongs. */
    private final StringBuilder text = new StringBuilder();

    private @Nullable String continued;
    private int chars;

    /** Elements that stand before one that a path names, and may never come. */
    private int gaps;

    PartialArguments(int call) {
        this.call = call;
    }

    int call() {
        return call;
    }

    String json() {
        endText();
        return Json.write(args);
    }

    /** How long it is so far. */
    int chars() {
        return chars;
    }

    void add(JsonNode piece) {
        var whole = Json.objectIn(piece, "args");
        if (whole != null) {
            endText();
            args = whole.deepCopy();
        }
        for (var arg : piece.path("partialArgs")) {
            add(Json.textOr(arg, "jsonPath", "$"), arg);
        }
    }

    private void add(String path, JsonNode arg) {
        var value = value(arg);
        chars += path.length() + value.asText().length();
        if (!path.equals(continued) || !value.isTextual()) {
            endText();
        }
        if (value.isTextual()) {
            text.append(value.textValue());
            continued = path;
            if (!Json.isTrue(arg, "willContinue")) {
                endText();
            }
        } else {
            put(path, value);
        }
    }

    private void endText() {
        var path = continued;
        if (path != null) {
            continued = null;
            put(path, Json.object().textNode(text.toString()));
            text.setLength(0);
        }
    }

    private void put(String path, JsonNode value) {
        var steps = steps(path);
        if (steps.isEmpty() || steps.size() > MAX_STEPS) {
            return;
        }
        var holder = holder(steps);
        if (holder != null) {
            set(holder, steps.getLast(), value);
        }
    }

    private static JsonNode value(JsonNode arg) {
        for (var kind : List.of("stringValue", "numberValue", "boolValue")) {
            if (arg.has(kind)) {
                return arg.get(kind);
            }
        }
        return Json.object().nullNode();
    }

    /** The object or array that holds the last step, made where it is missing. */
    private @Nullable ContainerNode<?> holder(List<Object> steps) {
        ContainerNode<?> at = args;
        for (int i = 0; i + 1 < steps.size(); i++) {
            var next = get(at, steps.get(i));
            if (!(next instanceof ContainerNode<?>)) {
                next = steps.get(i + 1) instanceof Integer ? Json.array() : Json.object();
                if (!set(at, steps.get(i), next)) {
                    return null;
                }
            }
            at = (ContainerNode<?>) next;
        }
        return at;
    }

    private static @Nullable JsonNode get(ContainerNode<?> holder, Object step) {
        return step instanceof Integer index ? holder.get(index) : holder.get((String) step);
    }

    private boolean set(ContainerNode<?> holder, Object step, JsonNode value) {
        if (holder instanceof ArrayNode array && step instanceof Integer index) {
            gaps += Math.max(0, index - array.size());
            if (gaps > MAX_INDEX) {
                return false;
            }
            while (array.size() <= index) {
                array.addNull();
            }
            array.set(index, value);
            return true;
        }
        if (holder instanceof ObjectNode object && step instanceof String name) {
            object.set(name, value);
            return true;
        }
        return false;
    }

    /** {@code $.a[0]['b']} as a, 0, b. */
    private static List<Object> steps(String path) {
        var steps = new ArrayList<Object>();
        int i = path.startsWith("$") ? 1 : 0;
        while (i < path.length()) {
            char c = path.charAt(i);
            if (c == '.') {
                i++;
                continue;
            }
            if (c == '[') {
                int end = path.indexOf(']', i);
                if (end < 0) {
                    return List.of();
                }
                var inner = path.substring(i + 1, end);
                if (inner.matches("\\d{1,6}") && Integer.parseInt(inner) <= MAX_INDEX) {
                    steps.add(Integer.parseInt(inner));
                } else if (inner.matches("'.*'|\".*\"")) {
                    steps.add(inner.substring(1, inner.length() - 1));
                } else {
                    return List.of();
                }
                i = end + 1;
                continue;
            }
            int end = i;
            while (end < path.length() && path.charAt(end) != '.' && path.charAt(end) != '[') {
                end++;
            }
            steps.add(path.substring(i, end));
            i = end;
        }
        return steps;
    }
}
