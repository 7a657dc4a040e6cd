package dev.tollgate.policy.price;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.snapshot.ModelEntry;
import dev.tollgate.policy.snapshot.PriceEntry;
import dev.tollgate.policy.snapshot.Snapshots;
import java.util.List;
import java.util.OptionalLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UpperBoundTest {

    private static BoundInput input(long textBytes, OptionalLong limit, String... unbounded) {
        return new BoundInput(textBytes, 2, false, 0, 0, List.of(unbounded), limit, 1, false);
    }

    private static ModelEntry model(
            @Nullable PriceEntry price, @Nullable Long context, @Nullable Long output) {
        return new ModelEntry(
                "m", List.of(), price, context, output, List.of("Chat", "Reasoning"), 50, 8_192);
    }

    private static final ModelEntry MODEL = model(Snapshots.PRICE, 400_000L, 16_384L);

    private static Bound.Bounded bounded(Bound bound) {
        assertThat(bound).isInstanceOf(Bound.Bounded.class);
        return (Bound.Bounded) bound;
    }

    @Test
    void countsBytesMessagesToolsAndMedia() {
        var all = new BoundInput(1_000, 3, true, 2, 10, List.of(), OptionalLong.of(100), 2, false);
        var bound = bounded(UpperBound.of(MODEL, all));
        assertThat(bound.inputTokens()).isEqualTo(1_000 + 3 * 16 + 256 + 1_024 + 2 * 8_192 + 160);
        assertThat(bound.outputTokens()).isEqualTo(200);
        assertThat(bound.outputLimit()).isEqualTo(100);
    }

    @Test
    void everyInputOfAnEmbeddingHasAContextWindowOfItsOwn() {
        var model = model(Snapshots.PRICE, 8_192L, null);
        assertThat(bounded(UpperBound.of(model, embeddings(50_000, 10))).inputTokens())
                .isEqualTo(50_000 + 10 * 16 + 256);
        assertThat(bounded(UpperBound.of(model, embeddings(50_000, 2))).inputTokens())
                .isEqualTo(2 * 8_192);
        assertThat(UpperBound.mostInputTokens(model, embeddings(1, 2))).isEqualTo(2 * 8_192L);
        var answers = new BoundInput(9, 1, false, 0, 0, List.of(), OptionalLong.of(50), 2, false);
        assertThat(UpperBound.mostInputTokens(model, answers))
                .as("several answers read one input")
                .isEqualTo(8_192L);
    }

    private static BoundInput embeddings(long textBytes, int inputs) {
        return new BoundInput(
                textBytes, inputs, false, 0, 0, List.of(), OptionalLong.of(0), inputs, false);
    }

    @Test
    void takesTheDearestInputPriceWhichIsAnHourLongCacheWrite() {
        var bound = bounded(UpperBound.of(MODEL, input(712, OptionalLong.of(0))));
        assertThat(bound.cost()).isEqualTo(Money.parse("0.006"));
    }

    @Test
    void takesTheLongContextTierThatTheBoundReaches() {
        var bound = bounded(UpperBound.of(MODEL, input(199_744, OptionalLong.of(1_000))));
        // 200,032 x 12 + 1,000 x 22.5 per million
        assertThat(bound.cost()).isEqualTo(Money.parse("2.422884"));
    }

    @Test
    void endsAtTheContextWindow() {
        var bound = bounded(UpperBound.of(MODEL, input(9_000_000, OptionalLong.of(1))));
        assertThat(bound.inputTokens()).isEqualTo(400_000);
        var cached = bounded(UpperBound.of(MODEL, input(10, OptionalLong.of(1), "cachedContent")));
        assertThat(cached.inputTokens()).isEqualTo(400_000);
    }

    @Test
    void writesTheModelsMaximumWhereTheClientSetNoLimit() {
        var bound = bounded(UpperBound.of(MODEL, input(10, OptionalLong.empty())));
        assertThat(bound.outputLimit()).isEqualTo(16_384);
    }

    @Test
    void addsThoughtsWhereTheLimitLeavesThemOut() {
        var gemini = new BoundInput(10, 1, false, 0, 0, List.of(), OptionalLong.of(100), 1, true);
        assertThat(bounded(UpperBound.of(MODEL, gemini)).outputTokens()).isEqualTo(16_384);
    }

    @Test
    void isUnboundableWithoutPriceLimitOrMeaning() {
        var limit = OptionalLong.of(1);
        assertThat(UpperBound.of(model(null, 1L, 1L), input(1, limit)))
                .isEqualTo(new Bound.Unboundable("the price of model m is unknown"));
        assertThat(
                        UpperBound.of(
                                model(Snapshots.PRICE, null, null), input(1, OptionalLong.empty())))
                .isInstanceOf(Bound.Unboundable.class);
        assertThat(UpperBound.of(MODEL, input(1, limit, "tools[] of type web_search_20250305")))
                .isInstanceOf(Bound.Unboundable.class);
        assertThat(UpperBound.of(MODEL, input(1, limit, "service_tier")))
                .isInstanceOf(Bound.Unboundable.class);
        assertThat(UpperBound.of(model(Snapshots.PRICE, null, 5L), input(1, limit, "file_id")))
                .isInstanceOf(Bound.Unboundable.class);
        assertThat(UpperBound.of(model(Snapshots.PRICE, null, null), input(1L << 62, limit)))
                .isEqualTo(new Bound.Unboundable("the cost is above all that can be counted"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "compound-beta",
                "groq/compound-mini",
                "o4-mini-deep-research-2025-06-26",
                "perplexity/sonar-deep-research",
                "gpt-5-search-api",
                "openai/gpt-4o:online",
                "google/gemini-2.5-flash-image",
                "gpt-image-1",
                "openai/gpt-5.4-image-2"
            })
    void isUnboundableForModelsThatRunByThemselves(String name) {
        var model =
                new ModelEntry(
                        name, List.of(), Snapshots.PRICE, 1_000L, 100L, List.of("Chat"), 50, 0);
        assertThat(UpperBound.of(model, input(1, OptionalLong.of(1))))
                .isInstanceOf(Bound.Unboundable.class)
                .asString()
                .contains(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt-4o", "o3", "gemini-2.5-pro", "sonar-pro", "gpt-4o-search-preview"})
    void bindsOtherModels(String name) {
        assertThat(UpperBound.runsByItself(name)).isFalse();
    }

    @Property
    void isNeverBelowWhatTheBoundedCountsCost(
            @ForAll @LongRange(max = 500_000) long textBytes,
            @ForAll @LongRange(max = 20_000) long limit,
            @ForAll @IntRange(max = 100) int usedPercent,
            @ForAll @IntRange(max = 3) int kind) {
        var bound = bounded(UpperBound.of(MODEL, input(textBytes, OptionalLong.of(limit))));
        long in = bound.inputTokens() * usedPercent / 100;
        var counts =
                new TokenCounts(
                        in,
                        kind == 1 ? in : 0,
                        kind == 2 ? in : 0,
                        kind == 3 ? in : 0,
                        bound.outputTokens() * usedPercent / 100,
                        0,
                        0,
                        0,
                        0);
        assertThat(Cost.of(Snapshots.PRICE, counts)).isLessThanOrEqualTo(bound.cost());
    }

    @Property
    void theLeastIsWhatTheShortestAnswerThatIsOfUseNeeds(
            @ForAll @LongRange(min = 1, max = 20_000) long limit) {
        var given = input(2_000, OptionalLong.of(limit));
        var least = bounded(UpperBound.least(MODEL, given, UpperBound.MIN_OUTPUT_TOKENS)).cost();
        var below = new Money(least.nanos() - 1);
        assertThat(UpperBound.outputThatFits(MODEL, given, least, UpperBound.MIN_OUTPUT_TOKENS))
                .isPresent();
        assertThat(UpperBound.outputThatFits(MODEL, given, below, UpperBound.MIN_OUTPUT_TOKENS))
                .isEmpty();
        assertThat(least).isLessThanOrEqualTo(bounded(UpperBound.of(MODEL, given)).cost());
    }

    @Property
    void findsTheLargestOutputThatFits(
            @ForAll @LongRange(min = 1, max = 20_000) long limit,
            @ForAll @LongRange(max = 600_000_000) long ceilingNanos) {
        var ceiling = new Money(ceilingNanos);
        var given = input(2_000, OptionalLong.of(limit));
        var fits = UpperBound.outputThatFits(MODEL, given, ceiling, UpperBound.MIN_OUTPUT_TOKENS);
        long least = Math.min(UpperBound.MIN_OUTPUT_TOKENS, limit);
        if (fits.isEmpty()) {
            var smallest = input(2_000, OptionalLong.of(least));
            assertThat(bounded(UpperBound.of(MODEL, smallest)).cost()).isGreaterThan(ceiling);
            return;
        }
        long found = fits.getAsLong();
        assertThat(found).isBetween(least, limit);
        assertThat(bounded(UpperBound.of(MODEL, input(2_000, fits))).cost())
                .isLessThanOrEqualTo(ceiling);
        if (found < limit) {
            var more = input(2_000, OptionalLong.of(found + 1));
            assertThat(bounded(UpperBound.of(MODEL, more)).cost()).isGreaterThan(ceiling);
        }
    }
}
