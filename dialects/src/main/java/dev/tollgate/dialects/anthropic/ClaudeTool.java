package dev.tollgate.dialects.anthropic;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.conversation.CacheMarker;
import dev.tollgate.dialects.conversation.Tool;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Tools that a client runs and whose arguments Claude knows by heart, so that requests name a type
 * alone. To other models they are functions with the arguments that Anthropic documents.
 */
enum ClaudeTool {
    BASH(
            "bash_",
            "bash",
            "Runs a command in a shell that stays open between calls.",
            List.of("command:string", "restart:boolean"),
            List.of(),
            List.of()),
    EDITOR(
            "text_editor_",
            "str_replace_based_edit_tool",
            "Views, creates and edits text files. Lines count from 1.",
            List.of(
                    "command:string",
                    "path:string",
                    "view_range:integers",
                    "file_text:string",
                    "old_str:string",
                    "new_str:string",
                    "insert_line:integer",
                    "insert_text:string"),
            List.of("view", "create", "str_replace", "insert"),
            List.of("command", "path")),
    MEMORY(
            "memory_",
            "memory",
            "Keeps notes for later conversations as text files below /memories.",
            List.of(
                    "command:string",
                    "path:string",
                    "view_range:integers",
                    "file_text:string",
                    "old_str:string",
                    "new_str:string",
                    "insert_line:integer",
                    "insert_text:string",
                    "old_path:string",
                    "new_path:string"),
            List.of("view", "create", "str_replace", "insert", "delete", "rename"),
            List.of("command"));

    private final String typePrefix;
    private final String name;
    private final String description;
    private final List<String> arguments;
    private final List<String> commands;
    private final List<String> required;

    ClaudeTool(
            String typePrefix,
            String name,
            String description,
            List<String> arguments,
            List<String> commands,
            List<String> required) {
        this.typePrefix = typePrefix;
        this.name = name;
        this.description = description;
        this.arguments = arguments;
        this.commands = commands;
        this.required = required;
    }

    /** Null for a type that is none of them. */
    static @Nullable ClaudeTool of(String type) {
        for (var tool : values()) {
            if (type.startsWith(tool.typePrefix)) {
                return tool;
            }
        }
        return null;
    }

    Tool tool(@Nullable String named, @Nullable CacheMarker cache) {
        return new Tool(named == null ? name : named, description, schema(), null, false, cache);
    }

    private ObjectNode schema() {
        var schema = Json.object().put("type", "object");
        var properties = schema.putObject("properties");
        for (var argument : arguments) {
            int colon = argument.indexOf(':');
            var property = properties.putObject(argument.substring(0, colon));
            var type = argument.substring(colon + 1);
            if (type.equals("integers")) {
                property.put("type", "array").putObject("items").put("type", "integer");
            } else {
                property.put("type", type);
            }
        }
        if (!commands.isEmpty()) {
            var allowed = properties.withObject("/command").putArray("enum");
            commands.forEach(allowed::add);
        }
        if (!required.isEmpty()) {
            var names = schema.putArray("required");
            required.forEach(names::add);
        }
        return schema;
    }
}
