package dev.tollgate.dataplane.exchange;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Usage;
import dev.tollgate.dialects.error.UpstreamError;
import dev.tollgate.policy.attempt.Outcome;
import dev.tollgate.policy.price.BoundInput;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.ModelEntry;
import dev.tollgate.policy.snapshot.PriceEntry;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SettlementTest {

    /** $1 a million tokens each way: 1,000 nano-dollars a token. */
    private static final PriceEntry PRICE =
            new PriceEntry(
                    1_000_000,
                    1_000_000,
                    1_000_000,
                    1_000_000,
                    1_000_000,
                    1_000_000,
                    1_000_000,
                    0,
                    List.of(),
                    "provider");

    private static final Money HOLD = new Money(500_000);

    private static ModelEntry model(@Nullable Long context) {
        return new ModelEntry("m", List.of(), PRICE, context, context, List.of(), 0, 0);
    }

    private static BoundInput size(String... unbounded) {
        return new BoundInput(
                40, 1, false, 0, 0, List.of(unbounded), OptionalLong.of(50), 1, false);
    }

    private static Usage usage(long input, long output) {
        return new Usage(input, 0, 0, 0, output, 0, 0, 0, 0);
    }

    private static Settlement reported(ModelEntry model, BoundInput size, Usage usage) {
        return Settlement.reported(model, size, usage, 1, HOLD, false);
    }

    @Test
    void chargesWhatTheProviderReports() {
        assertThat(reported(model(1_000L), size(), usage(10, 20)))
                .isEqualTo(new Settlement(new Money(30_000), false, false));
    }

    @Test
    void chargesTheHoldForFiguresThatCannotBeTrue() {
        var implausible = new Settlement(HOLD, true, true);
        assertThat(reported(model(1_000L), size(), usage(-1, 20))).isEqualTo(implausible);
        assertThat(reported(model(1_000L), size(), usage(1_001, 1))).isEqualTo(implausible);
        assertThat(reported(model(1_000L), size(), usage(1, 1_001))).isEqualTo(implausible);
    }

    @Test
    void chargesTheHoldForFiguresBeyondAllThatCanBeCounted() {
        var unlimited = model(null);
        assertThat(reported(unlimited, size(), usage(Long.MAX_VALUE / 2, 1)))
                .isEqualTo(new Settlement(HOLD, true, true));
        assertThat(Settlement.unreported(unlimited, size(), usage(Long.MAX_VALUE / 2, 1), 5, HOLD))
                .isEqualTo(new Settlement(HOLD, true, true));
    }

    @Test
    void chargesTheHoldForWhatNoTokenTells() {
        var dearer = size("service_tier priority");
        assertThat(reported(model(1_000L), dearer, usage(10, 20)))
                .isEqualTo(new Settlement(HOLD, true, false));
        assertThat(reported(model(100_000L), dearer, usage(1_000, 20)).cost())
                .isEqualTo(new Money(1_020_000));
        assertThat(Settlement.unreported(model(1_000L), dearer, usage(10, 1), 5, HOLD))
                .isEqualTo(Settlement.hold(HOLD));
    }

    private static Call.Failure answered(Dialect dialect, int status, String body) {
        var bytes = body.getBytes(UTF_8);
        return new Call.Failure(
                new Outcome.ServerError(status, null),
                "",
                status,
                true,
                UpstreamError.read(dialect, status, bytes),
                bytes);
    }

    private static boolean mayBeBilled(Call.Failure failure, Integer... never) {
        return Settlement.mayBeBilled(failure, false, List.of(never));
    }

    @ParameterizedTest
    @EnumSource(Dialect.class)
    void chargesNothingForARateLimitInAnyDialect(Dialect dialect) {
        for (var body :
                List.of(
                        "",
                        "slow down",
                        "{\"error\":{\"message\":\"Rate limit reached\",\"type\":\"requests\","
                                + "\"code\":\"rate_limit_exceeded\"}}",
                        "{\"error\":{\"message\":\"No money\",\"code\":\"insufficient_quota\"}}",
                        "{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\","
                                + "\"message\":\"Number of tokens\"}}",
                        "{\"error\":{\"code\":429,\"message\":\"Resource exhausted\","
                                + "\"status\":\"RESOURCE_EXHAUSTED\"}}")) {
            assertThat(mayBeBilled(answered(dialect, 429, body))).as(body).isFalse();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "400, false", "401, false", "402, false", "403, false", "404, false", "408, true",
        "409, false", "413, false", "422, false", "429, false", "499, true", "500, true",
        "502, true", "503, true", "504, true", "529, true", "307, true"
    })
    void chargesTheHoldForAStatusThatMayComeAfterInference(int status, boolean billed) {
        for (var dialect : Dialect.values()) {
            assertThat(mayBeBilled(answered(dialect, status, "{}"))).isEqualTo(billed);
        }
    }

    @Test
    void chargesNothingForAStatusThatItsProviderNeverBills() {
        var overloaded = answered(Dialect.ANTHROPIC, 529, "{}");
        assertThat(mayBeBilled(overloaded, 500, 529)).isFalse();
        assertThat(mayBeBilled(overloaded, 500)).isTrue();
    }

    @Test
    void chargesTheHoldForARefusalThatTheModelHadToWriteFirst() {
        var filtered =
                "{\"error\":{\"code\":\"content_filter\",\"message\":\"filtered\","
                        + "\"innererror\":{\"code\":\"ResponsibleAIPolicyViolation\"}}}";
        assertThat(mayBeBilled(answered(Dialect.OPENAI_CHAT, 400, filtered))).isTrue();
        var unparsed =
                "{\"error\":{\"message\":\"Failed to call a function\","
                        + "\"type\":\"invalid_request_error\",\"code\":\"tool_use_failed\"}}";
        assertThat(mayBeBilled(answered(Dialect.OPENAI_CHAT, 400, unparsed))).isTrue();
    }

    @Test
    void chargesNothingWithoutAByteSent() {
        var failure =
                new Call.Failure(new Outcome.Timeout(), "timeout", 0, false, null, new byte[0]);
        assertThat(mayBeBilled(failure)).isFalse();
    }

    @Test
    void chargesTheHoldForAFaultThatIsToldOnceTheAnswerHasBegun() {
        var refused = answered(Dialect.OPENAI_CHAT, 400, "{\"error\":{\"message\":\"no\"}}");
        assertThat(Settlement.mayBeBilled(refused, true, List.of())).isTrue();
        var limited = answered(Dialect.OPENAI_CHAT, 429, "{\"error\":{\"message\":\"no\"}}");
        assertThat(Settlement.mayBeBilled(limited, true, List.of())).isFalse();
    }

    @Test
    void knowsWhatAFileCostsFromItsTokens() {
        assertThat(reported(model(1_000L), size("file_id"), usage(10, 20)))
                .isEqualTo(new Settlement(new Money(30_000), false, false));
    }

    @Test
    void estimatesAnUnreportedAnswerByWhatWasSeenAndAGuardButNeverAboveTheHold() {
        var seen = 4;
        assertThat(Settlement.unreported(model(1_000L), size(), usage(10, 1), seen, HOLD))
                .isEqualTo(
                        new Settlement(
                                new Money((10 + seen + Settlement.GUARD_TOKENS) * 1_000),
                                true,
                                false));
        assertThat(Settlement.unreported(model(1_000L), size(), usage(10, 1), 900, HOLD).cost())
                .isEqualTo(HOLD);
    }

    @Test
    void chargesTheHoldForAnUnreportedAnswerOfAModelThatMayHaveThoughtUnseen() {
        var thinker =
                new ModelEntry("m", List.of(), PRICE, 1_000L, 1_000L, List.of("Reasoning"), 0, 0);
        assertThat(Settlement.unreported(thinker, size(), null, 4, HOLD))
                .isEqualTo(Settlement.hold(HOLD));
        assertThat(Settlement.unreported(thinker, size(), usage(10, 1), 4, HOLD))
                .isEqualTo(Settlement.hold(HOLD));
    }
}
