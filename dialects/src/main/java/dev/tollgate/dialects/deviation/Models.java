package dev.tollgate.dialects.deviation;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What depends on the model of a provider. xAI: docs.x.ai, and measured in
 * NousResearch/hermes-agent#23435. Groq: groq/groq-python, {@code reasoning_effort}. Mistral: its
 * small and medium models alone have the setting.
 */
final class Models {
    private static final Pattern XAI_WITHOUT_EFFORT =
            Pattern.compile(
                    "(.*/)?grok-(3(-(?!mini).*)?|4|4-.*|4\\.20(-(?!multi-agent).*)?|code.*)");
    private static final Pattern XAI_REASONING =
            Pattern.compile("(.*/)?grok-(3-mini|4|code|build)(?!.*non-reasoning).*");
    private static final Pattern MISTRAL_WITH_EFFORT = Pattern.compile("mistral-(small|medium)-.*");

    private Models() {}

    static boolean xaiHasEffort(String model) {
        return !XAI_WITHOUT_EFFORT.matcher(model).matches();
    }

    static boolean xaiReasons(String model) {
        return XAI_REASONING.matcher(model).matches();
    }

    /** The effort as the model knows it; null: it knows none. */
    static @Nullable String groqEffort(String model, String effort) {
        if (model.contains("gpt-oss")) {
            return switch (effort) {
                case "none", "minimal" -> "low";
                case "xhigh", "max" -> "high";
                case "default" -> null;
                default -> effort;
            };
        }
        if (model.contains("qwen")) {
            return effort.equals("none") ? effort : "default";
        }
        return null;
    }

    static boolean mistralHasEffort(String model) {
        return MISTRAL_WITH_EFFORT.matcher(model).matches();
    }

    static String noneOrHigh(String effort) {
        return effort.equals("none") || effort.equals("minimal") ? "none" : "high";
    }
}
