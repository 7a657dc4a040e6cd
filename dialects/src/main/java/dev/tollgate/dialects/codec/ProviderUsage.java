package dev.tollgate.dialects.codec;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Usage;
import dev.tollgate.dialects.usage.UsageReader;
import org.jspecify.annotations.Nullable;

/** Finds the usage in a provider's answer or event. */
public final class ProviderUsage {
    private ProviderUsage() {}

    /** Null if the envelope holds none. */
    public static @Nullable Usage read(Dialect dialect, JsonNode envelope) {
        return UsageReader.read(dialect, find(dialect, envelope));
    }

    /** The object in which it tells its usage; missing if the envelope holds none. */
    public static JsonNode find(Dialect dialect, JsonNode envelope) {
        return switch (dialect) {
            case OPENAI_CHAT -> {
                var usage = envelope.path("usage");
                yield usage.isObject() ? usage : envelope.path("x_groq").path("usage");
            }
            case OPENAI_RESPONSES, ANTHROPIC -> envelope.path("usage");
            case GEMINI -> envelope.path("usageMetadata");
        };
    }
}
