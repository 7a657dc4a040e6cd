package dev.tollgate.e2e;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What a {@link Fleet} serves in the tests of its budgets: three simulated providers, and teams
 * with a key, a Budget and models of their own, so that bills can be told apart.
 *
 * <ul>
 *   <li>{@code stops} ends its bill when a client leaves; some of its calls fail with 500 or 429;
 *   <li>{@code drains} bills the whole answer, whoever reads it; some fail with 429;
 *   <li>{@code spare} is asked when those two fail.
 * </ul>
 */
record Teams(
        String platform,
        List<Team> teams,
        SimulatedProvider stops,
        SimulatedProvider drains,
        SimulatedProvider spare)
        implements AutoCloseable {

    private static final String INPUT_PRICE = "1.00";
    private static final String OUTPUT_PRICE = "5.00";
    private static final String ORG_LABEL = "tollgate.test/org";

    /**
     * @param name of the namespace, without the platform's as prefix
     * @param amount of its Budget {@code all}
     */
    record Team(String name, String key, String amount) {}

    /** How its providers behave: a script's members after the prices. */
    record Behaviour(String stops, String drains, String spare) {}

    static Teams start(Path folder, String platform, List<Team> teams, Behaviour behaviour)
            throws Exception {
        return new Teams(
                platform,
                teams,
                SimulatedProvider.start(
                        "openai", script("stops", true, teams, behaviour.stops()), folder),
                SimulatedProvider.start(
                        "openai", script("drains", false, teams, behaviour.drains()), folder),
                SimulatedProvider.start(
                        "anthropic", script("spare", true, teams, behaviour.spare()), folder));
    }

    private static String script(
            String provider, boolean billingStops, List<Team> teams, String behaviour) {
        var text = new StringBuilder("billingStops: " + billingStops + "\nprices:\n");
        for (var team : teams) {
            text.append(
                    "  %s-%s: {inputPer1M: \"%s\", outputPer1M: \"%s\"}\n"
                            .formatted(team.name(), provider, INPUT_PRICE, OUTPUT_PRICE));
        }
        return text.append(behaviour).append('\n').toString();
    }

    List<SimulatedProvider> referees() {
        return List.of(stops, drains, spare);
    }

    String namespace(Team team) {
        return platform + "-" + team.name();
    }

    List<String> namespaces() {
        return teams.stream().map(this::namespace).toList();
    }

    /** The namespaces alone: they are there before the operator is. */
    String foundation() {
        var text = new StringBuilder(Resources.namespace(platform));
        for (var team : teams) {
            text.append(
                    "---\n{apiVersion: v1, kind: Namespace, metadata: {name: %s, labels: {%s: %s}}}\n"
                            .formatted(namespace(team), ORG_LABEL, platform));
        }
        return text.toString();
    }

    /**
     * @param orgAmount of the Budget {@code org} of the platform, which all teams are charged to
     */
    String resources(String orgAmount) {
        var text = new StringBuilder(Resources.secret(platform, "keys", "sk-simulated"));
        text.append(provider("stops", "OpenAI", stops.url() + "/v1"));
        text.append(provider("drains", "OpenAICompatible", drains.url() + "/v1"));
        text.append(provider("spare", "Anthropic", spare.url()));
        text.append(budget(platform, "org", orgAmount));
        text.append(
                "  subject: {namespaceSelector: {matchLabels: {%s: %s}}}\n"
                        .formatted(ORG_LABEL, platform));
        for (var team : teams) {
            text.append(Resources.clientKey(namespace(team), team.key()));
            text.append(budget(namespace(team), "all", team.amount()));
            text.append(route(team, "stopped", "stops"));
            text.append(route(team, "drained", "drains"));
        }
        return text.toString();
    }

    private String provider(String name, String type, String url) {
        var models = new ArrayList<String>();
        for (var team : teams) {
            models.add(
                    "  - {name: %s-%s, pricing: {inputPer1M: \"%s\", outputPer1M: \"%s\"}, contextTokens: 100000, maxOutputTokens: 32768}\n"
                            .formatted(team.name(), name, INPUT_PRICE, OUTPUT_PRICE));
        }
        return """
               ---
               apiVersion: tollgate.dev/v1alpha1
               kind: ModelProvider
               metadata: {name: %s, namespace: %s}
               spec:
                 type: %s
                 endpoint: {url: "%s"}
                 auth: {type: APIKey, apiKey: {secretRef: {name: keys}}}
                 allowedNamespaces: {from: All}
                 models:
               %s"""
                .formatted(name, platform, type, url, String.join("", models));
    }

    private static String budget(String namespace, String name, String amount) {
        return """
               ---
               apiVersion: tollgate.dev/v1alpha1
               kind: Budget
               metadata: {name: %s, namespace: %s}
               spec:
                 amount: "%s"
                 period: {type: Lifetime}
               """
                .formatted(name, namespace, amount);
    }

    private String route(Team team, String name, String provider) {
        return """
               ---
               apiVersion: tollgate.dev/v1alpha1
               kind: RoutingPolicy
               metadata: {name: %s, namespace: %s}
               spec:
                 models: [%s]
                 rules:
                 - name: default
                   targets:
                   - {name: first, providerRef: {name: %s, namespace: %s}, model: %s-%s}
                   - {name: second, providerRef: {name: spare, namespace: %s}, model: %s-spare, priority: 1}
               """
                .formatted(
                        name,
                        namespace(team),
                        name,
                        provider,
                        platform,
                        team.name(),
                        provider,
                        platform,
                        team.name());
    }

    @Override
    public void close() throws Exception {
        for (var referee : referees()) {
            referee.close();
        }
    }
}
