package dev.tollgate.dialects.openai;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.codec.CallIds;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.Logprobs;
import dev.tollgate.dialects.codec.MadeMedia;
import dev.tollgate.dialects.codec.StreamFailures;
import dev.tollgate.dialects.conversation.AnswerEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Reads the deltas of one choice. A tool call is known by its index; where a server gives several
 * calls the same index, a new id starts a new call, and without ids a name does once the arguments
 * before it are whole.
 */
final class ChatChoiceReader {
    private static final class Call {
        final int number;
        String id = "";
        String name = "";
        final StringBuilder early = new StringBuilder();
        final WholeJson arguments = new WholeJson();
        boolean started;

        Call(int number) {
            this.number = number;
        }

        /** Whether this piece with a name begins another call. */
        boolean isFollowedBy(String nextId, String nextName, String text) {
            if (nextId.isEmpty()) {
                return !name.isEmpty()
                        && arguments.isWhole()
                        && !(nextName.equals(name) && text.isBlank());
            }
            return !id.isEmpty() && !nextId.equals(id);
        }
    }

    private final String idSeed;
    private final List<Call> calls = new ArrayList<>();
    private final Map<Integer, Call> byIndex = new HashMap<>();
    private final SearchResults results = new SearchResults();
    private final ReasoningDetails details = new ReasoningDetails();
    private boolean spoke;
    private boolean emptyFinish;
    private boolean finished;
    private int callsSeen;
    private int earlyChars;

    ChatChoiceReader(String idSeed) {
        this.idSeed = idSeed;
    }

    /** Looks for the sources that stand beside the choices. */
    void beside(JsonNode chunk) {
        results.seen(chunk);
    }

    boolean finished() {
        return finished;
    }

    int waitingChars() {
        return earlyChars + details.chars();
    }

    void choice(JsonNode choice, Consumer<AnswerEvent> sink) {
        Consumer<AnswerEvent> out =
                event -> {
                    spoke = true;
                    sink.accept(event);
                };
        var delta = choice.path("delta");
        details.delta(delta, out);
        var logprobs = Logprobs.read(choice.path("logprobs").path("content"));
        if (!logprobs.isEmpty()) {
            out.accept(new AnswerEvent.Logprobs(logprobs));
        }
        content(delta.path("content"), out);
        for (var annotation : Json.arrayIn(delta, "annotations")) {
            var citation = ChatAnswerReader.citation(annotation);
            if (citation != null) {
                out.accept(new AnswerEvent.Cited(citation));
            }
        }
        for (var image : Json.arrayIn(delta, "images")) {
            details.end(out);
            out.accept(
                    new AnswerEvent.MediaMade(MadeMedia.image(ChatAnswerReader.imageUrl(image))));
        }
        var refusal = Json.text(delta, "refusal");
        if (refusal != null && !refusal.isEmpty()) {
            details.end(out);
            out.accept(new AnswerEvent.RefusalDelta(refusal));
        }
        var spoken = Json.text(delta.path("audio"), "transcript");
        if (spoken != null && !spoken.isEmpty()) {
            details.end(out);
            out.accept(new AnswerEvent.TextDelta(spoken));
        }
        var toolCalls = Json.arrayIn(delta, "tool_calls");
        for (int i = 0; i < toolCalls.size(); i++) {
            toolCall(toolCalls.get(i), i, delta, out);
        }
        if (delta.path("function_call").isObject()) {
            var legacy = Json.object();
            legacy.set("function", delta.get("function_call"));
            toolCall(legacy, 0, delta, out);
        }
        var finish = Json.text(choice, "finish_reason");
        if (finish != null && finish.isEmpty()) {
            emptyFinish = true;
        } else if (finish != null && !finished) {
            if (ChatFinish.isFailure(finish)) {
                out.accept(StreamFailures.read(Dialect.OPENAI_CHAT, choice));
            } else if (!spoke && ChatFinish.isFailureIfSilent(finish)) {
                out.accept(
                        new AnswerEvent.Failed(
                                ErrorKind.UPSTREAM, "the provider's model failed with " + finish));
            } else {
                finish(finish, out);
            }
        }
    }

