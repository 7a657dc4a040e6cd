package dev.tollgate.simulator.script;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which rule meets a request. */
class StageTest {
    private static When.Facts facts(Endpoint endpoint, String model, boolean stream, String text) {
        return new When.Facts(endpoint, model, stream, false, text, Map.of("x-team", "red, blue"));
    }

    private static final When.Facts CHAT = facts(Endpoint.GENERATE, "m", false, "say hello");

    /** The texts of n decisions in a row, a dot for what no rule took. */
    private static String play(String script, When.Facts facts, int n) {
        var stage = new Stage(Script.parse(script));
        var out = new StringBuilder();
        IntStream.range(0, n)
                .forEach(
                        i -> {
                            var text = stage.next(facts).text();
                            out.append(text == null ? "." : text);
                        });
        return out.toString();
    }

    @ParameterizedTest
    @CsvSource({
        "nth: 3, ..x....",
        "every: 3, ..x..x.",
        "after: 4, ....xxx",
        "'after: 1, every: 2', ..x.x.x"
    })
    void countsRequests(String when, String expected) {
        var script = "rules: [{when: {%s}, do: {text: x}}]".formatted(when);
        assertThat(play(script, CHAT, 7)).isEqualTo(expected);
    }

    @Test
    void firesAtMostSoManyTimes() {
        assertThat(play("rules: [{times: 2, do: {text: x}}]", CHAT, 4)).isEqualTo("xx..");
    }

    @Test
    void firstRuleWinsAndLaterOnesGoOnCounting() {
        var script = "rules: [{when: {nth: 2}, do: {text: a}}, {when: {every: 2}, do: {text: b}}]";
        assertThat(play(script, CHAT, 6)).isEqualTo(".a.b.b");
    }

    @ParameterizedTest
    @CsvSource({
        "model: m, true",
        "model: other, false",
        "stream: false, true",
        "stream: true, false",
        "text: hello, true",
        "text: bye, false",
        "'header: {X-Team: blue}', true",
        "'header: {x-team: green}', false",
        "'header: {x-none: a}', false",
        "endpoint: generate, true",
        "endpoint: embeddings, false",
        "toolResult: false, true",
        "toolResult: true, false"
    })
    void looksAtTheRequest(String when, boolean met) {
        var script = "rules: [{when: {%s}, do: {text: x}}]".formatted(when);
        assertThat(play(script, CHAT, 1)).isEqualTo(met ? "x" : ".");
    }

    @Test
    void ruleWithoutEndpointLeavesModelsAndCountsAlone() {
        var models = facts(Endpoint.MODELS, "", false, "");
        assertThat(play("rules: [{do: {text: x}}]", models, 1)).isEqualTo(".");
        assertThat(play("rules: [{when: {endpoint: models}, do: {text: x}}]", models, 1))
                .isEqualTo("x");
        assertThat(play("default: {text: x}", models, 1)).isEqualTo(".");
    }

    @Test
    void ruleIsLaidOverTheDefaultAndContentGoesTogether() {
        var stage =
                new Stage(
                        Script.parse(
                                """
                                default: {latencyMs: 5, toolCalls: [{name: t}]}
                                rules: [{do: {text: x, gapMs: 2}}]
                                """));
        var told = stage.next(CHAT);
        assertThat(told.latency()).isEqualTo(5);
        assertThat(told.gap()).isEqualTo(2);
        assertThat(told.calls()).isEmpty();
    }

    @Test
    void newScriptStartsCountsAgainAndAnInterruptKeepsThem() {
        var stage = new Stage(Script.parse("rules: [{when: {nth: 3}, do: {text: x}}]"));
        stage.next(CHAT);
        stage.interrupt(Rule.failing(Failure.ofStatus(500, null), 1));
        assertThat(stage.next(CHAT).error()).isNotNull();
        assertThat(stage.next(CHAT).text()).isEqualTo("x");
        stage.play(stage.script());
        assertThat(stage.next(CHAT).error()).isNotNull();
        assertThat(stage.next(CHAT).text()).isNull();
        assertThat(stage.next(CHAT).text()).isEqualTo("x");
    }
}
