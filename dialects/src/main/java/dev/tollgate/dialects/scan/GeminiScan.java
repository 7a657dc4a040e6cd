package dev.tollgate.dialects.scan;

import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan.Feature;
import dev.tollgate.dialects.RequestScan.Span;
import java.io.IOException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Gemini, in both of its spellings, camelCase and snake_case, which may be mixed in one body: both
 * spellings of a name are the same name.
 */
final class GeminiScan {
    /** In lower case and without underscores. */
    private static final Set<String> FIELDS =
            Set.of(
                    "model",
                    "contents",
                    "content",
                    "requests",
                    "generatecontentrequest",
                    "systeminstruction",
                    "generationconfig",
                    "tools",
                    "toolconfig",
                    "cachedcontent",
                    "servicetier");

    private static final Set<String> CONFIG_FIELDS =
            Set.of(
                    "maxoutputtokens",
                    "candidatecount",
                    "thinkingconfig",
                    "responseschema",
                    "responsejsonschema",
                    "responselogprobs",
                    "responsemodalities",
                    "imageconfig",
                    "speechconfig");

    private static final Set<String> TIERS_AT_LIST_PRICE =
            Set.of("standard", "flex", "unspecified");

    private GeminiScan() {}

    static void read(Cursor cursor, Tally tally) throws IOException, MalformedBody {
        tally.stream = tally.ingress.pathStream();
        body(cursor, tally, "");
        if (tally.messages > 0) {
            return;
        }
        switch (tally.ingress.operation()) {
            case GENERATE -> throw new MalformedBody("`contents` is missing or empty", "contents");
            case EMBED_ONE -> throw new MalformedBody("`content` is missing or empty", "content");
            case EMBED -> throw new MalformedBody("`requests` is missing or empty", "requests");
            case COUNT_TOKENS, PASS, LIST_MODELS, GET_MODEL -> {}
        }
    }

    /** A request, or one within another ({@code generateContentRequest}, {@code requests[]}). */
    private static void body(Cursor cursor, Tally tally, String where)
            throws IOException, MalformedBody {
        var seen = new Seen(where);
        boolean top = where.isEmpty();
        while (cursor.nextMember()) {
            tally.empty &= !top;
            var spelled = cursor.name();
            var name = camel(spelled);
            seen.add(name);
            switch (name) {
                case "model" -> model(cursor, tally, where);
                case "contents" -> contents(cursor, tally);
                case "content" -> contents(cursor, tally);
                case "systemInstruction" -> contents(cursor, tally);
                case "generationConfig" -> {
                    if (top) {
                        generationConfig(cursor, tally);
                    } else {
                        // Within a count of tokens, where nothing is generated.
                        cursor.skip();
                    }
                }
                case "tools" -> ToolScan.gemini(cursor, tally);
                case "toolConfig" -> tally.text(cursor);
                case "serviceTier" -> tally.priced(cursor, "serviceTier", TIERS_AT_LIST_PRICE);
                case "cachedContent" -> {
                    if (!cursor.isNull()) {
                        tally.unbounded("cachedContent");
                    }
                    cursor.skip();
                }
                case "generateContentRequest" -> {
                    if (!top || !cursor.isObject()) {
                        throw cursor.wrongType(where + spelled, "an object at the top level");
                    }
                    body(cursor, tally, "generateContentRequest.");
                }
                case "requests" -> {
                    if (!top || !cursor.isArray()) {
                        throw cursor.wrongType(where + spelled, "an array at the top level");
                    }
                    if (tally.ingress.operation() != Operation.EMBED) {
                        throw new MalformedBody("`" + spelled + "` belongs to a batch", spelled);
                    }
                    int requests = 0;
                    while (cursor.nextElement()) {
                        cursor.expectObject("requests[]");
                        body(cursor, tally, "requests[].");
                        tally.embedding(++requests);
                    }
                }
                default -> {
                    Cursor.refuseVariant(spelled, FIELDS, true);
                    cursor.skip();
                }
            }
        }
    }

    /** The path names the model; a body that does too must agree with it. */
    private static void model(Cursor cursor, Tally tally, String where)
            throws IOException, MalformedBody {
        var param = where + "model";
        var spelled = cursor.string(param);
        var path = tally.ingress.pathModel();
        var named =
                spelled != null && spelled.startsWith("models/") ? spelled.substring(7) : spelled;
        if (named == null || path != null && !named.equals(path)) {
            throw new MalformedBody(
                    "`" + param + "` differs from the model that the path names", param);
        }
        tally.otherModel(cursor);
    }

    private static void contents(Cursor cursor, Tally tally) throws IOException, MalformedBody {
        if (cursor.isNull()) {
            return;
        }
        if (!cursor.isArray()) {
            content(cursor, tally);
            return;
        }
        while (cursor.nextElement()) {
            content(cursor, tally);
        }
    }