    /** Of a server whose finish reasons are all empty, the end mark behind an answer is the end. */
    void endMark(Consumer<AnswerEvent> out) {
        if (!finished && emptyFinish && spoke) {
            finish("stop", out);
        }
    }

    /** The stream ended: ends calls that came behind the finish reason. */
    void end(Consumer<AnswerEvent> out) {
        if (finished) {
            endCalls(out);
        }
    }

    private void finish(String word, Consumer<AnswerEvent> out) {
        finished = true;
        details.end(out);
        results.cited().forEach(citation -> out.accept(new AnswerEvent.Cited(citation)));
        endCalls(out);
        out.accept(new AnswerEvent.Finished(ChatFinish.read(word), word, null));
    }

    private void content(JsonNode content, Consumer<AnswerEvent> out) {
        if (content.isTextual()) {
            if (!content.textValue().isEmpty()) {
                details.end(out);
                results.text(content.textValue());
                out.accept(new AnswerEvent.TextDelta(content.textValue()));
            }
            return;
        }
        for (var part : content) {
            if ("thinking".equals(Json.text(part, "type"))) {
                var thought = ChatMessagesReader.thinking(part);
                if (!thought.isEmpty()) {
                    out.accept(new AnswerEvent.ReasoningDelta(thought));
                }
            } else {
                var text = Json.text(part, "text");
                if (text != null && !text.isEmpty()) {
                    details.end(out);
                    out.accept(new AnswerEvent.TextDelta(text));
                }
            }
        }
    }

    private void toolCall(JsonNode node, int position, JsonNode delta, Consumer<AnswerEvent> out) {
        int index = node.path("index").isInt() ? node.path("index").intValue() : position;
        var id = Json.textOr(node, "id", "");
        boolean custom = node.path("custom").isObject();
        var function = node.path(custom ? "custom" : "function");
        var name = Json.textOr(function, "name", "");
        var call = byIndex.get(index);
        var arguments = function.path(custom ? "input" : "arguments");
        var text = arguments.isObject() ? Json.write(arguments) : arguments.asText("");
        if (call != null && !name.isEmpty() && call.isFollowedBy(id, name, text)) {
            if (id.isEmpty() && call.started) {
                calls.remove(call);
                out.accept(new AnswerEvent.ToolCallEnd(call.number));
            }
            call = null;
        }
        if (call == null) {
            call = new Call(callsSeen++);
            calls.add(call);
            byIndex.put(index, call);
        }
        if (call.id.isEmpty()) {
            call.id = id;
        }
        if (call.name.isEmpty()) {
            call.name = name;
        }
        if (!custom) {
            call.arguments.add(text);
        }
        if (!call.started && call.name.isEmpty()) {
            call.early.append(text);
            earlyChars += text.length();
            return;
        }
        if (!call.started) {
            call.started = true;
            details.end(out);
            if (call.id.isEmpty()) {
                call.id = CallIds.made(idSeed, call.number);
            }
            out.accept(
                    new AnswerEvent.ToolCallStart(
                            call.number,
                            call.id,
                            call.name,
                            custom,
                            ChatAnswerReader.signature(node, call.number, delta)));
            text = call.early + text;
            earlyChars -= call.early.length();
            call.early.setLength(0);
        }
        if (!text.isEmpty()) {
            out.accept(new AnswerEvent.ToolCallDelta(call.number, text));
        }
    }

    private void endCalls(Consumer<AnswerEvent> out) {
        for (var call : calls) {
            if (call.started) {
                out.accept(new AnswerEvent.ToolCallEnd(call.number));
            }
        }
        calls.clear();
        byIndex.clear();
    }
}
