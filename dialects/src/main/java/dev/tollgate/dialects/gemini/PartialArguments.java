package dev.tollgate.dialects.gemini;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ContainerNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.codec.Json;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The arguments of a call that comes in pieces, each with a JSON path and a value. */
final class PartialArguments {
    private static final int MAX_INDEX = 100_000;

    private final int call;
    private ObjectNode args = Json.object();
    private @Nullable String continued;

    PartialArguments(int call) {
        this.call = call;
    }

    int call() {
        return call;
    }

    String json() {
        return Json.write(args);
    }

    void add(JsonNode piece) {
        var whole = Json.objectIn(piece, "args");
        if (whole != null) {
            args = whole.deepCopy();
        }
        for (var arg : piece.path("partialArgs")) {
            add(Json.textOr(arg, "jsonPath", "$"), arg);
        }
    }

    private void add(String path, JsonNode arg) {
        var steps = steps(path);
        if (steps.isEmpty()) {
            return;
        }
        var value = value(arg);
        var holder = holder(steps);
        var last = steps.getLast();
        if (holder == null) {
            return;
        }
        var old = get(holder, last);
        if (value.isTextual() && old != null && old.isTextual() && path.equals(continued)) {
            value = Json.object().textNode(old.textValue() + value.textValue());
        }
        set(holder, last, value);
        continued = Json.isTrue(arg, "willContinue") ? path : null;
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

    private static boolean set(ContainerNode<?> holder, Object step, JsonNode value) {
        if (holder instanceof ArrayNode array && step instanceof Integer index) {
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
