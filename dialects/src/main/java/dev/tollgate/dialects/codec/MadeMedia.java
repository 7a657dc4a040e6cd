package dev.tollgate.dialects.codec;

import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.conversation.Media;
import dev.tollgate.dialects.conversation.Part;

/**
 * Images and other files that a model made. Gemini's answers carry any file, OpenAI's carry images,
 * Anthropic's none. What the client's dialect cannot carry is named in the text, and an answer that
 * is nothing else is an error, as is one whose text a program reads.
 */
public final class MadeMedia {
    /** Why an answer is an error that would lose a file and say nothing. */
    public static final String ALONE =
            "the provider's model answered with files, such as images, which the client's dialect"
                    + " does not carry";

    private MadeMedia() {}

    /** A file that the model made. */
    public static Part part(Media media) {
        return type(media).startsWith("image/")
                ? new Part.Image(media, null, null)
                : new Part.Document(media, null, null);
    }

    /** The image of a URL, which may be one of data; one of no known form is carried nowhere. */
    public static Part image(String url) {
        Media media = Media.ofDataUrl(url);
        if (media == null) {
            boolean web = url.startsWith("https://") || url.startsWith("http://");
            media = web ? new Media.Url(url, null) : new Media.PlainText("");
        }
        return new Part.Image(media, null, null);
    }

    /** Whether it is a file at all. */
    public static boolean isFile(Part part) {
        return part instanceof Part.Image || part instanceof Part.Document;
    }

    /** Whether answers of the client's dialect have a form for this file. */
    public static boolean isCarried(Part file, Dialect client) {
        if (media(file) instanceof Media.PlainText) {
            return false;
        }
        return switch (client) {
            // whose official clients decode the bytes, and fail if they cannot
            case GEMINI -> !(media(file) instanceof Media.Inline(_, var text)) || isBase64(text);
            case OPENAI_CHAT -> file instanceof Part.Image;
            case OPENAI_RESPONSES ->
                    file instanceof Part.Image(var media, _, _) && media instanceof Media.Inline;
            case ANTHROPIC -> false;
        };
    }

    /** What the text says in place of a file. */
    public static String note(Part file) {
        var media = media(file);
        var place = media instanceof Media.Url(var url, _) ? ": " + url : "";
        return "\n\n[The model also made a file ("
                + type(media)
                + "), which this API cannot carry"
                + place
                + ".]";
    }

    /** Base64 of the file, or its URL, in characters. */
    public static int chars(Part file) {
        return switch (media(file)) {
            case Media.Inline(_, var base64) -> base64.length();
            case Media.Url(var url, _) -> url.length();
            case Media.PlainText(var text) -> text.length();
        };
    }

    /** Where the client finds it: as a URL, of data if the file is in the answer. */
    public static String url(Part file) {
        return switch (media(file)) {
            case Media.Inline(var type, var base64) -> "data:" + type + ";base64," + base64;
            case Media.Url(var url, _) -> url;
            case Media.PlainText(var text) -> text;
        };
    }

    public static Media media(Part file) {
        return switch (file) {
            case Part.Image(var media, _, _) -> media;
            case Part.Document(var media, _, _) -> media;
            default -> throw new IllegalArgumentException("no file: " + file.getClass());
        };
    }

    private static boolean isBase64(String text) {
        int end = text.length();
        while (end > 0 && text.charAt(end - 1) == '=' && text.length() - end < 2) {
            end--;
        }
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            boolean letter = c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z';
            if (!letter && !(c >= '0' && c <= '9') && c != '+' && c != '/') {
                return false;
            }
        }
        return text.length() % 4 == 0;
    }

    private static String type(Media media) {
        return switch (media) {
            case Media.Inline(var type, _) -> type;
            case Media.Url(_, var type) -> type == null ? "image/*" : type;
            case Media.PlainText _ -> "of a form that nobody knows";
        };
    }
}
