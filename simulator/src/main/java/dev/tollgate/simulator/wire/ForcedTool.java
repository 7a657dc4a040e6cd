package dev.tollgate.simulator.wire;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The one tool that a request makes the model call, in whichever dialect it is written. */
final class ForcedTool {
    private ForcedTool() {}

    /** Null if the model may answer in words, or has several tools to take from. */
    static @Nullable String of(JsonNode body) {
        var choice = body.path("tool_choice");
        var nested = choice.path("function").path("name");
        var named = nested.isTextual() ? nested : choice.path("name");
        if (named.isTextual()) {
            return named.textValue();
        }
        if (choice.asText().equals("required") || choice.path("type").asText().equals("any")) {
            return only(names(body.path("tools")));
        }
        var calling = body.path("toolConfig").path("functionCallingConfig");
        if (!calling.path("mode").asText().equals("ANY")) {
            return null;
        }
        var allowed = new ArrayList<String>();
        calling.path("allowedFunctionNames").forEach(name -> allowed.add(name.asText()));
        return only(allowed.isEmpty() ? names(body.path("tools")) : allowed);
    }

    private static List<String> names(JsonNode tools) {
        var names = new ArrayList<String>();
        for (var tool : tools) {
            var declared = tool.path("functionDeclarations");
            for (var function : declared) {
                names.add(function.path("name").asText());
            }
            if (declared.isMissingNode()) {
                var nested = tool.path("function").path("name");
                names.add((nested.isTextual() ? nested : tool.path("name")).asText());
            }
        }
        return names;
    }

    private static @Nullable String only(List<String> names) {
        return names.size() == 1 ? names.getFirst() : null;
    }
}
