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
        OPENROUTER,
        /** Of a call that came without, for a dialect whose provider demands one. */
        NOBODY
    }

    /** What every wrapped signature begins with. */
    public static final String ENCODED_MARK = "dGcxO";

    /** Marks a call that its provider did not sign. */
    public static final Signature NONE = new Signature(Issuer.NOBODY, "");

    private static final String MARK = "tg1:";

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
        var unwrapped = written.startsWith(ENCODED_MARK) ? unwrapped(written) : null;
        if (unwrapped == null) {
            return new Signature(dialectOf, written);
        }
        return unwrapped.issuer == Issuer.NOBODY ? null : unwrapped;
    }

    /** Whether the gateway wrapped it, so that it means nothing to the provider who reads it. */
    public static boolean isWrapped(@Nullable String written) {
        return written != null && written.startsWith(ENCODED_MARK) && unwrapped(written) != null;
    }

    /** Null: it only looks as if it had been wrapped. */
    private static @Nullable Signature unwrapped(String written) {
        try {
            var text = new String(Base64.getDecoder().decode(written), StandardCharsets.UTF_8);
            int colon = text.indexOf(':', MARK.length());
            return text.startsWith(MARK) && colon > 0
                    ? new Signature(
                            Issuer.valueOf(text.substring(MARK.length(), colon)),
                            text.substring(colon + 1))
                    : null;
        } catch (IllegalArgumentException foreign) {
            return null;
        }
    }
}
