package dev.tollgate.dialects.gemini;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.conversation.Citation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Sources of a text as Gemini writes them: web pages in one list, and segments of the text that
 * rest on some of them. Segments count bytes of UTF-8, citations count characters.
 */
final class Grounding {
    private final Map<String, Integer> chunks = new HashMap<>();
    private final ArrayNode pages = Json.array();
    private final ArrayNode supports = Json.array();

    /** The sources of a stream's text, of which all segments are. */
    static List<Citation> read(JsonNode candidate, String text) {
        return read(candidate, text, segment -> segment.path("partIndex").asInt() == 0);
    }

    /** The sources of one of these parts, whose text this is. */
    static List<Citation> read(JsonNode candidate, JsonNode parts, int partIndex, String text) {
        return read(candidate, text, segment -> partOf(segment, parts) == partIndex);
    }

    /**
     * Which part a segment is of. What has no index, or 0, is of the first text of the answer where
     * the first part is none (a thought, a call): of several texts the one that the segment cites.
     */
    private static int partOf(JsonNode segment, JsonNode parts) {
        int said = segment.path("partIndex").asInt();
        if (said != 0 || isAnswer(parts.path(0))) {
            return said;
        }
        int first = 0;
        for (int i = parts.size() - 1; i > 0; i--) {
            if (isAnswer(parts.path(i))) {
                first = i;
            }
        }
        for (int i = first; i < parts.size(); i++) {
            if (isAnswer(parts.path(i)) && isCut(segment, parts.path(i).path("text").asText())) {
                return i;
            }
        }
        return first;
    }

    private static boolean isAnswer(JsonNode part) {
        return part.path("text").isTextual() && !Json.isTrue(part, "thought");
    }

    private static boolean isCut(JsonNode segment, String text) {
        int start = chars(text, segment.path("startIndex").asInt());
        return text.startsWith(segment.path("text").asText("\0"), start);
    }

    private static List<Citation> read(
            JsonNode candidate, String text, Predicate<JsonNode> isOfText) {
        var metadata = candidate.path("groundingMetadata");
        var citations = new ArrayList<Citation>();
        for (var support : metadata.path("groundingSupports")) {
            var segment = support.path("segment");
            if (!isOfText.test(segment)) {
                continue;
            }
            int start = chars(text, segment.path("startIndex").asInt());
            int end = chars(text, segment.path("endIndex").asInt());
            for (var index : support.path("groundingChunkIndices")) {
                var page = metadata.path("groundingChunks").path(index.asInt()).path("web");
                var url = Json.text(page, "uri");
                if (url != null) {
                    citations.add(new Citation(url, Json.text(page, "title"), start, end));
                }
            }
        }
        return citations;
    }

    /** How many characters the first bytes are. */
    private static int chars(String text, int bytes) {
        int seen = 0;
        int i = 0;
        while (i < text.length() && seen < bytes) {
            int point = text.codePointAt(i);
            seen += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
            i += Character.charCount(point);
        }
        return i;
    }

    /** Notes a source of the part with this index, whose text this is. */
    void add(Citation citation, int partIndex, CharSequence text) {
        var chunk = chunks.get(citation.url());
        if (chunk == null) {
            chunk = pages.size();
            chunks.put(citation.url(), chunk);
            var page = pages.addObject().putObject("web").put("uri", citation.url());
            if (citation.title() != null) {
                page.put("title", citation.title());
            }
        }
        int end = Math.min(citation.end(), text.length());
        int start = Math.min(citation.start(), end);
        if (start < end) {
            var support = supports.addObject();
            var segment = support.putObject("segment");
            if (partIndex > 0) {
                segment.put("partIndex", partIndex);
            }
            segment.put("startIndex", bytes(text, start));
            segment.put("endIndex", bytes(text, end));
            segment.put("text", text.subSequence(start, end).toString());
            support.putArray("groundingChunkIndices").add(chunk);
        }
    }

    private static int bytes(CharSequence text, int chars) {
        int bytes = 0;
        for (int i = 0; i < chars; i++) {
            char c = text.charAt(i);
            // a surrogate pair is 4 bytes, 2 for each half
            bytes += c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
        }
        return bytes;
    }

    /** Puts what was noted into a candidate. */
    void write(ObjectNode candidate) {
        if (!pages.isEmpty()) {
            var metadata = candidate.putObject("groundingMetadata");
            metadata.set("groundingChunks", pages);
            metadata.set("groundingSupports", supports);
        }
    }
}
