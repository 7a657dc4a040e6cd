package dev.tollgate.e2e;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;

/** What {@link StrategiesContract} asks of a gateway: its targets, policies, teams and budgets. */
final class StrategyResources {

    /** The platform's: policies here are seen by all teams. */
    static final String NAMESPACE = "strategies";

    /** Teams with a rate limit each, and their client keys. */
    static final String REQUESTS_KEY = key('1');

    static final String TOKENS_KEY = key('2');
    static final String SLOTS_KEY = key('3');
    static final List<String> NAMESPACES =
            List.of(NAMESPACE, "team-strategies", "team-requests", "team-tokens", "team-slots");

    static final List<Upstream> UPSTREAMS =
            List.of(
                    Upstream.openai("weighted-a"),
                    Upstream.anthropic("weighted-b"),
                    Upstream.openai("weighted-spare"),
                    Upstream.openai("turn-a"),
                    Upstream.anthropic("turn-b"),
                    Upstream.openai("turn-c"),
                    Upstream.openai("cost-low").price("0.10", "0.40").quality(25),
                    Upstream.openai("cost-mid").price("1.00", "4.00").quality(50),
                    Upstream.anthropic("cost-high").price("5.00", "20.00").quality(80),
                    Upstream.openai("latency-a").does("latencyMs: 500"),
                    Upstream.openai("latency-b"),
                    Upstream.openai("first-a").does("chunks: 4, gapMs: 250"),
                    Upstream.openai("first-b").does("chunks: 4, latencyMs: 500"),
                    Upstream.openai("whole-a").does("chunks: 4, gapMs: 350"),
                    Upstream.openai("whole-b").does("chunks: 4, latencyMs: 500"),
                    Upstream.openai("score-cheap").price("0.10", "0.40").quality(25),
                    Upstream.anthropic("score-good").price("5.00", "20.00").quality(80),
                    Upstream.openai("errors-flaky")
                            .does("error: {status: 500}")
                            .price("0.10", "0.40")
                            .with("breaker: {consecutiveFailures: 1000}"),
                    Upstream.openai("errors-sound"),
                    Upstream.openai("aware-cheapest"),
                    Upstream.anthropic("aware-reliable"),
                    Upstream.openai("failing-cheapest")
                            .does("error: {status: 500}")
                            .with("breaker: {consecutiveFailures: 1000}"),
                    Upstream.anthropic("failing-reliable"),
                    Upstream.openai("complexity-easy"),
                    Upstream.openai("complexity-fair"),
                    Upstream.anthropic("complexity-hard"),
                    Upstream.openai("cascade-cheap")
                            .does("text: 'I am sorry, but I cannot help with that.'"),
                    Upstream.anthropic("cascade-dear").does("text: 'A gate where one pays.'"),
                    Upstream.openai("hedge-late"),
                    Upstream.anthropic("hedge-spare"),
                    Upstream.openai("race-late"),
                    Upstream.anthropic("race-spare"),
                    Upstream.openai("sticky-a"),
                    Upstream.openai("sticky-b"),
                    Upstream.openai("sticky-c"),
                    Upstream.openai("shadow-main"),
                    Upstream.anthropic("shadow-trial"),
                    Upstream.openai("cache-main"),
                    Upstream.openai("match-exact"),
                    Upstream.openai("match-prefix"),
                    Upstream.openai("match-present"),
                    Upstream.openai("match-tools"),
                    Upstream.openai("match-long"),
                    Upstream.openai("match-later"),
                    Upstream.openai("match-now"),
                    Upstream.openai("region-us").with("region: us"),
                    Upstream.openai("region-eu").with("region: eu"),
                    Upstream.openai("region-unknown"),
                    Upstream.openai("ceiling-dear").price("10.00", "40.00"),
                    Upstream.openai("ceiling-cheap").price("0.10", "0.40"),
                    Upstream.anthropic("alias"),
                    Upstream.openai("requests-main")
                            .with("limits: {requestsPerMinute: 30, skipAbovePercent: 100}"),
                    Upstream.openai("requests-spare"),
                    Upstream.openai("tokens-main")
                            .with("limits: {tokensPerMinute: 600, skipAbovePercent: 100}"),
                    Upstream.openai("tokens-spare"),
                    Upstream.openai("slots-main")
                            .does("latencyMs: 4000")
                            .with("limits: {maxConcurrent: 6, skipAbovePercent: 100}"),
                    Upstream.openai("slots-spare"),
                    Upstream.openai("alone-main")
                            .does("latencyMs: 4000")
                            .with("limits: {maxConcurrent: 6, skipAbovePercent: 100}"),
                    Upstream.openai("team-main"),
                    Upstream.openai("failover-main")
                            .does("error: {status: 500}")
                            .with("breaker: {openFor: 2s}"),
                    Upstream.anthropic("failover-spare"));

    private StrategyResources() {}

    private static String key(char mark) {
        return Standalone.KEY.substring(0, Standalone.KEY.length() - 1) + mark;
    }

    static String yaml(Referees referees) throws IOException {
        var yaml = new StringBuilder();
        NAMESPACES.forEach(name -> yaml.append(Resources.namespace(name)));
        yaml.append(Resources.secret(NAMESPACE, "keys", "sk-simulated"));
        yaml.append(Resources.clientKey("team-strategies", Standalone.KEY));
        yaml.append(Resources.clientKey("team-requests", REQUESTS_KEY));
        yaml.append(Resources.clientKey("team-tokens", TOKENS_KEY));
        yaml.append(Resources.clientKey("team-slots", SLOTS_KEY));
        yaml.append(Resources.budget("team-strategies", "ample", "1000.00"));
        yaml.append(Resources.budget(NAMESPACE, "trials", "1000.00"));
        yaml.append(limited("team-requests", "{requestsPerMinute: 30}"));
        yaml.append(limited("team-tokens", "{tokensPerMinute: 600}"));
        yaml.append(limited("team-slots", "{maxConcurrent: 6}"));
        return yaml.append(referees.resources(NAMESPACE))
                .append("---\n")
                .append(policies())
                .toString();
    }

    private static String limited(String namespace, String limits) {
        return """
               ---
               apiVersion: tollgate.dev/v1alpha1
               kind: Budget
               metadata: {name: rate, namespace: %s}
               spec: {limits: %s}
               """
                .formatted(namespace, limits);
    }

    private static String policies() throws IOException {
        try (var file = StrategyResources.class.getResourceAsStream("/strategies/policies.yaml")) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8)
                    .replace("NAMESPACE", NAMESPACE)
                    .replace("{NOW}", window(-2, 4))
                    .replace("{LATER}", window(6, 10));
        }
    }

    /** A window of every day, in hours from now. */
    private static String window(int from, int to) {
        var clock = DateTimeFormatter.ofPattern("HH:mm");
        var now = LocalTime.now(ZoneOffset.UTC);
        return "{from: \"%s\", to: \"%s\"}"
                .formatted(now.plusHours(from).format(clock), now.plusHours(to).format(clock));
    }
}
