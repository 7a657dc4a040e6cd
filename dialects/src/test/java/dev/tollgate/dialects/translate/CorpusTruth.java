package dev.tollgate.dialects.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

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
            }
            case OPENAI_RESPONSES -> {
                for (var item : answer.path("output")) {
                    for (var part : item.path("content")) {
                        if (item.path("type").asText().equals("message")) {
                            text.append(part.path("text").asText(part.path("refusal").asText()));
                        }
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
