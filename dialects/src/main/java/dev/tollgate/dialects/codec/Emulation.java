package dev.tollgate.dialects.codec;

import dev.tollgate.dialects.conversation.OutputFormat;
import dev.tollgate.dialects.conversation.Tool;

/**
 * A JSON answer from a dialect that cannot promise one: the model is made to call a tool whose
 * arguments are the answer. Whoever reads the answer knows the tool by its name and gives the
 * arguments to the client as text.
 */
public final class Emulation {
    /** No client may name a tool so. */
    public static final String TOOL_NAME = "tollgate_json_answer";

    public static final String JSON_OBJECT_INSTRUCTION =
            "Give your final answer by calling the tool "
                    + TOOL_NAME
                    + ". Its arguments are the JSON object that is your answer.";

    private Emulation() {}

    /** The tool for a format other than {@link OutputFormat.Free}. */
    public static Tool tool(OutputFormat format) {
        var description = "Gives the final answer. Call it once, with the whole answer.";
        return switch (format) {
            case OutputFormat.JsonSchema(_, var text, var schema, _, _) ->
                    new Tool(
                            TOOL_NAME,
                            text == null ? description : description + " " + text,
                            schema,
                            null,
                            false,
                            null);
            case OutputFormat.JsonObject(), OutputFormat.Free() ->
                    new Tool(
                            TOOL_NAME,
                            description,
                            Json.object().put("type", "object").put("additionalProperties", true),
                            null,
                            false,
                            null);
        };
    }
}
