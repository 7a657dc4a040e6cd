package dev.tollgate.policy.compile;

import dev.tollgate.crds.provider.ProviderType;

/**
 * The most tokens that one image can be charged as (budgets.md, 6.2): 8,192 covers what Anthropic,
 * Gemini and the OpenAI models of a flat tile price publish. Two families charge more.
 */
final class ImageTokens {

    private static final int DEFAULT_TOKENS = 8_192;

    /** gpt-4o-mini: 2,833 and 5,667 for each of at most 8 tiles. */
    private static final int GPT_4O_MINI_TOKENS = 2_833 + 8 * 5_667;

    /** gpt-5.4 and later read an original image in up to 10,000 patches, some at a multiple. */
    private static final int ORIGINAL_DETAIL_TOKENS = 25_000;

    private ImageTokens() {}

    static int of(ProviderType type, String catalogName) {
        var name = catalogName.substring(catalogName.lastIndexOf('/') + 1);
        if (name.startsWith("gpt-4o-mini")) {
            return GPT_4O_MINI_TOKENS;
        }
        boolean originals = name.matches("gpt-(5\\.[4-9]|[6-9]).*");
        return originals && type != ProviderType.OPENAI_COMPATIBLE
                ? ORIGINAL_DETAIL_TOKENS
                : DEFAULT_TOKENS;
    }
}
