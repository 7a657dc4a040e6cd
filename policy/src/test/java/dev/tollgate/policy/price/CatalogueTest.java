package dev.tollgate.policy.price;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CatalogueTest {

    private static final Catalogue CATALOGUE = Catalogue.builtIn();
    private static final Path CORPUS = Path.of(System.getProperty("tollgate.corpus", "corpus"));

    /** Of the prices that both lists know, the share that must be equal. */
    private static final int MIN_AGREEMENT_PERCENT = 80;

    @Test
    void knowsPricesLimitsAndCapabilities() {
        var mini = CATALOGUE.find("OpenAI", "gpt-4o-mini");
        assertThat(mini).isNotNull();
        assertThat(mini.price().input()).isEqualTo(150_000);
        assertThat(mini.price().cachedInput()).isEqualTo(75_000);
        assertThat(mini.price().cacheWrite()).isEqualTo(150_000);
        assertThat(mini.price().output()).isEqualTo(600_000);
        assertThat(mini.price().source()).isEqualTo("catalogue@" + CATALOGUE.date());
        assertThat(mini.contextTokens()).isEqualTo(128_000);
        assertThat(mini.maxOutputTokens()).isEqualTo(16_384);
        assertThat(mini.capabilities()).contains("Chat", "Streaming", "Tools", "Vision");
        assertThat(CATALOGUE.find("OpenAI", "gpt-unheard-of")).isNull();
        assertThat(CATALOGUE.models("OpenAICompatible")).isEmpty();
    }

    @Test
    void knowsEveryTypeThatHasAPublicPriceList() {
        for (var type :
                List.of(
                        "OpenAI",
                        "Anthropic",
                        "Gemini",
                        "Groq",
                        "Mistral",
                        "XAI",
                        "DeepSeek",
                        "OpenRouter",
                        "Together",
                        "Fireworks",
                        "Perplexity",
                        "Cohere",
                        "Cerebras",
                        "AzureOpenAI",
                        "VertexAI",
                        "Bedrock")) {
            assertThat(CATALOGUE.models(type)).as(type).hasSizeGreaterThan(5);
        }
    }

    @Test
    void hasNoPriceOfZeroButForFreeModels() {
        for (var type : GenaiPrices.PROVIDERS.keySet()) {
            for (var entry : CATALOGUE.models(type)) {
                var price = entry.price();
                boolean costs = price.input() + price.output() + price.perRequest() > 0;
                assertThat(costs).as(type + " " + entry.name()).isNotEqualTo(isFree(entry.name()));
            }
        }
    }

    @Test
    void hasNoModelWhoseCostNobodyCanBound() {
        for (var type : GenaiPrices.PROVIDERS.keySet()) {
            for (var entry : CATALOGUE.models(type)) {
                assertThat(UpperBound.runsByItself(entry.name())).as(entry.name()).isFalse();
            }
        }
    }

    private static boolean isFree(String name) {
        return name.endsWith(":free");
    }

    @Test
    void dearestIsNoCheaperThanAnyModel() {
        var dearest = CATALOGUE.dearest("Anthropic");
        assertThat(dearest).isNotNull();
        var counts = new TokenCounts(300_000, 10_000, 10_000, 10_000, 5_000, 0, 0, 0, 0);
        for (var entry : CATALOGUE.models("Anthropic")) {
            assertThat(Cost.of(entry.price(), counts))
                    .isLessThanOrEqualTo(Cost.of(dearest, counts));
        }
        assertThat(CATALOGUE.dearest("OpenAICompatible")).isNull();
    }

    @Test
    void isWhatItsBuilderMakesOfThePriceLists() throws IOException {
        assumeTrue(Files.isDirectory(CORPUS), "no price lists at " + CORPUS);
        var built =
                CatalogueBuilder.build(CORPUS.resolve("prices"), LocalDate.parse(CATALOGUE.date()));
        var resource = "/dev/tollgate/policy/price/catalogue.json";
        try (var shipped = Catalogue.class.getResourceAsStream(resource)) {
            assertThat(shipped).isNotNull();
            assertThat(new String(shipped.readAllBytes(), StandardCharsets.UTF_8))
                    .isEqualTo(CatalogueBuilder.text(built, CATALOGUE.date()));
        }
    }

    @Test
    void agreesWithTheOtherPriceListAndTellsWhereItDoesNot() throws IOException {
        assumeTrue(Files.isDirectory(CORPUS), "no price lists at " + CORPUS);
        var other =
                new GenaiPrices(
                        CORPUS.resolve("prices/genai-prices.json"),
                        LocalDate.parse(CATALOGUE.date()));
        var report = new ArrayList<String>();
        int compared = 0;
        for (var type : GenaiPrices.PROVIDERS.entrySet()) {
            for (var entry : CATALOGUE.models(type.getKey())) {
                var prices = other.prices(type.getValue(), entry.name());
                if (prices.isEmpty()) {
                    continue;
                }
                compared++;
                var theirs = prices.get();
                boolean same =
                        same(entry.price().input(), theirs, "input_mtok")
                                && same(entry.price().output(), theirs, "output_mtok");
                if (!same) {
                    report.add(
                            type.getKey()
                                    + " "
                                    + entry.name()
                                    + ": "
                                    + entry.price().input()
                                    + "/"
                                    + entry.price().output()
                                    + " micro-USD, there "
                                    + theirs.path("input_mtok")
                                    + "/"
                                    + theirs.path("output_mtok")
                                    + " USD");
                }
            }
        }
        Files.createDirectories(Path.of("target"));
        Files.write(Path.of("target/catalogue-disagreements.txt"), report);
        int agreement = 100 * (compared - report.size()) / Math.max(1, compared);
        System.out.println(
                "catalogue: "
                        + compared
                        + " models compared, "
                        + agreement
                        + " % agree, see target/catalogue-disagreements.txt");
        assertThat(compared).isGreaterThan(500);
        assertThat(agreement).isGreaterThanOrEqualTo(MIN_AGREEMENT_PERCENT);
    }

    private static boolean same(long micros, JsonNode prices, String member) {
        return GenaiPrices.base(prices, member)
                .map(theirs -> theirs.compareTo(BigDecimal.valueOf(micros, 6)) == 0)
                .orElse(true);
    }

    @Test
    void pricesRecordedUsageAsTheOtherPriceListDoes() throws IOException {
        var file = CORPUS.resolve("usages/genai-prices-usages.json");
        assumeTrue(Files.exists(file), "no recorded usage at " + file);
        var tally = new UsageTally(CATALOGUE);
        for (var recorded : CatalogueBuilder.JSON.readTree(file.toFile())) {
            tally.add(recorded);
        }
        System.out.println(tally.summary());
        Files.createDirectories(Path.of("target"));
        Files.write(Path.of("target/usage-disagreements.txt"), tally.disagreements());
        assertThat(tally.compared()).isGreaterThan(100);
        assertThat(tally.agreementPercent()).isGreaterThanOrEqualTo(MIN_AGREEMENT_PERCENT);
    }
}
