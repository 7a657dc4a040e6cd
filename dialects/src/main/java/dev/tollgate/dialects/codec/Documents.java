package dev.tollgate.dialects.codec;

import dev.tollgate.dialects.conversation.CacheMarker;
import dev.tollgate.dialects.conversation.Draft;
import dev.tollgate.dialects.conversation.Media;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.Trait;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Sorts files by their media type. */
public final class Documents {
    /** The first bytes of every PDF. */
    private static final String PDF_IN_BASE64 = "JVBERi";

    private static final String WAV_IN_BASE64 = "UklGR";

    private Documents() {}

    /** The part that holds a file of this type, its trait noted. */
    public static Part part(
            Draft draft,
            Media.Inline file,
            @Nullable String title,
            String field,
            @Nullable CacheMarker marker) {
        var type = file.mimeType().toLowerCase(Locale.ROOT);
        if (type.startsWith("image/")) {
            draft.uses(Trait.IMAGE, field);
            return new Part.Image(file, null, marker);
        }
        if (type.startsWith("audio/")) {
            draft.uses(Trait.AUDIO, field);
            return new Part.Audio(file);
        }
        if (type.startsWith("video/")) {
            draft.uses(Trait.VIDEO, field);
            return new Part.Video(file);
        }
        if (type.equals("application/pdf")) {
            draft.uses(Trait.PDF, field);
            return new Part.Document(file, title, marker);
        }
        var text = type.startsWith("text/") || type.equals("application/json") ? text(file) : null;
        if (text != null) {
            return new Part.Document(new Media.PlainText(text), title, marker);
        }
        draft.uses(Trait.OTHER_FILE, field + " (" + file.mimeType() + ")");
        return new Part.Document(file, title, marker);
    }

    /** The part that a URL of this type is. */
    public static Part part(Draft draft, Media.Url file, @Nullable String title, String field) {
        var type = file.mimeType() == null ? "" : file.mimeType().toLowerCase(Locale.ROOT);
        if (type.startsWith("image/")) {
            draft.uses(Trait.IMAGE_URL, field);
            return new Part.Image(file, null, null);
        }
        if (type.startsWith("audio/")) {
            draft.uses(Trait.AUDIO_URL, field);
            return new Part.Audio(file);
        }
        if (type.startsWith("video/")) {
            draft.uses(Trait.VIDEO, field);
            return new Part.Video(file);
        }
        draft.uses(Trait.DOCUMENT_URL, field);
        return new Part.Document(file, title, null);
    }

    /** Sound in OpenAI's form: base64 and a format, or a data URL that some servers take. */
    public static Media.Inline audio(String data, String format) {
        var inline = Media.ofDataUrl(data);
        return inline != null
                ? inline
                : new Media.Inline("audio/" + (format.equals("mp3") ? "mpeg" : format), data);
    }

    /** The format of sound that is given without one: WAV by its first bytes, else MP3. */
    public static String audioFormat(String base64) {
        return base64.startsWith(WAV_IN_BASE64) ? "wav" : "mp3";
    }

    /** A file in OpenAI's form: a data URL, or bare base64 of a PDF; null if it is neither. */
    public static Media.@Nullable Inline inline(String data) {
        var inline = Media.ofDataUrl(data);
        return inline == null && data.startsWith(PDF_IN_BASE64)
                ? new Media.Inline("application/pdf", data)
                : inline;
    }

    /** A document of plain text where only text can be. */
    public static String plain(@Nullable String title, String text) {
        return title == null ? text : title + ":\n" + text;
    }

    private static @Nullable String text(Media.Inline file) {
        try {
            return new String(
                    Base64.getMimeDecoder().decode(file.base64()), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException noBase64) {
            return null;
        }
    }
}
