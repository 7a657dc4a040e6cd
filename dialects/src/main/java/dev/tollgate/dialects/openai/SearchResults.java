package dev.tollgate.dialects.openai;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.conversation.Citation;
import java.util.ArrayList;
import java.util.List;

/**
 * The sources of an answer as Perplexity gives them: a list beside the choices ({@code
 * search_results}, before it {@code citations}), to which marks in the text such as {@code [2]}
 * refer, counted from 1. In a stream the list comes with every chunk or with the last.
 */
final class SearchResults {
    private static final int MAX_MARKS = 500;
    private static final int MAX_DIGITS = 3;

    /** One mark and where it stands in the whole text. */
    private record Mark(int number, int start, int end) {}

    private final List<Mark> marks = new ArrayList<>();
    private JsonNode results = Json.array();
    private JsonNode urls = Json.array();
    private int length;
    private int markStart = -1;
    private int digits;
    private int number;

    static List<Citation> cited(JsonNode answer, String text) {
        var results = new SearchResults();
        results.seen(answer);
        results.text(text);
        return results.cited();
    }

    /** Looks for the list in an answer or a chunk. */
    void seen(JsonNode answer) {
        var listed = answer.path("search_results");
        results = listed.isArray() && !listed.isEmpty() ? listed : results;
        var plain = answer.path("citations");
        urls = plain.isArray() && !plain.isEmpty() ? plain : urls;
    }

    /** Looks for marks in the next piece of text. */
    void text(String piece) {
        for (int i = 0; i < piece.length(); i++, length++) {
            char c = piece.charAt(i);
            if (c == '[') {
                markStart = length;
                digits = 0;
                number = 0;
            } else if (markStart >= 0 && c >= '0' && c <= '9' && digits < MAX_DIGITS) {
                digits++;
                number = number * 10 + c - '0';
            } else {
                if (markStart >= 0 && c == ']' && digits > 0 && marks.size() < MAX_MARKS) {
                    marks.add(new Mark(number, markStart, length + 1));
                }
                markStart = -1;
            }
        }
    }

    /** What the marks stand for; without a list, nothing. */
    List<Citation> cited() {
        var citations = new ArrayList<Citation>();
        for (var mark : marks) {
            var result = results.path(mark.number - 1);
            var url = Json.text(result, "url");
            url = url == null ? urls.path(mark.number - 1).textValue() : url;
            if (url != null) {
                citations.add(new Citation(url, Json.text(result, "title"), mark.start, mark.end));
            }
        }
        return citations;
    }
}
