package dev.tollgate.dialects.codec;

import dev.tollgate.dialects.conversation.Media;
import dev.tollgate.dialects.conversation.Part;

/**
 * Images and other files that a model made. Answers from another dialect are text and calls: files
 * beside those are left out, and an answer of nothing but files is an error.
 */
public final class MadeMedia {
    /** Why an answer of files alone is an error. */
    public static final String ALONE =
            "the provider's model answered with files alone, such as images, which the client's"
                    + " dialect does not carry";

    private MadeMedia() {}

    /** A file that the model made; nobody asks for its bytes. */
    public static Part part(String type) {
        var media = new Media.Inline(type, "");
        return type.startsWith("image/")
                ? new Part.Image(media, null, null)
                : new Part.Document(media, null, null);
    }
}
