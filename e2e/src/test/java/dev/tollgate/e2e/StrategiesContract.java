package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * What every strategy promises, asked through each gateway of a standalone server or a fleet, with
 * the providers' own bills as referees: what they charge is what the usage records say, to the
 * nano-dollar. What a fleet does not share, and each proxy learns or keeps by itself: the turn of
 * RoundRobin, latencies and error rates, circuits, cached answers.
 */
abstract class StrategiesContract extends LimitsContract {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** A proxy hedges 20 % of the requests that it has seen itself: the fifth can be the first. */
    private static final int BEFORE_A_HEDGE = 4;

    private static final Duration LATE = Duration.ofSeconds(6);

    @Test
    void weightedSharesByWeightAndKeepsTheSpareForLater() throws Exception {
        var round = round("weighted", "weighted-a", "weighted-b", "weighted-spare");
        round.serve(240);
        // 180 are expected; five deviations are 34
        assertThat(round.calls("weighted-a")).isBetween(146, 214);
        assertThat(round.calls("weighted-a") + round.calls("weighted-b")).isEqualTo(240);
        assertThat(round.calls("weighted-spare")).isZero();
        round.settled(240);
    }

    @Test
    void roundRobinRotatesStrictlyInEveryProxy() throws Exception {
        var round = round("turn", "turn-a", "turn-b", "turn-c");
        for (int gateway = 0; gateway < size(); gateway++) {
            var turns = new ArrayList<String>();
            for (int i = 0; i < 12; i++) {
                turns.add(Round.servedBy(round.askAt(gateway, Round.question("turn"))));
            }
            assertThat(new HashSet<>(turns.subList(0, 3))).hasSize(3);
            for (int i = 3; i < 12; i++) {
                assertThat(turns.get(i)).isEqualTo(turns.get(i - 3));
            }
        }
        assertThat(round.calls("turn-a")).isEqualTo(4 * size());
        assertThat(round.calls("turn-b")).isEqualTo(4 * size());
        round.settled(12 * size());
    }

    @Test
    void leastCostIsTheCheapestAtOrAboveTheFloorOrTheHint() throws Exception {
        var round = round("cost", "cost-low", "cost-mid", "cost-high");
        for (int i = 0; i < size(); i++) {
            assertThat(Round.servedBy(round.ask())).isEqualTo("cost-low");
            assertThat(Round.servedBy(round.ask("x-quality-hint", "low"))).isEqualTo("cost-low");
            assertThat(Round.servedBy(round.ask("x-quality-hint", "Standard")))
                    .isEqualTo("cost-mid");
            assertThat(Round.servedBy(round.ask("x-quality-hint", "high"))).isEqualTo("cost-high");
            assertThat(Round.servedBy(round.ask("x-deaf", "1", "x-quality-hint", "high")))
                    .isEqualTo("cost-mid");
            var refused = round.ask("x-strict", "1");
            assertThat(refused.statusCode()).isEqualTo(400);
            assertThat(refused.body()).contains("quality 25, below 95");
        }
        assertThat(round.calls("cost-low")).isEqualTo(2 * size());
        assertThat(round.calls("cost-mid")).isEqualTo(2 * size());
        assertThat(round.calls("cost-high")).isEqualTo(size());
        round.settled(6 * size());
    }

    @Test
    void lowestLatencyMeasuresEachTargetOnceAndFollowsTheFastest() throws Exception {
        var round = round("latency", "latency-a", "latency-b");
        round.serve(10 * size());
        assertThat(round.calls("latency-a")).isEqualTo(size());
        // one slow answer outweighs what was measured before: see the half-life of ten seconds
        referees().script("latency-b", "latencyMs: 4500");
        round.atOnce(size(), Standalone.KEY);
        assertThat(round.calls("latency-b")).isEqualTo(10 * size());
        round.serve(3 * size());
        assertThat(round.calls("latency-b")).isEqualTo(10 * size());
        round.settled(14 * size());
    }

    @Test
    void streamsAreJudgedByTheirFirstTokenUnlessTheRuleSaysTotal() throws Exception {
        for (var metric : Map.of("first", "first-a", "whole", "whole-b").entrySet()) {
            var model = metric.getKey();
            var round = round(model, model + "-a", model + "-b");
            var body = Round.question(model).replace("{\"model\"", "{\"stream\":true,\"model\"");
            for (int gateway = 0; gateway < size(); gateway++) {
                for (int i = 0; i < 3; i++) {
                    var answer = round.askAt(gateway, body);
                    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
                }
            }
            assertThat(round.calls(metric.getValue())).isEqualTo(2 * size());
            round.settled(3 * size());
        }
    }

