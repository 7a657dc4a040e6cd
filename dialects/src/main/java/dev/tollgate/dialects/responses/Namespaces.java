package dev.tollgate.dialects.responses;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.tollgate.dialects.codec.CallIds;
import dev.tollgate.dialects.codec.Json;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The names of a request's tools in dialects without namespaces, and back. A tool keeps its name
 * where no other has it; else that of its namespace stands before it. All follows from the client's
 * request, so nothing is remembered between request and answer.
 */
final class Namespaces {
    /** The type of an item of the input that declares tools. */
    static final String DECLARING_ITEM = "additional_tools";

    private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9_-]+");
    private static final int MAX_NAME_CHARS = 64;
    private static final int HASH_CHARS = 8;

    /**
     * A tool as its client knows it.
     *
     * @param namespace null if it is in none
     */
    record Known(@Nullable String namespace, String name) {}

    private final Map<Known, String> flat = new LinkedHashMap<>();
    private final Map<String, Known> known = new HashMap<>();

    /**
     * @param body the client's request
     */
    Namespaces(JsonNode body) {
        var all = new LinkedHashSet<Known>();
        collect(null, body.path("tools"), all);
        for (var item : declaring(body.path("input"))) {
            collect(null, item.path("tools"), all);
        }
        var sharing = new HashMap<String, Integer>();
        all.forEach(tool -> sharing.merge(tool.name(), 1, Integer::sum));
        for (var tool : all) {
            if (tool.namespace() == null || sharing.getOrDefault(tool.name(), 1) == 1) {
                put(tool, tool.name());
            }
        }
        for (var tool : all) {
            var namespace = tool.namespace();
            if (namespace != null && sharing.getOrDefault(tool.name(), 1) > 1) {
                put(tool, unshared(namespace, tool.name()));
            }
        }
    }

    /** The items of an input that declare tools. */
    static ArrayNode declaring(JsonNode input) {
        var items = Json.array();
        for (var item : input) {
            if (DECLARING_ITEM.equals(Json.text(item, "type"))) {
                items.add(item);
            }
        }
        return items;
    }

    private static void collect(@Nullable String namespace, JsonNode tools, Set<Known> all) {
        for (var tool : tools) {
            var name = Json.text(tool, "name");
            switch (Json.textOr(tool, "type", "function")) {
                case "function", "custom" -> {
                    if (name != null) {
                        all.add(new Known(namespace, name));
                    }
                }
                case "namespace" -> collect(name == null ? "" : name, tool.path("tools"), all);
                default -> {
                    // the provider's own
                }
            }
        }
    }

    private void put(Known tool, String name) {
        flat.put(tool, name);
        known.put(name, tool);
    }

    private String unshared(String namespace, String name) {
        var both = joined(namespace, name);
        if (!known.containsKey(both)) {
            return both;
        }
        int room = MAX_NAME_CHARS - HASH_CHARS - 1;
        return both.substring(0, Math.min(both.length(), room))
                + "_"
                + CallIds.hashed(namespace + "\n" + name, HASH_CHARS);
    }

    private static String joined(String namespace, String name) {
        return CallIds.fitted(namespace + "__" + name, NAME, MAX_NAME_CHARS);
    }

    /** The name without a namespace. The history may name tools that are declared no more. */
    String flat(@Nullable String namespace, String name) {
        var declared = flat.get(new Known(namespace, name));
        if (declared != null) {
            return declared;
        }
        if (namespace != null) {
            return known.containsKey(name) ? joined(namespace, name) : name;
        }
        for (var tool : flat.entrySet()) {
            if (tool.getKey().name().equals(name)) {
                return tool.getValue();
            }
        }
        return name;
    }

    /** The tool of this name, as its client knows it. */
    Known known(String flatName) {
        var tool = known.get(flatName);
        return tool == null ? new Known(null, flatName) : tool;
    }
}
