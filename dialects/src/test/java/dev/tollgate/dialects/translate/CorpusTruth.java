package dev.tollgate.dialects.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What a recorded answer says, read by other means than the translation's. */
final class CorpusTruth {
    private static final ObjectMapper JSON = new ObjectMapper();

    private CorpusTruth() {}

    /** All visible text, then name and arguments of each call. */
    static String said(Corpus.Exchange exchange) {
        var text = new StringBuilder();
        var calls = new ArrayList<String>();
        var answer = exchange.answer();
        switch (exchange.dialect()) {
            case OPENAI_CHAT -> chat(answer.path("choices").path(0).path("message"), text, calls);
            case ANTHROPIC -> {
                for (var block : answer.path("content")) {
                    if (block.path("type").asText().equals("text")) {
                        text.append(block.path("text").asText());
                    } else if (block.path("type").asText().equals("tool_use")) {
                        calls.add(block.path("name").asText() + block.path("input"));
                    }
                }
                text.append(answer.path("stop_details").path("explanation").asText(""));
            }
            case GEMINI -> {
                for (var part : answer.path("candidates").path(0).path("content").path("parts")) {
                    if (part.has("text") && !part.path("thought").asBoolean()) {
                        text.append(part.path("text").asText());
                    } else if (part.has("functionCall")) {
                        var call = part.path("functionCall");
                        calls.add(
                                call.path("name").asText()
                                        + (call.has("args") ? call.path("args") : "{}"));
                    }
                }
                text.append(answer.path("promptFeedback").path("blockReasonMessage").asText(""));
            }
            case OPENAI_RESPONSES -> {
                for (var item : answer.path("output")) {
                    for (var part : item.path("content")) {
                        if (item.path("type").asText().equals("message")) {
                            text.append(part.path("text").asText(part.path("refusal").asText()));
                        }
                    }
                    if (item.path("type").asText().equals("custom_tool_call")) {
                        var input = JSON.createObjectNode();
                        input.set("input", item.path("input"));
                        calls.add(item.path("name").asText() + input);
                    }
                    if (item.path("type").asText().equals("function_call")) {
                        calls.add(
                                item.path("name").asText() + tree(item.path("arguments").asText()));
                    }
                }
            }
        }
        return text + calls.toString();
    }

    /**
     * The same of a stream; null where calls come in a form that only the reader itself can join.
     */
    static String saidByStream(Corpus.Exchange exchange) throws IOException {
        var text = new StringBuilder();
        var names = new TreeMap<String, String>();
        var arguments = new TreeMap<String, StringBuilder>();
        for (var data : SdkReader.events(exchange.stream())) {
            if (data.equals("[DONE]")) {
                continue;
            }
            var event = JSON.readTree(data);
            if (event.toString().contains("willContinue")) {
                return null;
            }
            switch (exchange.dialect()) {
                case OPENAI_CHAT -> {
                    for (var choice : event.path("choices")) {
                        chatDelta(choice.path("delta"), text, names, arguments);
                    }
                }
                case ANTHROPIC -> {
                    if (event.path("message").path("content").size() > 0) {
                        return null;
                    }
                    messagesEvent(event, text, names, arguments);
                }
                case GEMINI -> {
                    for (var part :
                            event.path("candidates").path(0).path("content").path("parts")) {
                        if (part.has("text") && !part.path("thought").asBoolean()) {
                            text.append(part.path("text").asText());
                        }
                        var call = part.path("functionCall");
                        if (call.has("name")) {
                            var key = "%03d".formatted(names.size());
                            names.put(key, call.path("name").asText());
                            arguments.put(
                                    key,
                                    new StringBuilder(
                                            call.has("args") ? call.path("args").toString() : ""));
                        }
                    }
                }
                case OPENAI_RESPONSES -> responsesEvent(event, text, names, arguments);
            }
        }
        var calls = new ArrayList<String>();
        names.forEach((key, name) -> calls.add(name + tree(arguments.get(key).toString())));
        return text + calls.toString();
    }

    private static void chatDelta(
            JsonNode delta,
            StringBuilder text,
            Map<String, String> names,
            Map<String, StringBuilder> arguments) {
        if (delta.path("content").isTextual()) {
            text.append(delta.path("content").textValue());
        }
        for (var part : delta.path("content")) {
            text.append(part.path("text").asText(""));
        }
        text.append(delta.path("refusal").asText(""));
        for (var call : delta.path("tool_calls")) {
            var key = "%03d".formatted(call.path("index").asInt());
            if (call.path("function").hasNonNull("name")) {
                names.putIfAbsent(key, call.path("function").path("name").asText());
            }
            arguments
                    .computeIfAbsent(key, each -> new StringBuilder())
                    .append(call.path("function").path("arguments").asText(""));
        }
    }

    private static void messagesEvent(
            JsonNode event,
            StringBuilder text,
            Map<String, String> names,
            Map<String, StringBuilder> arguments) {
        var key = "%03d".formatted(event.path("index").asInt());
        var block = event.path("content_block");
        if (block.path("type").asText().equals("tool_use")) {
            names.put(key, block.path("name").asText());
            arguments.put(
                    key,
                    new StringBuilder(
                            block.path("input").isEmpty() ? "" : block.path("input").toString()));
        }
        text.append(event.path("delta").path("text").asText(""));
        text.append(event.path("delta").path("stop_details").path("explanation").asText(""));
        if (arguments.containsKey(key)) {
            arguments.get(key).append(event.path("delta").path("partial_json").asText(""));
        }
    }

    private static void responsesEvent(
            JsonNode event,
            StringBuilder text,
            Map<String, String> names,
            Map<String, StringBuilder> arguments) {
        var type = event.path("type").asText();
        if (type.equals("response.output_text.delta") || type.equals("response.refusal.delta")) {
            text.append(event.path("delta").asText());
        } else if (type.equals("response.output_item.done")
                && event.path("item").path("type").asText().equals("function_call")) {
            var key = "%03d".formatted(event.path("output_index").asInt());
            names.put(key, event.path("item").path("name").asText());
            arguments.put(key, new StringBuilder(event.path("item").path("arguments").asText()));
        }
    }

    private static void chat(JsonNode message, StringBuilder text, List<String> calls) {
        if (message.path("content").isTextual()) {
            text.append(message.path("content").textValue());
        }
        for (var part : message.path("content")) {
            if (part.path("type").asText().equals("text")) {
                text.append(part.path("text").asText());
            }
        }
        text.append(message.path("refusal").asText(""));
        for (var call : message.path("tool_calls")) {
            var function = call.path("function");
            calls.add(function.path("name").asText() + tree(function.path("arguments").asText()));
        }
    }

    private static String tree(String arguments) {
        try {
            return JSON.readTree(arguments.isBlank() ? "{}" : arguments).toString();
        } catch (IOException noJson) {
            return arguments;
        }
    }
}
