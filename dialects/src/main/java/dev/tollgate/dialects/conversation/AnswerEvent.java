package dev.tollgate.dialects.conversation;

import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.Usage;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One step of a streamed answer. Tool calls are numbered from 0 over the whole stream; their deltas
 * may be interleaved. Nothing follows {@link Done} or {@link Failed}.
 */
public sealed interface AnswerEvent {

    /** A step of one answer, of the first where several were asked for. */
    sealed interface Said extends AnswerEvent {}

    /** Comes first, once. */
    record Start(@Nullable String id, @Nullable String model) implements AnswerEvent {}

    record TextDelta(String text) implements Said {}

    /** Of the tokens of the text delta that comes next. */
    record Logprobs(List<TokenLogprob> tokens) implements Said {
        public Logprobs {
            tokens = List.copyOf(tokens);
        }
    }

    record RefusalDelta(String text) implements Said {}

    record ReasoningDelta(String text) implements Said {}

    /** Signs the reasoning since the last signature (or the start). */
    record ReasoningSigned(Signature signature) implements Said {}

    /** A thought that only its issuer can read. */
    record ReasoningRedacted(Signature signature) implements Said {}

    record ToolCallStart(
            int call, String id, String name, boolean custom, @Nullable Signature signature)
            implements Said {}

    record ToolCallDelta(int call, String arguments) implements Said {}

    record ToolCallEnd(int call) implements Said {}

    /**
     * An image or another file that the model made.
     *
     * @param file a {@link Part.Image} or a {@link Part.Document}
     */
    record MediaMade(Part file) implements Said {}

    /** A source of the text so far; offsets count characters of the whole text. */
    record Cited(Citation citation) implements Said {}

    record Finished(FinishReason reason, String word, @Nullable String stopSequence)
            implements Said {}

    /**
     * A step of another answer to the same request, where the client asked for several.
     *
     * @param choice counted from 1, as the first answer is 0
     */
    record Of(int choice, Said step) implements AnswerEvent {}

    /** The usage so far, cumulative. */
    record UsageSeen(Usage usage) implements AnswerEvent {}

    /** The provider's terminal event. */
    record Done() implements AnswerEvent {}

    /** The provider reports an error within the stream. */
    record Failed(ErrorKind kind, String message) implements AnswerEvent {}

    /** Answers beyond these are read by nobody: no dialect lets a client ask for more. */
    int MAX_CHOICES = 128;

    /** Takes the events of one of several answers; what is no step of it is one of all. */
    static Consumer<AnswerEvent> of(int choice, Consumer<AnswerEvent> out) {
        return choice == 0
                ? out
                : event -> out.accept(event instanceof Said step ? new Of(choice, step) : event);
    }
}
