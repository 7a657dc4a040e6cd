package dev.tollgate.simulator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.simulator.script.Dialect;
import dev.tollgate.simulator.wire.Json;
import java.util.ArrayList;
import java.util.List;

/** Requests and readings that several tests share. */
final class Bodies {
    static final String MODEL = "m-1";

    private Bodies() {}

    static String path(Dialect dialect, boolean stream) {
        return switch (dialect) {
            case OPENAI -> "/v1/chat/completions";
            case ANTHROPIC -> "/v1/messages";
            case GEMINI ->
                    "/v1beta/models/"
                            + MODEL
                            + (stream ? ":streamGenerateContent?alt=sse" : ":generateContent");
        };
    }

    static String ask(Dialect dialect, boolean stream) {
        return ask(dialect, stream, 1000);
    }

    static String ask(Dialect dialect, boolean stream, int maxTokens) {
        return switch (dialect) {
            case OPENAI ->
                    """
                    {"model":"m-1","messages":[{"role":"user","content":"hello"}],%s"max_tokens":%d}"""
                            .formatted(
                                    stream
                                            ? "\"stream\":true,\"stream_options\":{\"include_usage\":true},"
                                            : "",
                                    maxTokens);
            case ANTHROPIC ->
                    """
                    {"model":"m-1","messages":[{"role":"user","content":"hello"}],"stream":%s,"max_tokens":%d}"""
                            .formatted(stream, maxTokens);
            case GEMINI ->
                    """
                    {"contents":[{"role":"user","parts":[{"text":"hello"}]}],"generationConfig":{"maxOutputTokens":%d}}"""
                            .formatted(maxTokens);
        };
    }

    static JsonNode json(String text) {
        try {
            return Json.MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            throw new AssertionError("no JSON: " + text, e);
        }
    }

    /** The data of each event whose data is JSON. */
    static List<JsonNode> events(String stream) {
        var list = new ArrayList<JsonNode>();
        for (var line : stream.split("\r\n|\n|\r")) {
            if (line.startsWith("data: {")) {
                list.add(json(line.substring("data: ".length())));
            }
        }
        return list;
    }
}
