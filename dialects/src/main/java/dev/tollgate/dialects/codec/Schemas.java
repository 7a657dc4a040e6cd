package dev.tollgate.dialects.codec;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.conversation.OutputFormat;
import org.jspecify.annotations.Nullable;

/** Schemas of answers, as far as dialects differ in what they take. */
public final class Schemas {
    private Schemas() {}

    /**
     * OpenAI takes schemas of objects alone, and so does a tool that stands for the answer; Gemini
     * takes lists and enums too.
     *
     * @return why the format cannot be carried, null if it can
     */
    public static Written.@Nullable Refused refusal(OutputFormat format) {
        if (!(format instanceof OutputFormat.JsonSchema wanted) || isObject(wanted.schema())) {
            return null;
        }
        return new Written.Refused(
                "the schema of the answer must be that of an object (expected: type object, got: "
                        + wanted.schema().path("type")
                        + ")",
                "response schema");
    }

    private static boolean isObject(ObjectNode schema) {
        var type = schema.path("type");
        return type.isMissingNode() || "object".equals(type.asText());
    }
}
