package dev.tollgate.dialects.embed;

import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Dialect;
import org.jspecify.annotations.Nullable;

/** All bridges for embeddings between different dialects; Anthropic has none. */
public final class Embeddings {
    private static final Bridge OPENAI_TO_GEMINI = new OpenAiToGemini();
    private static final Bridge GEMINI_TO_OPENAI = new GeminiToOpenAi();

    private Embeddings() {}

    /** Null if there is none. */
    public static @Nullable Bridge between(Dialect client, Dialect provider) {
        if (client == Dialect.OPENAI_CHAT && provider == Dialect.GEMINI) {
            return OPENAI_TO_GEMINI;
        }
        return client == Dialect.GEMINI && provider == Dialect.OPENAI_CHAT
                ? GEMINI_TO_OPENAI
                : null;
    }
}
