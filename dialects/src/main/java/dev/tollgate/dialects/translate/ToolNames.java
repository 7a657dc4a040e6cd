package dev.tollgate.dialects.translate;

import dev.tollgate.dialects.codec.CallIds;
import dev.tollgate.dialects.codec.CustomTools;
import dev.tollgate.dialects.codec.Emulation;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.ProviderCodec;
import dev.tollgate.dialects.conversation.Conversation;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.Tool;
import dev.tollgate.dialects.conversation.ToolChoice;
import dev.tollgate.dialects.conversation.Turn;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The names of tools as the provider sees them, and back: names that its dialect does not allow are
 * cut and hashed, custom tools become functions with one text argument. Both directions follow from
 * the client's request alone, so nothing is remembered between request and answer.
 */
final class ToolNames {
    private static final int MAX_NAME_CHARS = 64;
    private static final int MAX_ID_CHARS = 40;

    private final ProviderCodec provider;
    private final boolean wrapCustom;
    private final Map<String, String> clients = new HashMap<>();
    private final Set<String> custom = new HashSet<>();

    ToolNames(Conversation conversation, ProviderCodec provider, boolean wrapCustom) {
        this.provider = provider;
        this.wrapCustom = wrapCustom;
        for (var tool : conversation.tools()) {
            var name = fitted(tool.name());
            if (!name.equals(tool.name())) {
                clients.put(name, tool.name());
            }
            if (tool.custom()) {
                custom.add(tool.name());
            }
        }
    }

    /** The client's name of a tool that the provider calls so. */
    String toClient(String name) {
        return clients.getOrDefault(name, name);
    }

    /** Whether the client knows this tool as one with free text input. */
    boolean isCustom(String clientName) {
        return custom.contains(clientName);
    }

    /** Whether the provider calls the tool that stands for a JSON answer. */
    static boolean isEmulation(String name) {
        return name.equals(Emulation.TOOL_NAME);
    }

    private String fitted(String name) {
        return CallIds.fitted(name, provider.toolNames(), MAX_NAME_CHARS);
    }

    /** The request as the provider shall see it. */
    Conversation toProvider(Conversation conversation) {
        var tools = new ArrayList<Tool>();
        for (var tool : conversation.tools()) {
            tools.add(tool(tool));
        }
        var turns = new ArrayList<Turn>();
        for (var turn : conversation.turns()) {
            var parts = new ArrayList<Part>();
            for (var part : turn.parts()) {
                parts.add(part(part));
            }
            turns.add(new Turn(turn.role(), parts));
        }
        return conversation.with(turns, tools, choice(conversation.toolChoice()));
    }

    private Tool tool(Tool tool) {
        if (tool.custom() && wrapCustom) {
            var parameters = Json.object().put("type", "object");
            parameters.putObject("properties").putObject("input").put("type", "string");
            parameters.putArray("required").add("input");
            parameters.put("additionalProperties", false);
            return new Tool(
                    fitted(tool.name()),
                    CustomTools.described(tool),
                    parameters,
                    null,
                    false,
                    tool.cache());
        }
        return new Tool(
                fitted(tool.name()),
                tool.description(),
                tool.parameters(),
                tool.strict(),
                tool.custom(),
                tool.cache(),
                tool.grammar());
    }

    private Part part(Part part) {
        return switch (part) {
            case Part.ToolCall(var id, var name, var arguments, var isCustom, var signature) -> {
                boolean wrap = isCustom && wrapCustom;
                yield new Part.ToolCall(
                        id(id),
                        fitted(name),
                        wrap ? Json.write(Json.object().put("input", arguments)) : arguments,
                        isCustom && !wrapCustom,
                        signature);
            }
            case Part.ToolResult(var id, var name, var content, var error, var cache) ->
                    new Part.ToolResult(
                            id(id), name == null ? null : fitted(name), content, error, cache);
            case Part.Text _,
                    Part.Image _,
                    Part.Document _,
                    Part.Audio _,
                    Part.Video _,
                    Part.Reasoning _,
                    Part.Refusal _ ->
                    part;
        };
    }

    private String id(String id) {
        return CallIds.fitted(id, provider.callIds(), MAX_ID_CHARS);
    }

    private @Nullable ToolChoice choice(@Nullable ToolChoice choice) {
        return switch (choice) {
            case null -> null;
            case ToolChoice.Named(var name) -> new ToolChoice.Named(fitted(name));
            case ToolChoice.Allowed(var names, var required) -> {
                List<String> fitted = names.stream().map(this::fitted).toList();
                yield new ToolChoice.Allowed(fitted, required);
            }
            case ToolChoice.Auto _, ToolChoice.None _, ToolChoice.Required _ -> choice;
        };
    }
}
