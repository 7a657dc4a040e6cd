package dev.tollgate.dialects.conversation;

import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.Usage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One step of a streamed answer. Tool calls are numbered from 0 over the whole stream; their deltas
 * may be interleaved. Nothing follows {@link Done} or {@link Failed}.
 */
public sealed interface AnswerEvent {

    /** Comes first, once. */
    record Start(@Nullable String id, @Nullable String model) implements AnswerEvent {}

    record TextDelta(String text) implements AnswerEvent {}

    /** Of the tokens of the text delta that comes next. */
    record Logprobs(List<TokenLogprob> tokens) implements AnswerEvent {
        public Logprobs {
            tokens = List.copyOf(tokens);
        }
    }

    record RefusalDelta(String text) implements AnswerEvent {}

    record ReasoningDelta(String text) implements AnswerEvent {}

    /** Signs the reasoning since the last signature (or the start). */
    record ReasoningSigned(Signature signature) implements AnswerEvent {}

    /** A thought that only its issuer can read. */
    record ReasoningRedacted(Signature signature) implements AnswerEvent {}

    record ToolCallStart(
            int call, String id, String name, boolean custom, @Nullable Signature signature)
            implements AnswerEvent {}

    record ToolCallDelta(int call, String arguments) implements AnswerEvent {}

    record ToolCallEnd(int call) implements AnswerEvent {}

    /** A source of the text so far; offsets count characters of the whole text. */
    record Cited(Citation citation) implements AnswerEvent {}

    record Finished(FinishReason reason, String word, @Nullable String stopSequence)
            implements AnswerEvent {}

    /** The usage so far, cumulative. */
    record UsageSeen(Usage usage) implements AnswerEvent {}

    /** The provider's terminal event. */
    record Done() implements AnswerEvent {}

    /** The provider reports an error within the stream. */
    record Failed(ErrorKind kind, String message) implements AnswerEvent {}
}
