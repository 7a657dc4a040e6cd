package dev.tollgate.dialects.gemini;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.conversation.AnswerEvent;
import dev.tollgate.dialects.conversation.FinishReason;
import dev.tollgate.dialects.conversation.Signature;
import dev.tollgate.dialects.conversation.Signature.Issuer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads what the chunks of a stream hold of one candidate. A call may come in pieces ({@code
 * willContinue}, {@code partialArgs}): it ends with a nameless piece, or where the next call or the
 * stream ends. Any chunk may carry a finish reason; the last one holds.
 */
final class GeminiCandidateReader {
    private final String idSeed;

    /** The text so far: its sources come at the end and count its bytes. */
    private final StringBuilder said = new StringBuilder();

    private int calls;
    private boolean spoke;
    private @Nullable PartialArguments open;
    private AnswerEvent.@Nullable Finished finished;

    GeminiCandidateReader(String idSeed) {
        this.idSeed = idSeed;
    }

    void candidate(JsonNode candidate, Consumer<AnswerEvent> out) {
        var logprobs = GeminiLogprobs.read(candidate);
        if (!logprobs.isEmpty()) {
            out.accept(new AnswerEvent.Logprobs(logprobs));
        }
        for (var part : candidate.path("content").path("parts")) {
            part(part, out);
        }
        if (candidate.has("groundingMetadata")) {
            Grounding.read(candidate, said.toString())
                    .forEach(each -> out.accept(new AnswerEvent.Cited(each)));
        }
        var word = Json.text(candidate, "finishReason");
        if (word != null) {
            finished = new AnswerEvent.Finished(GeminiFinish.read(word), word, null);
        }
    }

    /** The prompt was blocked, which is all that this answer says. */
    void blocked(String explanation, String word, Consumer<AnswerEvent> out) {
        spoke = true;
        out.accept(new AnswerEvent.RefusalDelta(explanation));
        finished = new AnswerEvent.Finished(FinishReason.CONTENT_FILTER, word, null);
    }

    private void part(JsonNode part, Consumer<AnswerEvent> out) {
        var signature = Signature.read(Json.text(part, "thoughtSignature"), Issuer.GEMINI);
        var text = Json.text(part, "text");
        if (text != null) {
            endCall(out);
            text(text, Json.isTrue(part, "thought"), signature, out);
            return;
        }
        var call = Json.objectIn(part, "functionCall");
        if (call == null) {
            var file = GeminiAnswerReader.made(part);
            if (file != null) {
                spoke = true;
                out.accept(new AnswerEvent.MediaMade(file));
            }
            return;
        }
        var name = Json.text(call, "name");
        if (name != null) {
            endCall(out);
            spoke = true;
            open = new PartialArguments(calls);
            out.accept(
                    new AnswerEvent.ToolCallStart(
                            calls,
                            GeminiAnswerReader.id(call, idSeed, calls),
                            name,
                            false,
                            signature));
            calls++;
        }
        if (open != null) {
            open.add(call);
        }
        if (!Json.isTrue(call, "willContinue")) {
            endCall(out);
        }
    }

    private void text(
            String text,
            boolean thought,
            @Nullable Signature signature,
            Consumer<AnswerEvent> out) {
        if (!text.isEmpty()) {
            spoke = true;
            if (!thought) {
                said.append(text);
            }
            out.accept(
                    thought
                            ? new AnswerEvent.ReasoningDelta(text)
                            : new AnswerEvent.TextDelta(text));
        }
        if (thought && signature != null) {
            out.accept(new AnswerEvent.ReasoningSigned(signature));
        }
    }

    private void endCall(Consumer<AnswerEvent> out) {
        if (open != null) {
            out.accept(new AnswerEvent.ToolCallDelta(open.call(), open.json()));
            out.accept(new AnswerEvent.ToolCallEnd(open.call()));
            open = null;
        }
    }

    int waitingChars() {
        return open == null ? 0 : open.chars();
    }

    /** Ends what is open; whether the answer has come to its end. */
    boolean end(Consumer<AnswerEvent> out) {
        endCall(out);
        if (finished == null) {
            return false;
        }
        if (!spoke && GeminiFinish.failed(finished.word())) {
            out.accept(
                    new AnswerEvent.Failed(
                            ErrorKind.UPSTREAM,
                            "the provider's model failed with " + finished.word()));
            return false;
        }
        out.accept(finished);
        return true;
    }
}