    private static void content(Cursor cursor, Tally tally) throws IOException, MalformedBody {
        tally.messages++;
        if (cursor.isString()) {
            tally.text(cursor);
            return;
        }
        cursor.expectObject("contents[]");
        while (cursor.nextMember()) {
            if (!cursor.name().equals("parts")) {
                tally.text(cursor);
            } else if (cursor.isObject()) {
                part(cursor, tally);
            } else if (cursor.isArray()) {
                while (cursor.nextElement()) {
                    cursor.expectObject("contents[].parts[]");
                    part(cursor, tally);
                }
            } else {
                tally.text(cursor);
            }
        }
    }

    private static void part(Cursor cursor, Tally tally) throws IOException, MalformedBody {
        while (cursor.nextMember()) {
            var spelled = cursor.name();
            switch (camel(spelled)) {
                case "text",
                        "thought",
                        "thoughtSignature",
                        "functionCall",
                        "executableCode",
                        "codeExecutionResult",
                        "videoMetadata" ->
                        tally.text(cursor);
                case "functionResponse" -> functionResponse(cursor, tally);
                case "inlineData" -> inlineData(cursor, tally);
                case "fileData" -> {
                    if (!cursor.isNull()) {
                        tally.unbounded("contents[].parts[].fileData");
                    }
                    cursor.skip();
                }
                default -> {
                    tally.unbounded("contents[].parts[]." + spelled);
                    tally.text(cursor);
                }
            }
        }
    }

    private static void functionResponse(Cursor cursor, Tally tally)
            throws IOException, MalformedBody {
        if (!cursor.isObject()) {
            tally.text(cursor);
            return;
        }
        while (cursor.nextMember()) {
            if (cursor.name().equals("parts") && cursor.isArray()) {
                while (cursor.nextElement()) {
                    cursor.expectObject("functionResponse.parts[]");
                    part(cursor, tally);
                }
            } else {
                tally.text(cursor);
            }
        }
    }

    private static void inlineData(Cursor cursor, Tally tally) throws IOException, MalformedBody {
        if (!cursor.isObject()) {
            tally.text(cursor);
            return;
        }
        var seen = new Seen("inlineData.");
        @Nullable String mediaType = null;
        long bytes = 0;
        while (cursor.nextMember()) {
            var name = camel(cursor.name());
            seen.add(name);
            switch (name) {
                case "mimeType" -> mediaType = cursor.word();
                case "data" -> {
                    bytes = cursor.isString() ? cursor.decodedBase64Bytes() : cursor.rawBytes();
                }
                default -> tally.text(cursor);
            }
        }
        tally.media(mediaType, bytes, "contents[].parts[].inlineData of " + mediaType);
    }

    private static void generationConfig(Cursor cursor, Tally tally)
            throws IOException, MalformedBody {
        if (cursor.isNull()) {
            tally.generationConfigPlace = cursor.span();
            return;
        }
        cursor.expectObject("generationConfig");
        int from = cursor.start();
        var seen = new Seen("generationConfig.");
        while (cursor.nextMember()) {
            var spelled = cursor.name();
            var name = camel(spelled);
            seen.add(name);
            switch (name) {
                case "maxOutputTokens" -> tally.limit(cursor, "generationConfig." + spelled);
                case "candidateCount" -> tally.choices(cursor, "generationConfig." + spelled);
                case "temperature" -> tally.temperature(cursor, "generationConfig." + spelled);
                case "thinkingConfig" -> feature(cursor, tally, Feature.REASONING);
                case "responseSchema", "responseJsonSchema" -> {
                    feature(cursor, tally, Feature.JSON_SCHEMA);
                    tally.text(cursor);
                }
                case "responseLogprobs" -> {
                    if (cursor.bool("generationConfig." + spelled)) {
                        tally.feature(Feature.LOGPROBS);
                    }
                }
                case "responseModalities" ->
                        tally.outputKinds(cursor, "generationConfig.responseModalities");
                case "imageConfig" ->
                        tally.priced(cursor, "generationConfig.imageConfig", Set.of());
                case "speechConfig" -> feature(cursor, tally, Feature.AUDIO);
                case "responseMimeType" -> tally.text(cursor);
                default -> {
                    Cursor.refuseVariant(spelled, CONFIG_FIELDS, true);
                    cursor.skip();
                }
            }
        }
        tally.generationConfigPlace = new Span(from, cursor.start() + 1);
    }

    private static void feature(Cursor cursor, Tally tally, Feature feature) throws IOException {
        if (!cursor.isNull()) {
            tally.feature(feature);
        }
        if (feature != Feature.JSON_SCHEMA) {
            cursor.skip();
        }
    }

    /** The camelCase spelling of a name. */
    static String camel(String name) {
        int at = name.indexOf('_');
        if (at < 0) {
            return name;
        }
        var camel = new StringBuilder(name.length());
        boolean up = false;
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c == '_') {
                up = true;
            } else {
                camel.append(up ? Character.toUpperCase(c) : c);
                up = false;
            }
        }
        return camel.toString();
    }
}