    @Test
    void scoreWeighsCostAgainstQuality() throws Exception {
        var round = round("score", "score-cheap", "score-good");
        for (int i = 0; i < size(); i++) {
            assertThat(Round.servedBy(round.ask("x-want", "cheap"))).isEqualTo("score-cheap");
            assertThat(Round.servedBy(round.ask())).isEqualTo("score-good");
        }
        round.settled(2 * size());
    }

    @Test
    void scoreLeavesATargetThatFailsForADearerOne() throws Exception {
        var round = round("errors", "errors-flaky", "errors-sound");
        var asked = new int[1];
        // error rates are read once a second, and all of them are answered meanwhile
        await().pollInterval(Duration.ofMillis(300))
                .until(
                        () -> {
                            int before = round.calls("errors-flaky");
                            round.serve(2 * size());
                            asked[0] += 2 * size();
                            return before > 0 && round.calls("errors-flaky") == before;
                        });
        int failed = round.calls("errors-flaky");
        round.serve(10 * size());
        assertThat(round.calls("errors-flaky")).isEqualTo(failed);
        round.settled(asked[0] + 10 * size());
    }

    @Test
    void errorAwareWeightsGive80To20WhileBothAreWell() throws Exception {
        var round = round("aware", "aware-cheapest", "aware-reliable");
        round.serve(201);
        // 161 are expected; five deviations are 28
        assertThat(round.calls("aware-cheapest")).isBetween(133, 189);
        round.settled(201);
    }

    @Test
    void errorAwareWeightsShrinkToATenthWhereEverythingFails() throws Exception {
        var round = round("failing", "failing-cheapest", "failing-reliable");
        // every proxy learns of it, within the second in which error rates are read once
        for (int i = 0; i < 10 * size(); i++) {
            round.ask();
        }
        await().pollDelay(Duration.ofMillis(1_100)).until(() -> true);
        int before = round.calls("failing-cheapest");
        for (int i = 0; i < 150; i++) {
            round.ask();
        }
        // 8 against 20 make 43, five deviations are 28; weights of stone would make 120
        assertThat(round.calls("failing-cheapest") - before).isBetween(15, 71);
        round.settled(150 + 10 * size());
    }

    @Test
    void complexitySendsHardPromptsElsewhere() throws Exception {
        var round = round("complexity", "complexity-easy", "complexity-fair", "complexity-hard");
        var hard =
                "Compare two plans to move our billing to another database without downtime. Explain step by step why no write is lost, analyze the trade-offs, and design a rollback. Answer in JSON, at most 500 words.";
        var fair = "Explain why the sky is blue, and compare it with the red of dusk.";
        for (int gateway = 0; gateway < size(); gateway++) {
            assertThat(Round.servedBy(round.askAt(gateway, Round.question("complexity"))))
                    .isEqualTo("complexity-easy");
            assertThat(Round.servedBy(round.askAt(gateway, asking("complexity", fair))))
                    .isEqualTo("complexity-fair");
            assertThat(Round.servedBy(round.askAt(gateway, asking("complexity", hard))))
                    .isEqualTo("complexity-hard");
        }
        assertThat(round.calls("complexity-hard")).isEqualTo(size());
        round.settled(3 * size());
    }

    private static String asking(String model, String question) {
        return Round.question(model).replace("What is a tollgate?", question);
    }

    @Test
    void cascadeStepsUpFromARefusalAndBothStepsArePaid() throws Exception {
        var round = round("cascade", "cascade-cheap", "cascade-dear");
        for (var answer : round.serve(2 * size())) {
            assertThat(answer.body()).contains("gate").doesNotContain("sorry");
        }
        for (var record : round.settled(2 * size())) {
            assertThat(record.get("strategy").asText()).isEqualTo("cascade");
            assertThat(record.get("attempts")).hasSize(2);
            assertThat(record.get("attempts").get(0).get("outcome").asText())
                    .isEqualTo("stepped_up");
        }
        assertThat(referees().charges(List.of("cascade-cheap", "cascade-dear")))
                .hasSize(4 * size());
    }

