package dev.tollgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ExplainCommandTest {

    private static final String DAYTIME = "2026-11-23T12:00:00Z";
    private static final Path ROUTING = Path.of("../examples/routing");

    /**
     * Two targets in two regions, of which policy allows one; a Budget; a policy for embeddings.
     */
    private static final String FOLDER =
            """
            {apiVersion: tollgate.dev/v1alpha1, kind: ModelProvider, metadata: {name: eu, namespace: tollgate-system}, spec: {
              type: OpenAI, region: eu, auth: {type: None}, allowedNamespaces: {from: All}, models: [{name: gpt-4o-mini}]}}
            ---
            {apiVersion: tollgate.dev/v1alpha1, kind: ModelProvider, metadata: {name: us, namespace: tollgate-system}, spec: {
              type: Anthropic, region: us, auth: {type: None}, allowedNamespaces: {from: All}, models: [{name: claude-haiku-4-5}]}}
            ---
            {apiVersion: tollgate.dev/v1alpha1, kind: RoutingPolicy, metadata: {name: chat, namespace: team-a}, spec: {
              models: [fast], cache: {mode: Exact}, rules: [
                {name: bot, match: {serviceAccounts: [bot]}, targets: [
                  {name: us, providerRef: {name: us, namespace: tollgate-system}, model: claude-haiku-4-5}]},
                {name: rest, targets: [
                  {name: eu, providerRef: {name: eu, namespace: tollgate-system}, model: gpt-4o-mini},
                  {name: us, providerRef: {name: us, namespace: tollgate-system}, model: claude-haiku-4-5, priority: 1}]}]}}
            ---
            {apiVersion: tollgate.dev/v1alpha1, kind: RoutingPolicy, metadata: {name: residency, namespace: tollgate-system}, spec: {
              models: ["*"], inheritance: Override, visibleTo: {from: All}, constraints: {regions: [eu]}}}
            ---
            {apiVersion: tollgate.dev/v1alpha1, kind: Budget, metadata: {name: monthly, namespace: team-a}, spec: {
              amount: "12.50", period: {type: Month}, limits: {requestsPerMinute: 60}}}
            """;

    private static final String CHAT =
            "{\"model\":\"fast\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";

    @TempDir Path folder;

    private record Said(int code, String out, String err) {
        JsonNode json() {
            try {
                return new ObjectMapper().readTree(out);
            } catch (IOException e) {
                throw new AssertionError(out, e);
            }
        }
    }

    private static Said run(String... arguments) {
        var out = new StringWriter();
        var err = new StringWriter();
        int code =
                Main.commandLine(new Settings(Map.of()), arguments[0])
                        .setOut(new PrintWriter(out))
                        .setErr(new PrintWriter(err))
                        .execute(arguments);
        return new Said(code, out.toString(), err.toString());
    }

    private static Said example(String name, String... more) {
        var arguments =
                new ArrayList<>(
                        List.of(
                                "explain",
                                ROUTING.resolve(name).toString(),
                                "--as",
                                "default/bot",
                                "--request",
                                ROUTING.resolve(name).resolve("request.json").toString()));
        arguments.addAll(List.of(more));
        if (!arguments.contains("--output")) {
            arguments.addAll(List.of("--output", "json"));
        }
        if (!arguments.contains("--at")) {
            arguments.addAll(List.of("--at", DAYTIME)); // the example with conditions has a night
        }
        return run(arguments.toArray(String[]::new));
    }

    private Said explain(String body, String... more) throws IOException {
        Files.writeString(folder.resolve("all.yaml"), FOLDER);
        var request = Files.writeString(folder.resolve("request.json"), body);
        var arguments =
                new ArrayList<>(
                        List.of("explain", folder.toString(), "--request", request.toString()));
        arguments.addAll(List.of(more));
        return run(arguments.toArray(String[]::new));
    }

    static List<String> examples() throws IOException {
        try (Stream<Path> folders = Files.list(ROUTING)) {
            return folders.filter(Files::isDirectory)
                    .map(path -> path.getFileName().toString())
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("examples")
    void explainsEveryExampleWithoutAProblem(String name) {
        var said = example(name);

        assertThat(said.err()).isEmpty();
        assertThat(said.code()).isZero();
        int shares = 0;
        for (var target : said.json().path("targets")) {
            shares += target.path("share_percent").asInt();
        }
        assertThat(shares).isBetween(99, 101);
        assertThat(run("lint", ROUTING.resolve(name).toString()).out()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "cheapest-80-reliable-20, weighted, cheapest, 80",
        "complexity, weighted, large, 100",
        "conditions, weighted, mini, 100",
        "least-cost, least-cost, flash, 100",
        "lowest-latency, lowest-latency, flash, 95",
        "residency, weighted, eu, 100",
        "round-robin, round-robin, mini, 33",
        "score, score, mini, 100",
        "sticky, weighted, mini, 67",
        "weighted, weighted, mini, 60"
    })
    void saysWhoGoesFirstAndHowOften(String name, String strategy, String first, int share) {
        var json = example(name).json();

        assertThat(json.path("strategy").asText()).isEqualTo(strategy);
        assertThat(json.path("pick").path("target").asText()).isEqualTo(first);
        assertThat(json.path("failover").path(0).asText()).isEqualTo(first);
        for (var target : json.path("targets")) {
            if (target.path("name").asText().equals(first)) {
                assertThat(target.path("share_percent").asInt()).isEqualTo(share);
            }
        }
    }

    /** What only this strategy has to say. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "canary | first       stable: the only target beside the canary",
                "canary | canary      next takes 5 %, and serves otherwise where no other target"
                        + " can",
                "cascade | first       small: the lowest expected cost",
                "cascade | cascade     asks at most 2 targets, in order of cost; steps up on"
                        + " failure, refusal, invalid json",
                "cheapest-80-reliable-20 | drawn by weight, which shrinks with a target's error"
                        + " rate",
                "complexity | complexity  ",
                "conditions | not batch: the headers are not as it wants: x-workload",
                "least-cost | the lowest expected cost at or above quality",
                "lowest-latency | the lowest latency; what was not measured counts as the fastest",
                "residency | eu        default/openai-eu     gpt-4o-mini       eu",
                "round-robin | each target in turn",
                "score | the lowest score of cost",
                "shadow | shadow      trial: 10 % are copied to default/anthropic claude-haiku-4-5,"
                        + " at most 2 at a time; namespace default pays",
                "sticky | sticky      by the header x-tollgate-session, which this request does not"
                        + " have: it is drawn",
                "weighted | drawn by weight",
                "weighted | retry       on rate limited, server error, timeout, connect failure;"
                        + " the same target after a random time up to 0.1s, doubling to 5s; a"
                        + " Retry-After above 10s is not waited for"
            })
    void saysWhyInTheStrategysOwnWords(String name, String words) {
        assertThat(text(name)).contains(words);
    }

    @Test
    void saysWhatKeepsASessionInItsPlace() {
        assertThat(text("sticky", "--header", "x-tollgate-session: abc"))
                .contains("the key of this request belongs to it")
                .contains("by the header x-tollgate-session: requests with this value stay");
    }

    private static String text(String name, String... more) {
        var arguments = new ArrayList<>(List.of(more));
        arguments.addAll(List.of("--output", "text"));
        var said = example(name, arguments.toArray(String[]::new));
        assertThat(said.code()).isZero();
        return said.out();
    }

    @Test
    void listsTheOrderOfFailover() {
        assertThat(example("least-cost").json().path("failover"))
                .extracting(JsonNode::asText)
                .containsExactly("flash", "haiku", "best");
    }

    @Test
    void saysWhoWouldBeHedgedWithOrWhyNobodyWould() {
        var hedge = example("hedge").json().path("hedge");
        assertThat(hedge.path("second").asText()).isEqualTo("spare");
        assertThat(hedge.path("after_millis").asLong()).isEqualTo(2_000);
        assertThat(hedge.path("max_percent").asInt()).isEqualTo(5);
        assertThat(hedge.path("max_cost_usd").asText()).isEqualTo("0.4");
        assertThat(hedge.path("because").asText()).isEqualTo("the next one after the first");
        var poor = example("hedge", "--header", "x-tollgate-max-cost: 0.01").json();
        assertThat(poor.path("hedge").hasNonNull("second")).isFalse();
        assertThat(poor.path("hedge").path("because").asText()).contains("may cost");
        assertThat(example("weighted").json().hasNonNull("hedge")).isFalse();
    }

    @Test
    void obeysHeadersAsTheGatewayDoes() {
        assertThat(
                        example("least-cost", "--header", "X-Quality-Hint: high")
                                .json()
                                .path("pick")
                                .path("target")
                                .asText())
                .isEqualTo("best");
        assertThat(
                        example("conditions", "--header", "x-workload: batch")
                                .json()
                                .path("rule")
                                .asText())
                .isEqualTo("batch");
        var pinned = example("sticky", "--header", "x-tollgate-session: abc").json();
        assertThat(pinned.path("targets"))
                .extracting(target -> target.path("share_percent").asInt())
                .containsExactlyInAnyOrder(0, 100);
    }

    @Test
    void takesTheTimeThatItIsGiven() {
        assertThat(
                        example("conditions", "--at", "2026-11-23T22:30:00Z")
                                .json()
                                .path("rule")
                                .asText())
                .isEqualTo("night");
        assertThat(
                        example("conditions", "--at", "2026-11-23T12:00:00Z")
                                .json()
                                .path("rule")
                                .asText())
                .isEqualTo("rest");
    }

    @Test
    void saysWhyRulesAndTargetsAreLeftOut() throws IOException {
        var said = explain(CHAT, "--as", "team-a/web");

        assertThat(said.code()).isZero();
        assertThat(said.out())
                .contains("policy      team-a/chat, rule rest")
                .contains("not bot: sa:team-a/web is none of [sa:team-a/bot]")
                .contains("excluded: region not allowed: is in region us, not allowed")
                .contains(
                        "budget      team-a/monthly (hard): $12.50 a month, 60 requests a minute,"
                                + " left: unknown")
                .contains("the gateway writes an output limit of 16384")
                .contains("cache       off: this request cannot be repeated from memory")
                .contains("result      served");
    }

    @Test
    void saysWhetherTheAnswerIsKept() throws IOException {
        var cold = CHAT.replace("}]}", "}],\"temperature\":0}");

        assertThat(explain(cold, "--as", "team-a").out()).contains("cache       on: ");
        assertThat(explain(cold, "--as", "team-a", "--header", "cache-control: no-store").out())
                .contains("cache       off: ");
    }

    @Test
    void endsWithOneWhenNothingServes() throws IOException {
        var said = explain(CHAT, "--as", "team-a/bot");

        assertThat(said.code()).isEqualTo(1);
        assertThat(said.out())
                .contains("rule bot")
                .contains("excluded: region not allowed")
                .contains("result      refused (forbidden): no target of team-a/chat/bot");
        assertThat(explain(CHAT.replace("fast", "other"), "--as", "team-a").code()).isEqualTo(1);
    }

    @Test
    void leavesOutWhatCostsMoreThanTheClientAllows() throws IOException {
        var said = explain(CHAT, "--as", "team-a", "--header", "x-tollgate-max-cost: 0.0000001");

        assertThat(said.code()).isEqualTo(1);
        assertThat(said.out()).contains("excluded: above cost ceiling").contains("refused");
    }

    @Test
    void knowsTheDialectByTheBodyOrThePath() throws IOException {
        var messages = "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
        var anthropic = "{\"model\":\"fast\",\"max_tokens\":9,\"system\":\"Be brief.\"," + messages;
        var gemini = "{\"contents\":[{\"parts\":[{\"text\":\"Hi\"}]}]}";

        assertThat(explain(anthropic, "--as", "team-a").out()).contains("fast (anthropic)");
        assertThat(explain("{\"model\":\"fast\",\"input\":\"Hi\"}", "--as", "team-a").out())
                .contains("fast (openai-responses)");
        assertThat(
                        explain(
                                        gemini,
                                        "--as",
                                        "team-a",
                                        "--path",
                                        "/v1beta/models/fast:streamGenerateContent?alt=sse")
                                .out())
                .contains("fast (gemini, stream)");
        assertThat(explain(gemini, "--as", "team-a").code()).isEqualTo(2);
    }

    @Test
    void endsWithTwoOnUnusableInput() throws IOException {
        assertThat(explain("{\"model\":\"fast\"}", "--as", "team-a").err())
                .contains("`messages` is missing");
        assertThat(explain("no json", "--as", "team-a").code()).isEqualTo(2);
        assertThat(explain(CHAT, "--as", "Team A").err()).contains("--as Team A");
        assertThat(explain(CHAT, "--as", "team-a", "--at", "noon").err()).contains("--at noon");
        assertThat(explain(CHAT, "--as", "team-a", "--path", "/v2/x").err())
                .contains("no such endpoint");
        assertThat(explain(CHAT, "--as", "team-a", "--header", "x").err()).contains("--header x");
        assertThat(explain(CHAT, "--as", "team-a", "--header", "x-quality-hint: best").code())
                .isEqualTo(2);
        assertThat(explain(CHAT).code()).isEqualTo(2);
        assertThat(run("explain", "no-such-folder", "--as", "a", "--request", "pom.xml").err())
                .contains("no-such-folder is not a folder");
        assertThat(run("explain", folder.toString(), "--as", "a", "--request", "absent.json").err())
                .contains("absent.json cannot be read");
    }

    @Test
    void tellsWhatIsWrongWithTheFolderAndGoesOn() throws IOException {
        Files.writeString(
                folder.resolve("bad.yaml"),
                "{apiVersion: tollgate.dev/v1alpha1, kind: RoutingPolicy, metadata: {name: bad,"
                        + " namespace: team-a}, spec: {models: [bad], rules: [{name: r, targets:"
                        + " [{name: t, providerRef: {name: absent}, model: m}]}]}}");

        var said = explain(CHAT, "--as", "team-a");

        assertThat(said.code()).isZero();
        assertThat(said.err()).contains("ModelProvider team-a/absent not found");
    }

    private static final String OF_ANN =
            """
            {apiVersion: tollgate.dev/v1alpha1, kind: Budget, metadata: {name: of-ann, namespace: team-a}, spec: {
              amount: "1", period: {type: Day}, subject: {users: [ann]}}}
            """;

    private Path issuers() throws IOException {
        return Files.writeString(
                folder.resolve("issuers"),
                "issuers: [{issuer: 'https://a.example', namespaces: [{claim: team}]}]");
    }

    @Test
    void tellsTheBudgetOfAUserToHimAlone() throws IOException {
        Files.writeString(folder.resolve("ann.yaml"), OF_ANN);
        var trusting = "--oidc-issuers=" + issuers();
        assertThat(explain(CHAT, "--as", "team-a", "--user", "ann", trusting).out())
                .contains("oidc:https://a.example/ann", "team-a/of-ann", "team-a/monthly");
        assertThat(explain(CHAT, "--as", "team-a", "--user", "bob", trusting).out())
                .contains("team-a/monthly")
                .doesNotContain("team-a/of-ann");
        var without = explain(CHAT, "--as", "team-a", "--user", "ann");
        assertThat(without.code()).isEqualTo(2);
        assertThat(without.err()).contains("--oidc-issuers FILE");
    }

    @Test
    void lintsATargetWhoseProviderIsThereAndHasAProblem() throws IOException {
        var file =
                Files.writeString(
                        folder.resolve("own.yaml"),
                        """
                        {apiVersion: tollgate.dev/v1alpha1, kind: ModelProvider, metadata: {name: eu}, spec: {
                          type: OpenAI, endpoint: {url: "http://a.example"}, auth: {type: None}}}
                        ---
                        {apiVersion: tollgate.dev/v1alpha1, kind: RoutingPolicy, metadata: {name: chat}, spec: {
                          models: [fast], rules: [{name: r, targets: [{name: eu, providerRef: {name: eu}, model: gpt-4o}]}]}}
                        """);
        var said = run("lint", file.toString());
        assertThat(said.code()).isEqualTo(1);
        assertThat(said.out())
                .contains(
                        "ModelProvider default/eu is not usable: see its own problems"
                                + " (hint: create the ModelProvider, mend it if it is there, or"
                                + " correct its name or namespace)");
    }

    @Test
    void lintsTheAcknowledgementOfAViolation() throws IOException {
        var text =
                """
                apiVersion: tollgate.dev/v1alpha1
                kind: Budget
                metadata:
                  name: monthly
                  namespace: team-a
                  annotations:
                    tollgate.dev/violation-acknowledged-at: "%s"
                spec: {amount: "5", period: {type: Month}}
                """;
        var file = folder.resolve("monthly.yaml");
        Files.writeString(file, text.formatted("2026-11-22T10:00:00.250Z"));
        var good = run("lint", file.toString());
        assertThat(good.code()).as(good.out()).isZero();
        Files.writeString(file, text.formatted("just now"));
        var bad = run("lint", file.toString());
        assertThat(bad.code()).isEqualTo(1);
        assertThat(bad.out())
                .contains("monthly.yaml:6:")
                .contains("metadata.annotations.tollgate.dev/violation-acknowledged-at")
                .contains("just now");
    }

    @Test
    void lintsBudgetsForUsersWithANoteUnlessItKnowsTheIssuers() throws IOException {
        var file = Files.writeString(folder.resolve("ann.yaml"), OF_ANN).toString();
        var alone = run("lint", file);
        assertThat(alone.code()).isZero();
        assertThat(alone.out()).isEmpty();
        assertThat(alone.err()).contains("--oidc-issuers FILE");
        var knowing = run("lint", file, "--oidc-issuers=" + issuers());
        assertThat(knowing.code()).isZero();
        assertThat(knowing.err()).isEmpty();
        var wrong = run("lint", file, "--oidc-issuers=" + file);
        assertThat(wrong.code()).isEqualTo(2);
        assertThat(wrong.err()).contains("--oidc-issuers: apiVersion: is unknown");
    }
}
