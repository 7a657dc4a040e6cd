package dev.tollgate.dialects.conversation;

import dev.tollgate.dialects.Usage;
import java.util.ArrayList;
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
 * @param others what the model answered beside this, where the client asked for several
 */
public record Answer(
        @Nullable String id,
        @Nullable String model,
        List<Part> parts,
        FinishReason finish,
        @Nullable String finishWord,
        @Nullable String stopSequence,
        @Nullable Usage usage,
        List<TokenLogprob> logprobs,
        List<Choice> others) {

    /** One of several answers to the same request. */
    public record Choice(
            List<Part> parts,
            FinishReason finish,
            @Nullable String finishWord,
            List<TokenLogprob> logprobs) {

        public Choice {
            parts = List.copyOf(parts);
            logprobs = List.copyOf(logprobs);
        }

        public Choice with(List<Part> parts, FinishReason finish) {
            return new Choice(parts, finish, finishWord, logprobs);
        }
    }

    public Answer {
        parts = List.copyOf(parts);
        logprobs = List.copyOf(logprobs);
        others = List.copyOf(others);
    }

    public Answer(
            @Nullable String id,
            @Nullable String model,
            List<Part> parts,
            FinishReason finish,
            @Nullable String finishWord,
            @Nullable String stopSequence,
            @Nullable Usage usage) {
        this(id, model, parts, finish, finishWord, stopSequence, usage, List.of(), List.of());
    }

    /** An answer of these choices, of which there is at least one, in their order. */
    public static Answer of(
            @Nullable String id,
            @Nullable String model,
            List<Choice> choices,
            @Nullable Usage usage) {
        return new Answer(id, model, List.of(), FinishReason.STOP, null, null, usage).with(choices);
    }

    /** The same with these choices, of which there is at least one. */
    public Answer with(List<Choice> choices) {
        var first = choices.getFirst();
        return new Answer(
                id,
                model,
                first.parts(),
                first.finish(),
                first.finishWord(),
                stopSequence,
                usage,
                first.logprobs(),
                choices.subList(1, choices.size()));
    }

    /** This answer and those beside it. */
    public List<Choice> choices() {
        var choices = new ArrayList<Choice>();
        choices.add(new Choice(parts, finish, finishWord, logprobs));
        choices.addAll(others);
        return choices;
    }

    /** Whether the model calls a tool. */
    public boolean callsTools() {
        return parts.stream().anyMatch(Part.ToolCall.class::isInstance);
    }
}