    @Test
    void aHedgeAnswersForALateTargetWithinEachProxysShareAndBothArePaidOnce() throws Exception {
        var round = round("hedge", "hedge-late", "hedge-spare");
        round.serve(BEFORE_A_HEDGE * size());
        assertThat(round.calls("hedge-spare")).isZero();
        referees().script("hedge-late", "latencyMs: " + LATE.toMillis());
        for (int gateway = 0; gateway < size(); gateway++) {
            long start = System.nanoTime();
            var answer = round.askAt(gateway, Round.question("hedge"));
            assertThat(Round.servedBy(answer)).isEqualTo("hedge-spare");
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LATE);
        }
        for (var answer : round.atOnce(size(), Standalone.KEY)) {
            assertThat(Round.servedBy(answer)).as("its share is spent").isEqualTo("hedge-late");
        }
        var hedged = hedged(round.settled((BEFORE_A_HEDGE + 2) * size()));
        assertThat(hedged).hasSize(size());
        for (var record : hedged) {
            assertThat(record.get("fallback_used").asBoolean()).isFalse();
            for (var attempt : record.get("attempts")) {
                assertThat(Standalone.nanos(attempt)).as(record.toString()).isPositive();
            }
        }
        assertThat(round.calls("hedge-late")).isEqualTo((BEFORE_A_HEDGE + 2) * size());
        assertThat(round.calls("hedge-spare")).isEqualTo(size());
    }

    @Test
    void aStreamThatIsHedgedIsTheSecondsAloneAndTheFirstIsCutAndNotChargedTooLittle()
            throws Exception {
        var round = round("race", "race-late", "race-spare");
        round.serve(BEFORE_A_HEDGE * size());
        round.settled(BEFORE_A_HEDGE * size());
        referees().script("race-late", "text: late, latencyMs: " + LATE.toMillis());
        var body = Round.question("race").replace("{\"model\"", "{\"stream\":true,\"model\"");
        for (int gateway = 0; gateway < size(); gateway++) {
            long start = System.nanoTime();
            var answer = round.askAt(gateway, body);
            assertThat(Round.servedBy(answer)).isEqualTo("race-spare");
            assertThat(answer.body()).contains("[DONE]").doesNotContain("late");
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LATE);
        }
        int all = (BEFORE_A_HEDGE + 1) * size();
        await().until(
                        () ->
                                gateways().records("race").size() == all
                                        && round.calls("race-late") == all);
        var hedged = hedged(gateways().records("race"));
        assertThat(hedged).hasSize(size());
        assertThat(charged(hedged, 1)).isEqualTo(billed("race-spare", 0));
        assertThat(charged(hedged, 0))
                .isGreaterThanOrEqualTo(billed("race-late", BEFORE_A_HEDGE * size()));
    }

    private static List<JsonNode> hedged(List<JsonNode> records) {
        var hedged = records.stream().filter(record -> record.get("attempts").size() > 1).toList();
        for (var record : hedged) {
            assertThat(record.get("outcome").asText()).isEqualTo("ok");
            assertThat(record.get("attempts")).hasSize(2);
            assertThat(record.get("attempts").get(0).get("outcome").asText())
                    .isEqualTo("hedge_lost");
            assertThat(record.get("attempts").get(1).get("outcome").asText()).isEqualTo("ok");
        }
        return hedged;
    }

    private static long charged(List<JsonNode> records, int attempt) {
        return records.stream()
                .mapToLong(record -> Standalone.nanos(record.get("attempts").get(attempt)))
                .sum();
    }

    private long billed(String model, int after) throws Exception {
        return referees().calls(model).stream()
                .skip(after)
                .mapToLong(call -> call.get("nanos").longValue())
                .sum();
    }

    @Test
    void aSessionStaysOnItsTargetWhicheverProxyItComesThrough() throws Exception {
        var round = round("sticky", "sticky-a", "sticky-b", "sticky-c");
        var targets = new HashMap<String, String>();
        for (int i = 0; i < 24 * size(); i++) {
            var session = "session-" + i / size();
            var served = Round.servedBy(round.serve(1, "x-tollgate-session", session).getFirst());
            assertThat(targets.merge(session, served, (first, now) -> first)).isEqualTo(served);
        }
        // each is left out with probability (2/3)^24
        assertThat(new HashSet<>(targets.values())).hasSize(3);
        round.settled(24 * size());
    }

    @Test
    void shadowsCopyWhatTheClientNeverSeesAndTheirNamespacePays() throws Exception {
        var round = round("shadow", "shadow-main", "shadow-trial");
        for (var answer : round.serve(2 * size())) {
            assertThat(Round.servedBy(answer)).isEqualTo("shadow-main");
        }
        int copies = 0;
        for (var record : round.settled(4 * size())) {
            boolean copy = record.has("shadow");
            copies += copy ? 1 : 0;
            assertThat(record.get("budgets").get(0).asText())
                    .isEqualTo(copy ? "strategies/trials" : "team-strategies/ample");
            assertThat(record.get("model").asText())
                    .isEqualTo(copy ? "shadow-trial" : "shadow-main");
        }
        assertThat(copies).isEqualTo(2 * size());
    }

    @Test
    void everyProxyAsksOnceAndRepeatsFromItsCacheForNothing() throws Exception {
        var round = round("cache", "cache-main");
        var body = Round.question("cache").replace("{\"model\"", "{\"temperature\":0,\"model\"");
        for (int gateway = 0; gateway < size(); gateway++) {
            for (int i = 0; i < 3; i++) {
                var answer = round.askAt(gateway, body);
                assertThat(answer.headers().firstValue("x-tollgate-cache"))
                        .hasValue(i == 0 ? "miss" : "hit");
            }
        }
        assertThat(round.calls("cache-main")).isEqualTo(size());
        int hits = 0;
        for (var record : round.settled(3 * size())) {
            boolean hit = record.get("cache_hit").asBoolean();
            hits += hit ? 1 : 0;
            assertThat(Standalone.nanos(record) == 0).isEqualTo(hit);
            assertThat(record.get("attempts")).hasSize(hit ? 0 : 1);
        }
        assertThat(hits).isEqualTo(2 * size());
    }

    @Test
    void rulesMatchByHeaderToolsTokensAndTimeOfDay() throws Exception {
        var round =
                round(
                        "match",
                        "match-exact",
                        "match-prefix",
                        "match-present",
                        "match-tools",
                        "match-long",
                        "match-later",
                        "match-now");
        var tools =
                Round.question("match")
                        .replace(
                                "{\"model\"",
                                "{\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"type\":\"object\"}}}],\"model\"");
        var plain = Round.question("match");
        var large = asking("match", "many words ".repeat(300));
        for (int at = 0; at < size(); at++) {
            assertThat(Round.servedBy(round.askAt(at, plain, "x-workload", "batch")))
                    .isEqualTo("match-exact");
            assertThat(Round.servedBy(round.askAt(at, plain, "x-workload", "bait")))
                    .isEqualTo("match-prefix");
            assertThat(Round.servedBy(round.askAt(at, plain, "x-trial", "")))
                    .isEqualTo("match-present");
            assertThat(Round.servedBy(round.askAt(at, tools))).isEqualTo("match-tools");
            assertThat(Round.servedBy(round.askAt(at, large))).isEqualTo("match-long");
            assertThat(Round.servedBy(round.askAt(at, plain))).isEqualTo("match-now");
        }
        assertThat(round.calls("match-later")).isZero();
        round.settled(6 * size());
    }

    @Test
    void residencyHoldsBeforePriorityAndRefusesWithoutACall() throws Exception {
        var round = round("region", "region-eu", "region-us", "region-unknown");
        round.serve(2 * size());
        for (int i = 0; i < size(); i++) {
            var refused = round.ask("x-abroad", "1");
            assertThat(refused.statusCode()).isEqualTo(403);
            assertThat(refused.body()).contains("not allowed");
        }
        assertThat(round.calls("region-eu")).isEqualTo(2 * size());
        assertThat(round.calls("region-us") + round.calls("region-unknown")).isZero();
        round.settled(3 * size());
    }

    @Test
    void aCeilingLeavesOutWhatMayCostMore() throws Exception {
        var round = round("ceiling", "ceiling-dear", "ceiling-cheap");
        round.serve(size());
        assertThat(round.calls("ceiling-dear")).isZero();
        assertThat(round.calls("ceiling-cheap")).isEqualTo(size());
        round.settled(size());
    }

    @Test
    void aliasesAndVersionsAreSentAsWrittenAndToldAsAsked() throws Exception {
        var asked = round("alias-x", "alias");
        for (int gateway = 0; gateway < size(); gateway++) {
            var answer = asked.askAt(gateway, Round.question("alias-x"));
            assertThat(JSON.readTree(answer.body()).get("model").asText()).isEqualTo("alias-x");
            assertThat(Round.servedBy(answer)).isEqualTo("alias");
        }
        assertThat(referees().requests("alias"))
                .hasSize(size())
                .allMatch(r -> version(r).equals("2023-01-01"));
        asked.settled(size());
        var served = gateways().ask(0, Standalone.KEY, Round.question("served"));
        assertThat(JSON.readTree(served.body()).get("model").asText()).isEqualTo("alias");
        assertThat(version(referees().requests("alias").getLast())).isEqualTo("2023-06-01");
    }

    private static String version(JsonNode request) {
        return request.get("headers").path("anthropic-version").asText();
    }
}
