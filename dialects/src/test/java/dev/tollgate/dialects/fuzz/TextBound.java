package dev.tollgate.dialects.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.codec.Json;
import java.util.List;
import java.util.Set;

/**
 * The budget's bound: a scan that calls a request bounded has counted every text that a plain walk
 * over the same JSON finds where the model reads.
 */
final class TextBound {
    /** What the model reads of a request, in all dialects. */
    private static final List<String> READ =
            List.of(
                    "messages",
                    "system",
                    "tools",
                    "input",
                    "instructions",
                    "contents",
                    "systemInstruction",
                    "system_instruction");

    /** Words of the protocol, and media, which are counted by other rules than their text. */
    private static final Set<String> NO_TEXT =
            Set.of(
                    "type",
                    "url",
                    "image_url",
                    "data",
                    "file_data",
                    "mimeType",
                    "mime_type",
                    "media_type",
                    "file");

    private TextBound() {}

    static void check(Ingress ingress, byte[] body, RequestScan scan) {
        var json = Json.parseObject(body);
        if (json == null || !scan.unbounded().isEmpty()) {
            return;
        }
        long read = 0;
        for (var field : READ) {
            read += text(json.path(field));
        }
        assertThat(scan.textBytes()).as("text of %s", ingress).isGreaterThanOrEqualTo(read);
    }

    private static long text(JsonNode node) {
        if (node.isTextual()) {
            return utf8(node.textValue());
        }
        long bytes = 0;
        for (var member : node.properties()) {
            if (!NO_TEXT.contains(member.getKey())) {
                bytes += text(member.getValue());
            }
        }
        if (node.isArray()) {
            for (var element : node) {
                bytes += text(element);
            }
        }
        return bytes;
    }

    /** A lone surrogate counts as the replacement character that servers make of it. */
    private static long utf8(String text) {
        return text.codePoints()
                .mapToLong(c -> c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4)
                .sum();
    }
}
