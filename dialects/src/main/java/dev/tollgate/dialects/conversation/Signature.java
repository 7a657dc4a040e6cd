package dev.tollgate.dialects.conversation;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * What a provider signs or encrypts of its reasoning, opaque to all others. In the dialect of its
 * issuer it is written as it came; in another dialect it is wrapped with the issuer's name, so that
 * it finds its way back to the issuer and to nobody else.
 */
public record Signature(Issuer issuer, String value) {

    /** Whose signature it is. */
    public enum Issuer {
        ANTHROPIC,
        GEMINI,
        OPENAI,
        /** What OpenRouter hands on of any model's. */
        OPENROUTER
    }

    private static final String MARK = "tg1:";
    private static final String ENCODED_MARK = "dGcxO";

    /** As it is written in the dialect of {@code dialectOf}. */
    public String written(Issuer dialectOf) {
        if (issuer == dialectOf) {
            return value;
        }
        var text = MARK + issuer + ":" + value;
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /** As it is read in the dialect of {@code dialectOf}; null if there is none. */
    public static @Nullable Signature read(@Nullable String written, Issuer dialectOf) {
        if (written == null || written.isEmpty()) {
            return null;
        }
        if (!written.startsWith(ENCODED_MARK)) {
            return new Signature(dialectOf, written);
        }
        try {
            var text = new String(Base64.getDecoder().decode(written), StandardCharsets.UTF_8);
            int colon = text.indexOf(':', MARK.length());
            if (text.startsWith(MARK) && colon > 0) {
                return new Signature(
                        Issuer.valueOf(text.substring(MARK.length(), colon)),
                        text.substring(colon + 1));
            }
        } catch (IllegalArgumentException foreign) {
            return new Signature(dialectOf, written);
        }
        return new Signature(dialectOf, written);
    }
}
