package dev.tollgate.dialects.conversation;

import org.jspecify.annotations.Nullable;

/** Where the bytes of an image, a document or a sound are. */
public sealed interface Media {

    /** In the request, base64. */
    record Inline(String mimeType, String base64) implements Media {}

    /**
     * @param mimeType null if the client did not say
     */
    record Url(String url, @Nullable String mimeType) implements Media {}

    /** In the request, as text. */
    record PlainText(String text) implements Media {}

    /** Reads a {@code data:} URL; null if it is none, or not base64. */
    static @Nullable Inline ofDataUrl(String url) {
        int comma = url.indexOf(',');
        if (!url.startsWith("data:") || comma < 0) {
            return null;
        }
        var head = url.substring("data:".length(), comma);
        if (!head.endsWith(";base64")) {
            return null;
        }
        var type = head.substring(0, head.length() - ";base64".length());
        int parameter = type.indexOf(';');
        return new Inline(
                parameter < 0 ? type : type.substring(0, parameter), url.substring(comma + 1));
    }
}
