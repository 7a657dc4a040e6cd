package dev.tollgate.dialects.conversation;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** One piece of a turn or of an answer. */
public sealed interface Part {

    /**
     * @param signature Gemini signs text too
     */
    record Text(
            String text,
            @Nullable CacheMarker cache,
            List<Citation> citations,
            @Nullable Signature signature)
            implements Part {
        public Text {
            citations = List.copyOf(citations);
        }

        public Text(String text) {
            this(text, null, List.of(), null);
        }

        public Text(String text, @Nullable CacheMarker cache) {
            this(text, cache, List.of(), null);
        }
    }

    /**
     * @param detail OpenAI's level of detail
     */
    record Image(Media media, @Nullable String detail, @Nullable CacheMarker cache)
            implements Part {}

    /** A PDF or a text file. */
    record Document(Media media, @Nullable String title, @Nullable CacheMarker cache)
            implements Part {}

    record Audio(Media media) implements Part {}

    record Video(Media media) implements Part {}

    /**
     * @param arguments JSON text of an object; for custom tools the bare input
     */
    record ToolCall(
            String id, String name, String arguments, boolean custom, @Nullable Signature signature)
            implements Part {}

    /**
     * @param name of the tool, null if the history does not say
     */
    record ToolResult(
            String callId,
            @Nullable String name,
            List<Part> content,
            boolean error,
            @Nullable CacheMarker cache)
            implements Part {
        public ToolResult {
            content = List.copyOf(content);
        }
    }

    /**
     * What the model thought.
     *
     * @param text empty if the issuer keeps it to itself
     * @param signature null if nobody vouches for the text
     * @param redacted whether the signature is the encrypted thought itself
     */
    record Reasoning(String text, @Nullable Signature signature, boolean redacted)
            implements Part {}

    record Refusal(String text) implements Part {}
}
