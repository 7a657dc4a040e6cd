package dev.tollgate.dialects.scan;

import dev.tollgate.dialects.RequestScan.Feature;
import dev.tollgate.dialects.RequestScan.Span;
import java.io.IOException;
import java.util.Set;

/**
 * Chat completions: the top level, and the messages. A body with {@code input} and without {@code
 * messages} has the shape of a Responses request (protocols.md, section 12).
 */
final class OpenAiChatScan {
    private static final Set<String> FIELDS =
            Set.of(
                    "model",
                    "models",
                    "messages",
                    "input",
                    "instructions",
                    "max_output_tokens",
                    "text",
                    "previous_response_id",
                    "conversation",
                    "prompt",
                    "background",
                    "context_management",
                    "stream",
                    "stream_options",
                    "max_tokens",
                    "max_completion_tokens",
                    "n",
                    "tools",
                    "functions",
                    "web_search_options",
                    "plugins",
                    "response_format",
                    "reasoning",
                    "reasoning_effort",
                    "modalities",
                    "audio",
                    "prediction",
                    "service_tier",
                    "speed",
                    "inference_geo",
                    "image_config",
                    "search_parameters",
                    "preset",
                    "deferred");

    /** Servers have several names for the list price, and cheaper tiers. */
    private static final Set<String> TIERS_AT_LIST_PRICE =
            Set.of("auto", "default", "flex", "standard", "standard_only", "on_demand");

    private static final Set<String> OPTIONS = Set.of("include_usage");

    private OpenAiChatScan() {}

    static void read(Cursor cursor, Tally tally) throws IOException, MalformedBody {
        var seen = new Seen("");
        boolean messages = false;
        while (cursor.nextMember()) {
            tally.empty = false;
            var name = cursor.name();
            seen.add(name);
            switch (name) {
                case "model" -> tally.model(cursor);
                case "messages" -> {
                    messages = true;
                    messages(cursor, tally);
                }
                case "stream" -> tally.stream(cursor);
                case "stream_options" -> streamOptions(cursor, tally);
                case "max_tokens", "max_completion_tokens" -> tally.limit(cursor, name);
                case "n" -> tally.choices(cursor, name);
                case "temperature" -> tally.temperature(cursor, name);
                case "tools" -> ToolScan.openAi(cursor, tally);
                default -> rare(cursor, tally, name);
            }
        }
        if (tally.model == null) {
            throw new MalformedBody("`model` is missing", "model");
        }
        if (messages && tally.responsesShape) {
            throw new MalformedBody(
                    "`messages` and `input` are both there: send `messages` for a chat"
                            + " completion, or `input` in the shape of Responses",
                    "input");
        }
        if (!messages && !tally.responsesShape) {
            throw new MalformedBody("`messages` is missing", "messages");
        }
    }

    private static void rare(Cursor cursor, Tally tally, String name)
            throws IOException, MalformedBody {
        if (cursor.isNull()) {
            Cursor.refuseVariant(name, FIELDS, false);
            return;
        }
        switch (name) {
            case "functions" -> {
                tally.feature(Feature.TOOLS);
                tally.text(cursor);
            }
            case "response_format" -> {
                if (ToolScan.typeAndText(cursor, tally).equals("json_schema")) {
                    tally.feature(Feature.JSON_SCHEMA);
                }
            }
            case "reasoning_effort" -> {
                if (!"none".equals(cursor.word())) {
                    tally.feature(Feature.REASONING);
                }
            }
            case "reasoning" -> {
                tally.feature(Feature.REASONING);
                cursor.skip();
            }
            case "logprobs" -> {
                if (cursor.bool(name)) {
                    tally.feature(Feature.LOGPROBS);
                }
            }
            case "audio" -> {
                tally.feature(Feature.AUDIO);
                cursor.skip();
            }
            case "input" -> {
                tally.responsesShape = true;
                ResponsesScan.input(cursor, tally);
            }
            case "instructions" -> {
                tally.messages++;
                tally.text(cursor);
            }
            case "max_output_tokens" -> tally.limit(cursor, name);
            case "text" -> ResponsesScan.text(cursor, tally);
            case "previous_response_id", "conversation", "prompt", "context_management" -> {
                tally.unbounded(name);
                cursor.skip();
            }
            case "background" -> {
                if (cursor.bool(name)) {
                    tally.unbounded(name);
                }
            }
            case "prediction", "tool_choice" -> tally.text(cursor);
            case "service_tier" -> tally.priced(cursor, name, TIERS_AT_LIST_PRICE);
            case "speed" -> tally.priced(cursor, name, Set.of("standard"));
            case "inference_geo" -> tally.priced(cursor, name, Set.of("global"));
            case "modalities" -> tally.outputKinds(cursor, name);
            case "deferred" -> {
                if (cursor.bool(name)) {
                    tally.unbounded(name);
                }
            }
            case "web_search_options",
                    "plugins",
                    "models",
                    "image_config",
                    "search_parameters",
                    "preset" -> {
                tally.unbounded(name);
                cursor.skip();
            }
            default -> {
                Cursor.refuseVariant(name, FIELDS, false);
                cursor.skip();
            }
        }
    }

