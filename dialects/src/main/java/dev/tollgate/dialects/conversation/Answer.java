package dev.tollgate.dialects.conversation;

import dev.tollgate.dialects.Usage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A complete answer.
 *
 * @param id the provider's, null if it gave none
 * @param model the provider's, null if it gave none
 * @param finishWord the provider's own word for the finish
 * @param stopSequence the stop sequence that was met, null if unknown
 * @param logprobs of the tokens of the text, empty if the provider named none
 */
public record Answer(
        @Nullable String id,
        @Nullable String model,
        List<Part> parts,
        FinishReason finish,
        @Nullable String finishWord,
        @Nullable String stopSequence,
        @Nullable Usage usage,
        List<TokenLogprob> logprobs) {

    public Answer {
        parts = List.copyOf(parts);
        logprobs = List.copyOf(logprobs);
    }

    public Answer(
            @Nullable String id,
            @Nullable String model,
            List<Part> parts,
            FinishReason finish,
            @Nullable String finishWord,
            @Nullable String stopSequence,
            @Nullable Usage usage) {
        this(id, model, parts, finish, finishWord, stopSequence, usage, List.of());
    }

    public Answer with(List<Part> parts, FinishReason finish) {
        return new Answer(id, model, parts, finish, finishWord, stopSequence, usage, logprobs);
    }

    /** Whether the model calls a tool. */
    public boolean callsTools() {
        return parts.stream().anyMatch(Part.ToolCall.class::isInstance);
    }
}
