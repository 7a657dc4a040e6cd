package dev.tollgate.dialects.responses;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.Usage;
import dev.tollgate.dialects.codec.ClientTerms;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.Logprobs;
import dev.tollgate.dialects.codec.MadeMedia;
import dev.tollgate.dialects.codec.SseOut;
import dev.tollgate.dialects.codec.StreamWriter;
import dev.tollgate.dialects.codec.Thoughts;
import dev.tollgate.dialects.conversation.AnswerEvent;
import dev.tollgate.dialects.conversation.Citation;
import dev.tollgate.dialects.conversation.FinishReason;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.Signature.Issuer;
import dev.tollgate.dialects.error.ErrorBody;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Writes the events of a Responses stream. One text-like item (message, refusal, reasoning) is open
 * at a time, and one tool call: what comes of later calls waits until the earlier ones have ended,
 * as OpenAI never mixes them and clients count on it. Each item has its output index for good.
 *
 * <pre>
 * created, in_progress
 * item: output_item.added, (part.added,) deltas, done, (part.done,) output_item.done
 * completed | incomplete | failed
 * </pre>
 *
 * <p>The protocol repeats whole texts in the done events and in the last one, so they are kept
 * until then; {@link #waitingChars} counts them.
 */
final class ResponsesStreamWriter implements StreamWriter {
    private final ClientTerms terms;
    private final ResponsesItems items;
    private final Map<Integer, StreamedItem> calls = new HashMap<>();
    private final Deque<StreamedItem> callsToSend = new ArrayDeque<>();
    private final Map<Integer, ObjectNode> done = new TreeMap<>();
    private int sequence;
    private int nextOutput;
    private int keptChars;
    private @Nullable StreamedItem open;

    /** Of the next text delta. */
    private ArrayNode logprobs = Json.array();

    private @Nullable String id;
    private @Nullable String model;
    private boolean started;
    private FinishReason finish = FinishReason.STOP;
    private @Nullable Usage usage;

    ResponsesStreamWriter(ClientTerms terms) {
        this.terms = terms;
        this.items = new ResponsesItems(terms);
    }

    @Override
    public void write(AnswerEvent event, SseOut out) {
        switch (event) {
            case AnswerEvent.Start(var providerId, var providerModel) -> {
                id = providerId;
                model = providerModel;
                start(out);
            }
            case AnswerEvent.TextDelta(var text) -> text(StreamedItem.Kind.TEXT, text, out);
            case AnswerEvent.Logprobs(var tokens) -> logprobs = Logprobs.write(tokens);
            case AnswerEvent.RefusalDelta(var text) -> text(StreamedItem.Kind.REFUSAL, text, out);
            case AnswerEvent.ReasoningDelta(var text) ->
                    text(StreamedItem.Kind.REASONING, text, out);
            case AnswerEvent.ReasoningSigned(var signature) ->
                    sign(signature.written(Issuer.OPENAI), out);
            case AnswerEvent.ReasoningRedacted(var signature) -> {
                end(out);
                sign(Thoughts.hidden(signature, Issuer.OPENAI), out);
            }
            case AnswerEvent.ToolCallStart call -> callStart(call, out);
            case AnswerEvent.ToolCallDelta(var call, var arguments) ->
                    callDelta(call, arguments, out);
            case AnswerEvent.ToolCallEnd(var call) -> callEnd(calls.remove(call), out);
            case AnswerEvent.Cited(var citation) -> cite(citation, out);
            case AnswerEvent.Finished(var reason, _, _) -> finish = reason;
            case AnswerEvent.UsageSeen(var seen) -> usage = seen;
            case AnswerEvent.MediaMade(var file) -> image(file, out);
            case AnswerEvent.Of _, AnswerEvent.Done _, AnswerEvent.Failed _ -> {}
        }
    }

    private ObjectNode event(String type) {
        return Json.object().put("type", type).put("sequence_number", sequence++);
    }

    private void send(ObjectNode event, SseOut out) {
        out.event(event.path("type").textValue(), event);
    }

    private void response(String type, ObjectNode response, SseOut out) {
        var event = event(type);
        event.set("response", response);
        send(event, out);
    }

    private void start(SseOut out) {
        if (!started) {
            started = true;
            var envelope = ResponsesEnvelope.write(id, model, "in_progress", terms);
            response("response.created", envelope, out);
            response("response.in_progress", envelope, out);
        }
    }

    private ObjectNode itemEvent(String type, StreamedItem item) {
        var event = event(type);
        event.put("item_id", item.id).put("output_index", item.output);
        return event;
    }

    private void added(StreamedItem item, ObjectNode empty, SseOut out) {
        var event = event("response.output_item.added").put("output_index", item.output);
        event.set("item", empty);
        send(event, out);
    }

    private void itemDone(StreamedItem item, ObjectNode whole, SseOut out) {
        done.put(item.output, whole);
        var event = event("response.output_item.done").put("output_index", item.output);
        event.set("item", whole);
        send(event, out);
    }

    private void text(StreamedItem.Kind kind, String text, SseOut out) {
        if (text.isEmpty()) {
            return;
        }
        var item = open;
        if (item == null || item.kind != kind) {
            end(out);
            item = open(kind, out);
        }
        item.text.append(text);
        keptChars += text.length();
        var event =
                switch (kind) {
                    case TEXT -> {
                        var delta = itemEvent("response.output_text.delta", item);
                        delta.put("content_index", 0).set("logprobs", logprobs);
                        item.logprobs.addAll(logprobs);
                        logprobs = Json.array();
                        yield delta;
                    }
                    case REFUSAL ->
                            itemEvent("response.refusal.delta", item).put("content_index", 0);
                    case REASONING, CALL ->
                            itemEvent("response.reasoning_summary_text.delta", item)
                                    .put("summary_index", 0);
                };
        send(event.put("delta", text), out);
    }

    private StreamedItem open(StreamedItem.Kind kind, SseOut out) {
        start(out);
        int output = nextOutput++;
        var item =
                new StreamedItem(
                        kind,
                        output,
                        kind == StreamedItem.Kind.REASONING
                                ? items.reasoningId(output)
                                : items.id("msg", output));
        open = item;
        if (kind == StreamedItem.Kind.REASONING) {
            added(item, items.reasoning(output, "", null), out);
            summaryPart("response.reasoning_summary_part.added", item, "", out);
        } else {
            added(item, items.message(output, "in_progress", null), out);
            contentPart("response.content_part.added", item, "", out);
        }
        return item;
    }

    private void summaryPart(String type, StreamedItem item, String text, SseOut out) {
        var event = itemEvent(type, item).put("summary_index", 0);
        event.putObject("part").put("type", "summary_text").put("text", text);
        send(event, out);
    }

    private void contentPart(String type, StreamedItem item, String text, SseOut out) {
        var event = itemEvent(type, item).put("content_index", 0);
        event.set("part", part(item, text));
        send(event, out);
    }

    private static JsonNode part(StreamedItem item, String text) {
        return item.kind == StreamedItem.Kind.REFUSAL
                ? ResponsesItems.refusal(text)
                : ResponsesItems.text(text, item.annotations.deepCopy(), item.logprobs.deepCopy());
    }

    /** Ends the open text-like item. */
    private void end(SseOut out) {
        var item = open;
        if (item == null) {
            return;
        }
        open = null;
        var text = item.text.toString();
        switch (item.kind) {
            case TEXT -> {
                item.logprobs.addAll(logprobs);
                logprobs = Json.array();
                var event = itemEvent("response.output_text.done", item).put("content_index", 0);
                event.put("text", text).set("logprobs", item.logprobs);
                send(event, out);
                contentPart("response.content_part.done", item, text, out);
            }
            case REFUSAL -> {
                send(
                        itemEvent("response.refusal.done", item)
                                .put("content_index", 0)
                                .put("refusal", text),
                        out);
                contentPart("response.content_part.done", item, text, out);
            }
            case REASONING, CALL -> {
                send(
                        itemEvent("response.reasoning_summary_text.done", item)
                                .put("summary_index", 0)
                                .put("text", text),
                        out);
                summaryPart("response.reasoning_summary_part.done", item, text, out);
            }
        }
        itemDone(
                item,
                item.kind == StreamedItem.Kind.REASONING
                        ? items.reasoning(item.output, text, item.signature)
                        : items.message(item.output, "completed", part(item, text)),
                out);
    }

    /** Signs the open thought, or stands as a thought without words. */
    private void sign(@Nullable String signature, SseOut out) {
        if (open != null && open.kind == StreamedItem.Kind.REASONING) {
            open.signature = signature;
            end(out);
        } else if (signature != null && items.encrypted()) {
            end(out);
            start(out);
            int output = nextOutput++;
            var item =
                    new StreamedItem(
                            StreamedItem.Kind.REASONING, output, items.reasoningId(output));
            added(item, items.reasoning(output, "", null), out);
            itemDone(item, items.reasoning(output, "", signature), out);
        }
    }

    private void callStart(AnswerEvent.ToolCallStart call, SseOut out) {
        end(out);
        sign(ResponsesAnswerWriter.signature(call.signature()), out);
        start(out);
        int output = nextOutput++;
        var item =
                new StreamedItem(
                        StreamedItem.Kind.CALL,
                        output,
                        items.id(call.custom() ? "ctc" : "fc", output));
        item.callId = call.id();
        item.name = call.name();
        item.custom = call.custom();
        calls.put(call.call(), item);
        callsToSend.addLast(item);
        sendCalls(out);
    }

    private void image(Part file, SseOut out) {
        end(out);
        start(out);
        int output = nextOutput++;
        var whole = items.image(output, file);
        var item = new StreamedItem(StreamedItem.Kind.CALL, output, items.id("ig", output));
        keptChars += MadeMedia.chars(file);
        added(item, whole.deepCopy().put("status", "in_progress").putNull("result"), out);
        send(itemEvent("response.image_generation_call.in_progress", item), out);
        send(itemEvent("response.image_generation_call.completed", item), out);
        itemDone(item, whole, out);
    }

    private ObjectNode call(StreamedItem item, String status, String arguments) {
        return items.call(item.output, status, item.callId, item.name, arguments, item.custom);
    }

    private void callDelta(int call, String arguments, SseOut out) {
        var item = calls.get(call);
        if (item != null && !arguments.isEmpty()) {
            item.text.append(arguments);
            keptChars += arguments.length();
            sendCalls(out);
        }
    }

    private void callEnd(@Nullable StreamedItem item, SseOut out) {
        if (item != null) {
            item.ended = true;
            sendCalls(out);
        }
    }

    /** Announces the first call and sends what there is of it; goes on to the next if it ended. */
    private void sendCalls(SseOut out) {
        while (!callsToSend.isEmpty()) {
            var item = callsToSend.getFirst();
            if (!item.announced) {
                item.announced = true;
                added(item, call(item, "in_progress", ""), out);
            }
            if (item.text.length() > item.sentChars) {
                var type =
                        item.custom
                                ? "response.custom_tool_call_input.delta"
                                : "response.function_call_arguments.delta";
                send(itemEvent(type, item).put("delta", item.text.substring(item.sentChars)), out);
                item.sentChars = item.text.length();
            }
            if (!item.ended) {
                return;
            }
            callDone(item, out);
            callsToSend.removeFirst();
        }
    }

    private void callDone(StreamedItem item, SseOut out) {
        var arguments = item.text.isEmpty() && !item.custom ? "{}" : item.text.toString();
        if (item.custom) {
            send(
                    itemEvent("response.custom_tool_call_input.done", item).put("input", arguments),
                    out);
        } else {
            send(
                    itemEvent("response.function_call_arguments.done", item)
                            .put("name", items.name(item.name))
                            .put("arguments", arguments),
                    out);
        }
        itemDone(item, call(item, "completed", arguments), out);
    }

    private void cite(Citation citation, SseOut out) {
        var item = open;
        if (item == null || item.kind != StreamedItem.Kind.TEXT) {
            return;
        }
        var annotation = ResponsesItems.annotation(citation, 0);
        var event = itemEvent("response.output_text.annotation.added", item);
        event.put("content_index", 0).put("annotation_index", item.annotations.size());
        event.set("annotation", annotation);
        item.annotations.add(annotation);
        send(event, out);
    }

    private ObjectNode whole(String status) {
        var body = ResponsesEnvelope.write(id, model, status, terms);
        done.values().forEach(Json.arrayIn(body, "output")::add);
        if (usage != null) {
            body.set("usage", ResponsesEnvelope.usage(usage));
        }
        return body;
    }

    @Override
    public void close(SseOut out) {
        start(out);
        end(out);
        callsToSend.forEach(item -> item.ended = true);
        sendCalls(out);
        if (usage == null) {
            usage = Usage.NONE;
        }
        var body = whole("completed");
        ResponsesAnswerWriter.end(finish, body);
        response("response." + body.path("status").textValue(), body, out);
    }

    @Override
    public void fail(ErrorKind kind, String message, SseOut out) {
        start(out);
        var body = whole("failed");
        body.putObject("error")
                .put("code", FailureCode.of(kind))
                .put("message", ErrorBody.message(Dialect.OPENAI_RESPONSES, kind, message));
        response("response.failed", body, out);
    }

    @Override
    public int waitingChars() {
        return keptChars;
    }
}
