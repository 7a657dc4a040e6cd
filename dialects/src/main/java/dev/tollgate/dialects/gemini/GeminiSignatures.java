package dev.tollgate.dialects.gemini;

import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.Signature;
import dev.tollgate.dialects.conversation.Signature.Issuer;
import org.jspecify.annotations.Nullable;

/**
 * Thoughts that only their issuer can read have no form of their own in Gemini: they travel as an
 * empty thought whose signature is marked.
 */
final class GeminiSignatures {
    private static final String HIDDEN = "hidden:";

    private GeminiSignatures() {}

    /** What {@code thoughtSignature} of this thought is, null if it has none. */
    static @Nullable String written(Part.Reasoning thought) {
        var signature = thought.signature();
        if (signature == null) {
            return null;
        }
        return thought.redacted() ? hide(signature) : signature.written(Issuer.GEMINI);
    }

    static String hide(Signature signature) {
        return new Signature(signature.issuer(), HIDDEN + signature.value()).written(Issuer.GEMINI);
    }

    /** The encrypted thought, null if the signature is an ordinary one. */
    static @Nullable Signature hidden(Signature signature) {
        return signature.value().startsWith(HIDDEN)
                ? new Signature(signature.issuer(), signature.value().substring(HIDDEN.length()))
                : null;
    }
}
