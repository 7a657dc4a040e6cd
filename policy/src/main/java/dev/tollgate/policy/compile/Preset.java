package dev.tollgate.policy.compile;

import dev.tollgate.crds.provider.ProviderType;
import dev.tollgate.policy.snapshot.ProviderEntry;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a type of ModelProvider implies: dialect and address (protocols.md, 6.1), telemetry name
 * (10.2), and what it bills when a client goes away (budgets.md, section 8: who is not listed there
 * is taken to go on billing). The addresses are those of the providers' own SDKs and documents;
 * docs/providers.md lists them all.
 *
 * @param name as in the resource and the catalogue
 * @param url public address, of Ollama the one that it listens on by default; null: there is none
 * @param quirks deviations from the dialect, as {@code dialects} names them
 */
record Preset(
        String name,
        String dialect,
        String telemetryName,
        @Nullable String url,
        ProviderEntry.Billing billing,
        List<String> quirks) {

    private static final String OPENAI = "openai-chat";

    /**
     * Statuses of the big three that come instead of an answer and cost nothing: they charge the
     * tokens of answers alone, and Gemini's billing FAQ says so of failed requests (400, 500). A
     * 504 is none of them, as a server that ran out of time may have worked.
     */
    private static final List<Integer> NEVER_BILLED = List.of(500, 502, 503);

    private static final List<Integer> NEVER_BILLED_BY_ANTHROPIC = List.of(500, 502, 503, 529);

    /** Null: the type is not supported by this version. */
    static @Nullable Preset of(ProviderType type) {
        return switch (type) {
            case OPENAI ->
                    stops("OpenAI", OPENAI, "openai", "https://api.openai.com/v1")
                            .neverBilling(NEVER_BILLED);
            case ANTHROPIC ->
                    stops("Anthropic", "anthropic", "anthropic", "https://api.anthropic.com")
                            .neverBilling(NEVER_BILLED_BY_ANTHROPIC);
            case GEMINI ->
                    billsOn(
                                    "Gemini",
                                    "gemini",
                                    "gcp.gemini",
                                    "https://generativelanguage.googleapis.com/v1beta")
                            .neverBilling(NEVER_BILLED);
            case GROQ ->
                    billsOn("Groq", OPENAI, "groq", "https://api.groq.com/openai/v1")
                            .with(Quirks.GROQ);
            case MISTRAL ->
                    billsOn("Mistral", OPENAI, "mistral_ai", "https://api.mistral.ai/v1")
                            .with(Quirks.MISTRAL);
            case XAI -> stops("XAI", OPENAI, "x_ai", "https://api.x.ai/v1").with(Quirks.XAI);
            case DEEPSEEK ->
                    stops("DeepSeek", OPENAI, "deepseek", "https://api.deepseek.com")
                            .with(Quirks.DEEPSEEK);
            case OPENROUTER ->
                    billsOn("OpenRouter", OPENAI, "openrouter", "https://openrouter.ai/api/v1")
                            .with(Quirks.OPENROUTER);
            case TOGETHER ->
                    stops("Together", OPENAI, "together", "https://api.together.ai/v1")
                            .with(Quirks.TOGETHER);
            case FIREWORKS ->
                    stops("Fireworks", OPENAI, "fireworks", "https://api.fireworks.ai/inference/v1")
                            .with(Quirks.FIREWORKS);
            case PERPLEXITY ->
                    billsOn("Perplexity", OPENAI, "perplexity", "https://api.perplexity.ai")
                            .with(Quirks.PERPLEXITY);
            case COHERE ->
                    stops("Cohere", OPENAI, "cohere", "https://api.cohere.com/compatibility/v1")
                            .with(Quirks.COHERE);
            case CEREBRAS ->
                    billsOn("Cerebras", OPENAI, "cerebras", "https://api.cerebras.ai/v1")
                            .with(Quirks.CEREBRAS);
            case OLLAMA ->
                    billsOn("Ollama", OPENAI, "ollama", "http://localhost:11434/v1")
                            .with(Quirks.OLLAMA);
            case VLLM -> billsOn("VLLM", OPENAI, "vllm", null).with(Quirks.VLLM);
            case OPENAI_COMPATIBLE ->
                    billsOn("OpenAICompatible", OPENAI, "openai_compatible", null)
                            .with(Quirks.ANY_SERVER);
            case VERTEX_AI, BEDROCK, AZURE_OPENAI, UNKNOWN -> null;
        };
    }

    private Preset neverBilling(List<Integer> statuses) {
        var known = new ProviderEntry.Billing(billing.stopsOnDisconnect(), statuses);
        return new Preset(name, dialect, telemetryName, url, known, quirks);
    }

    private Preset with(List<String> deviations) {
        return new Preset(name, dialect, telemetryName, url, billing, deviations);
    }

    private static Preset stops(
            String name, String dialect, String telemetry, @Nullable String url) {
        var billing = new ProviderEntry.Billing(true, List.of());
        return new Preset(name, dialect, telemetry, url, billing, List.of());
    }

    private static Preset billsOn(
            String name, String dialect, String telemetry, @Nullable String url) {
        var billing = new ProviderEntry.Billing(false, List.of());
        return new Preset(name, dialect, telemetry, url, billing, List.of());
    }
}