    private static void streamOptions(Cursor cursor, Tally tally)
            throws IOException, MalformedBody {
        if (cursor.isNull()) {
            tally.streamOptionsPlace = cursor.span();
            return;
        }
        cursor.expectObject("stream_options");
        int from = cursor.start();
        var seen = new Seen("stream_options.");
        while (cursor.nextMember()) {
            var name = cursor.name();
            seen.add(name);
            if (name.equals("include_usage")) {
                tally.includeUsage = cursor.bool("stream_options.include_usage");
                tally.includeUsagePlace = cursor.span();
            } else {
                Cursor.refuseVariant(name, OPTIONS, false);
                cursor.skip();
            }
        }
        tally.streamOptionsPlace = new Span(from, cursor.start() + 1);
    }

    private static void messages(Cursor cursor, Tally tally) throws IOException, MalformedBody {
        cursor.expectArray("messages");
        while (cursor.nextElement()) {
            cursor.expectObject("messages[" + tally.messages + "]");
            tally.messages++;
            while (cursor.nextMember()) {
                switch (cursor.name()) {
                    case "content" -> content(cursor, tally);
                    case "audio" -> {
                        if (!cursor.isNull()) {
                            tally.unbounded("messages[].audio");
                        }
                        cursor.skip();
                    }
                    default -> tally.text(cursor);
                }
            }
        }
    }

    private static void content(Cursor cursor, Tally tally) throws IOException {
        if (!cursor.isArray()) {
            tally.text(cursor);
            return;
        }
        while (cursor.nextElement()) {
            if (cursor.isObject()) {
                part(cursor, tally);
            } else {
                tally.text(cursor);
            }
        }
    }

    private static void part(Cursor cursor, Tally tally) throws IOException {
        while (cursor.nextMember()) {
            switch (cursor.name()) {
                case "type" -> {
                    var type = cursor.word();
                    if (type == null || !knownPart(type)) {
                        tally.unbounded("messages[].content[] of type " + type);
                    }
                }
                case "image_url" -> imageUrl(cursor, tally);
                case "input_audio" -> {
                    tally.feature(Feature.AUDIO);
                    tally.unbounded("messages[].content[].input_audio");
                    cursor.skip();
                }
                case "file" -> file(cursor, tally);
                default -> tally.text(cursor);
            }
        }
    }

    private static boolean knownPart(String type) {
        return switch (type) {
            case "text", "image_url", "input_audio", "file", "refusal", "thinking" -> true;
            default -> false;
        };
    }

    private static void imageUrl(Cursor cursor, Tally tally) throws IOException {
        if (!cursor.isObject()) {
            tally.imageUrl(cursor, "messages[].content[].image_url");
            return;
        }
        while (cursor.nextMember()) {
            if (cursor.name().equals("url")) {
                tally.imageUrl(cursor, "messages[].content[].image_url");
            } else {
                tally.text(cursor);
            }
        }
    }

    private static void file(Cursor cursor, Tally tally) throws IOException {
        if (!cursor.isObject()) {
            tally.text(cursor);
            return;
        }
        while (cursor.nextMember()) {
            switch (cursor.name()) {
                case "file_data" -> {
                    if (cursor.isString()) {
                        tally.dataUrl(cursor, "messages[].content[].file");
                    } else {
                        tally.text(cursor);
                    }
                }
                case "filename" -> tally.text(cursor);
                default -> {
                    tally.unbounded("messages[].content[].file." + cursor.name());
                    cursor.skip();
                }
            }
        }
    }
}
