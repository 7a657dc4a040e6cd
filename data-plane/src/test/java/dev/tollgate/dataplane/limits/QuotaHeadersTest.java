package dev.tollgate.dataplane.limits;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.MultiMap;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuotaHeadersTest {

    private static final Instant NOW = Instant.parse("2026-11-21T09:00:00Z");

    private static @Nullable Instant openAi(String limit, String remaining, String reset) {
        var headers =
                MultiMap.caseInsensitiveMultiMap()
                        .add("x-ratelimit-limit-requests", limit)
                        .add("x-ratelimit-remaining-requests", remaining)
                        .add("x-ratelimit-reset-requests", reset);
        return QuotaHeaders.nearUntil(headers, 95, NOW);
    }

    @ParameterizedTest
    @CsvSource({
        "1s, 1000",
        "120ms, 120",
        "7.66s, 7660",
        "0.5, 500",
        "12, 12000",
        "1m, 60000",
        "6m0s, 60000",
        "1s500ms, 1500"
    })
    void readsResetsAsProvidersWriteThemAndWaitsAMinuteAtMost(String reset, long millis) {
        assertThat(openAi("100", "4", reset)).isEqualTo(NOW.plusMillis(millis));
    }

    @ParameterizedTest
    @CsvSource({
        "100, 5, 1s",
        "100, 90, 1s",
        "-1, 0, 1s",
        "many, 0, 1s",
        "100, 1.5, 1s",
        "100, 0, soon",
        "100, 0, 99999999999999999999s"
    })
    void saysNothingOfAQuotaThatIsLargeEnoughOrCannotBeRead(
            String limit, String remaining, String reset) {
        assertThat(openAi(limit, remaining, reset)).isNull();
    }

    @Test
    void takesTheLatestOfAnthropicsQuotas() {
        var headers =
                MultiMap.caseInsensitiveMultiMap()
                        .add("anthropic-ratelimit-requests-limit", "50")
                        .add("anthropic-ratelimit-requests-remaining", "0")
                        .add("anthropic-ratelimit-requests-reset", "2026-11-21T09:00:05Z")
                        .add("anthropic-ratelimit-output-tokens-limit", "8000")
                        .add("anthropic-ratelimit-output-tokens-remaining", "10")
                        .add("anthropic-ratelimit-output-tokens-reset", "2026-11-21T09:00:20Z");
        assertThat(QuotaHeaders.nearUntil(headers, 95, NOW)).isEqualTo(NOW.plusSeconds(20));
        assertThat(QuotaHeaders.nearUntil(headers, 95, NOW.plusSeconds(30))).isNull();
        assertThat(QuotaHeaders.nearUntil(MultiMap.caseInsensitiveMultiMap(), 95, NOW)).isNull();
    }
}
