package dev.tollgate.dialects.gemini;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.ProviderUsage;
import dev.tollgate.dialects.codec.StreamFailures;
import dev.tollgate.dialects.codec.StreamReader;
import dev.tollgate.dialects.conversation.AnswerEvent;
import dev.tollgate.dialects.conversation.FinishReason;
import dev.tollgate.dialects.conversation.Signature;
import dev.tollgate.dialects.conversation.Signature.Issuer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads the chunks of a Gemini stream. Each is a whole answer with some parts; usage is cumulative,
 * the last value of each field counts. A call may come in pieces ({@code willContinue}, {@code
 * partialArgs}): it ends with a nameless piece, or where the next call or the stream ends. Any
 * chunk may carry a finish reason; the last one holds.
 */
final class GeminiStreamReader implements StreamReader {
    private final String idSeed;
    private final ObjectNode usage = Json.object();

    /** The text so far: its sources come at the end and count its bytes. */
    private final StringBuilder said = new StringBuilder();

    private int calls;
    private boolean started;
    private boolean spoke;
    private @Nullable PartialArguments open;
    private AnswerEvent.@Nullable Finished finished;

    GeminiStreamReader(String idSeed) {
        this.idSeed = idSeed;
    }

    @Override
    public void event(@Nullable String name, JsonNode data, Consumer<AnswerEvent> out) {
        var body = data.isArray() && data.size() == 1 ? data.get(0) : data;
        if (body.path("error").isObject()) {
            out.accept(StreamFailures.read(Dialect.GEMINI, body));
            return;
        }
        if (!started) {
            started = true;
            out.accept(
                    new AnswerEvent.Start(
                            Json.text(body, "responseId"), Json.text(body, "modelVersion")));
        }
        var candidate = body.path("candidates").path(0);
        var logprobs = GeminiLogprobs.read(candidate);
        if (!logprobs.isEmpty()) {
            out.accept(new AnswerEvent.Logprobs(logprobs));
        }
        for (var part : candidate.path("content").path("parts")) {
            part(part, out);
        }
        if (candidate.has("groundingMetadata")) {
            Grounding.read(candidate, 0, said.toString())
                    .forEach(each -> out.accept(new AnswerEvent.Cited(each)));
        }
        var blocked = GeminiAnswerReader.blocked(body);
        if (blocked != null) {
            spoke = true;
            out.accept(new AnswerEvent.RefusalDelta(blocked));
            finished =
                    new AnswerEvent.Finished(
                            FinishReason.CONTENT_FILTER,
                            body.path("promptFeedback").path("blockReason").asText(),
                            null);
        }
        var word = Json.text(candidate, "finishReason");
        if (word != null) {
            finished = new AnswerEvent.Finished(GeminiFinish.read(word), word, null);
        }
        usage(body.path("usageMetadata"), out);
    }

    private void usage(JsonNode seen, Consumer<AnswerEvent> out) {
        for (var field : seen.properties()) {
            usage.set(field.getKey(), field.getValue());
        }
        var read = ProviderUsage.read(Dialect.GEMINI, Json.object().set("usageMetadata", usage));
        if (read != null && !seen.isEmpty()) {
            out.accept(new AnswerEvent.UsageSeen(read));
        }
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

    @Override
    public int waitingChars() {
        return open == null ? 0 : open.chars();
    }

    @Override
    public void end(Consumer<AnswerEvent> out) {
        endCall(out);
        if (finished == null) {
            return;
        }
        if (!spoke && GeminiFinish.failed(finished.word())) {
            out.accept(
                    new AnswerEvent.Failed(
                            ErrorKind.UPSTREAM,
                            "the provider's model failed with " + finished.word()));
            return;
        }
        out.accept(finished);
        out.accept(new AnswerEvent.Done());
    }
}
