package dev.tollgate.policy.compile;

import static dev.tollgate.policy.compile.Given.PLATFORM;
import static dev.tollgate.policy.compile.Given.budget;
import static dev.tollgate.policy.compile.Given.budgetSpec;
import static dev.tollgate.policy.compile.Given.compile;
import static dev.tollgate.policy.compile.Given.key;
import static dev.tollgate.policy.compile.Given.model;
import static dev.tollgate.policy.compile.Given.openAi;
import static dev.tollgate.policy.compile.Given.policy;
import static dev.tollgate.policy.compile.Given.policySpec;
import static dev.tollgate.policy.compile.Given.provider;
import static dev.tollgate.policy.compile.Given.providerSpec;
import static dev.tollgate.policy.compile.Given.resources;
import static dev.tollgate.policy.compile.Given.rule;
import static dev.tollgate.policy.compile.Given.selecting;
import static dev.tollgate.policy.compile.Given.target;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.tollgate.crds.budget.Subject;
import dev.tollgate.crds.provider.ProviderType;
import dev.tollgate.crds.resource.Condition;
import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.crds.resource.ConditionType;
import dev.tollgate.crds.resource.Kind;
import dev.tollgate.crds.resource.ModelProvider;
import dev.tollgate.crds.resource.NamespaceScope;
import dev.tollgate.crds.resource.Resources;
import dev.tollgate.crds.route.Cache;
import dev.tollgate.crds.route.RoutingPolicySpec;
import dev.tollgate.crds.route.Rule;
import dev.tollgate.crds.route.Target;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.PolicyEntry;
import dev.tollgate.policy.snapshot.SnapshotCodec;
import dev.tollgate.policy.snapshot.SnapshotValidator;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CompilerTest {

    private static final String OPENAI = PLATFORM + "/openai";

    private static Verdict verdict(Compiled compiled, Kind kind, String key) {
        return compiled.verdicts().get(key(kind, key));
    }

    private static Finding finding(Compiled compiled, Kind kind, String key, ConditionType type) {
        return verdict(compiled, kind, key).finding(type).orElseThrow();
    }

    private static RoutingPolicySpec cached(Cache cache, Rule... rules) {
        return new RoutingPolicySpec(
                List.of("fast"), null, null, null, null, cache, null, List.of(rules));
    }

    private static Compiled compileCached(Cache cache) {
        var spec = cached(cache, rule("r", null, target("t", OPENAI, "gpt-4o-mini", 0)));
        return compile(
                resources(
                        List.of(openAi(OPENAI)),
                        List.of(policy("team-a/chat", null, spec)),
                        List.of()));
    }

    @Test
    void keepsAnswersForTenMinutesAtTemperatureZeroUnlessTold() {
        var plain = compileCached(new Cache(Cache.Mode.EXACT, null, null));
        assertThat(plain.snapshot().policies().getFirst().cache())
                .isEqualTo(new PolicyEntry.Cache(600_000, false));
        var told = compileCached(new Cache(Cache.Mode.EXACT, "24h", Cache.Temperature.ANY));
        assertThat(told.snapshot().policies().getFirst().cache())
                .isEqualTo(new PolicyEntry.Cache(86_400_000, true));
        var off = compileCached(new Cache(Cache.Mode.DISABLED, "1s", null));
        assertThat(off.snapshot().policies().getFirst().cache()).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"999ms", "24h1ms", "10", "", "0s", "-1s"})
    void refusesLifetimesOfAnswersOutsideOfASecondToADay(String ttl) {
        for (var mode : List.of(Cache.Mode.EXACT, Cache.Mode.DISABLED)) {
            var compiled = compileCached(new Cache(mode, ttl, null));
            var verdict = verdict(compiled, Kind.ROUTING_POLICY, "team-a/chat");
            assertThat(verdict.accepted()).isFalse();
            assertThat(verdict.problems().toString()).contains("spec.cache.ttl");
        }
    }

    @Test
    void refusesWordsOfTheCacheThatItDoesNotKnow() {
        var mode = compileCached(new Cache(Cache.Mode.UNKNOWN, null, null));
        assertThat(verdict(mode, Kind.ROUTING_POLICY, "team-a/chat").accepted()).isFalse();
        var temperature =
                compileCached(new Cache(Cache.Mode.EXACT, null, Cache.Temperature.UNKNOWN));
        assertThat(verdict(temperature, Kind.ROUTING_POLICY, "team-a/chat").accepted()).isFalse();
    }

    @Test
    void compilesProviderPolicyAndBudget() {
        var compiled =
                compile(
                        resources(
                                List.of(openAi(OPENAI)),
                                List.of(policy("team-a/chat", null, "fast")),
                                List.of(budget("team-a/monthly", 1, budgetSpec("500.00", null)))));
        assertThat(compiled.verdicts().values())
                .allMatch(Verdict::accepted)
                .allMatch(Verdict::usable);
        assertThat(SnapshotValidator.validate(compiled.snapshot())).isEmpty();
        assertThat(compiled.credentials()).containsExactly(PLATFORM + "/key/api-key");
        var provider = compiled.snapshot().providers().getFirst();
        assertThat(provider.url()).isEqualTo("https://api.openai.com/v1");
        assertThat(provider.models()).extracting("name").containsExactly("gpt-4o", "gpt-4o-mini");
        assertThat(compiled.snapshot().budgets().getFirst().limitMicros()).isEqualTo(500_000_000L);
        assertThat(verdict(compiled, Kind.MODEL_PROVIDER, OPENAI).figures())
                .isEqualTo(new Figures.OfProvider(2, 1));
    }

    @Test
    void writesNoSecretValue() {
        var compiled = compile(resources(List.of(openAi(OPENAI)), List.of(), List.of()));
        var text = new String(SnapshotCodec.encode(compiled.snapshot()), StandardCharsets.UTF_8);
        assertThat(text + compiled).doesNotContain("planted-secret");
    }

    @Test
    void servesTheWholeCatalogueWhenNoModelIsWritten() {
        var groq = provider("team-a/groq", providerSpec(ProviderType.GROQ, null, null));
        var compiled = compile(resources(List.of(groq), List.of(), List.of()));
        assertThat(compiled.snapshot().providers().getFirst().models())
                .hasSizeGreaterThan(5)
                .allMatch(model -> model.price() != null);
    }

    @Test
    void refusesAModelWithoutAPrice() {
        var spec = providerSpec(ProviderType.OPENAI, null, null, model("gpt-unheard-of"));
        var compiled = compile(resources(List.of(provider(OPENAI, spec)), List.of(), List.of()));
        var accepted = finding(compiled, Kind.MODEL_PROVIDER, OPENAI, ConditionType.ACCEPTED);
        assertThat(accepted.status()).isEqualTo(Condition.Status.FALSE);
        assertThat(accepted.reason()).isEqualTo(ConditionReason.UNKNOWN_PRICE);
        assertThat(accepted.message()).contains("spec.models[0]").contains("gpt-unheard-of");
        assertThat(compiled.snapshot().providers()).isEmpty();
    }

    @Test
    void tellsTheSameOfAnAbsentAndAForbiddenProvider() {
        var hidden =
                provider(
                        "team-b/own",
                        providerSpec(ProviderType.OPENAI, null, null, model("gpt-4o-mini")));
        var absent = resolvedRefsOfForeignTarget(List.of());
        assertThat(resolvedRefsOfForeignTarget(List.of(hidden))).isEqualTo(absent);
        assertThat(absent.reason()).isEqualTo(ConditionReason.REF_NOT_PERMITTED);
    }

    private static Finding resolvedRefsOfForeignTarget(List<ModelProvider> providers) {
        var spec =
                policySpec(
                        List.of("fast"),
                        null,
                        null,
                        rule("default", null, target("x", "team-b/own", "gpt-4o-mini", 0)));
        var given =
                new Resources(
                        providers,
                        List.of(policy("team-a/chat", null, spec)),
                        List.of(),
                        List.of(key("team-b")),
                        List.of(),
                        List.of(),
                        List.of());
        return finding(
                compile(given), Kind.ROUTING_POLICY, "team-a/chat", ConditionType.RESOLVED_REFS);
    }

    @Test
    void dropsAMissingTargetAlone() {
        var spec =
                policySpec(
                        List.of("fast"),
                        null,
                        null,
                        rule(
                                "default",
                                null,
                                target("main", OPENAI, "gpt-4o-mini", 0),
                                target("gone", "team-a/nobody", "x", 1),
                                target("typo", OPENAI, "gpt-4o-minni", 2)));
        var compiled =
                compile(
                        resources(
                                List.of(openAi(OPENAI)),
                                List.of(policy("team-a/chat", null, spec)),
                                List.of()));
        var verdict = verdict(compiled, Kind.ROUTING_POLICY, "team-a/chat");
        assertThat(verdict.accepted()).isTrue();
        assertThat(verdict.usable()).isTrue();
        assertThat(verdict.problems())
                .extracting(Problem::reason, Problem::path)
                .containsExactly(
                        tuple(
                                ConditionReason.PROVIDER_NOT_FOUND,
                                "spec.rules[0].targets[1].providerRef"),
                        tuple(ConditionReason.MODEL_NOT_FOUND, "spec.rules[0].targets[2].model"));
        assertThat(((Figures.OfPolicy) verdict.figures()).targets().summary()).isEqualTo("1/3");
        assertThat(compiled.snapshot().policies().getFirst().rules().getFirst().targets())
                .hasSize(1);
    }

    @Test
    void refusesReachingOtherNamespacesOutsideThePlatform() {
        var shared =
                policySpec(
                        List.of("fast"),
                        NamespaceScope.From.ALL,
                        RoutingPolicySpec.Inheritance.OVERRIDE,
                        rule("default", null, target("main", OPENAI, "gpt-4o-mini", 0)));
        var compiled =
                compile(
                        resources(
                                List.of(openAi(OPENAI)),
                                List.of(policy("team-a/chat", null, shared)),
                                List.of(
                                        budget(
                                                "team-a/greedy",
                                                1,
                                                budgetSpec(
                                                        "1", selecting("org", "search", null))))));
        assertThat(finding(compiled, Kind.ROUTING_POLICY, "team-a/chat", ConditionType.ACCEPTED))
                .satisfies(
                        f -> {
                            assertThat(f.reason()).isEqualTo(ConditionReason.SCOPE_NOT_PERMITTED);
                            assertThat(f.message())
                                    .contains("spec.visibleTo")
                                    .contains("spec.inheritance");
                        });
        assertThat(compiled.snapshot().policies()).isEmpty();
        assertThat(compiled.snapshot().budgets())
                .singleElement()
                .satisfies(
                        b -> {
                            assertThat(b.blocked()).contains("team-a/greedy");
                            assertThat(b.namespaces().names()).containsExactly("team-a");
                        });
    }

    @Test
    void resolvesPlatformBudgetsOverNamespaceLabels() {
        var compiled =
                compile(
                        resources(
                                List.of(),
                                List.of(),
                                List.of(
                                        budget(
                                                PLATFORM + "/payments",
                                                1,
                                                budgetSpec(
                                                        "100",
                                                        selecting(
                                                                "org",
                                                                "payments",
                                                                Subject.Each.NAMESPACE))))));
        var entry = compiled.snapshot().budgets().getFirst();
        assertThat(entry.namespaces().names()).containsExactly("team-a");
        assertThat(entry.perNamespace()).isTrue();
        assertThat(entry.mode()).isEqualTo(BudgetEntry.Mode.HARD);
        assertThat(entry.period().timeZone()).isEqualTo("Europe/Berlin");
    }

    @Test
    void marksThePolicyThatLostItsName() {
        var compiled =
                compile(
                        resources(
                                List.of(openAi(OPENAI)),
                                List.of(
                                        policy(
                                                "team-a/newer",
                                                "2026-02-01T00:00:00Z",
                                                "fast",
                                                "own"),
                                        policy("team-a/older", "2026-01-01T00:00:00Z", "fast"),
                                        policy("team-a/third", "2026-03-01T00:00:00Z", "fast")),
                                List.of()));
        var newer = verdict(compiled, Kind.ROUTING_POLICY, "team-a/newer");
        assertThat(newer.accepted()).isTrue();
        assertThat(newer.finding(ConditionType.CONFLICTED).orElseThrow().isTrue()).isTrue();
        assertThat(((Figures.OfPolicy) newer.figures()).effectiveModels()).isEqualTo(1);
        assertThat(((Figures.OfPolicy) newer.figures()).conflicts())
                .singleElement()
                .satisfies(c -> assertThat(c.winner()).isEqualTo("team-a/older"));
        var third = finding(compiled, Kind.ROUTING_POLICY, "team-a/third", ConditionType.ACCEPTED);
        assertThat(third.reason()).isEqualTo(ConditionReason.CONFLICTED);
        assertThat(compiled.snapshot().policies())
                .extracting("key")
                .containsExactly("team-a/older", "team-a/newer", "team-a/third");
    }

    @Test
    void refusesAnObjectThatBreaksTheCompilerAndServesTheOthers() {
        var broken = policySpec(List.of("odd"), null, null, rule("default", null, brokenTarget()));
        var compiled =
                compile(
                        resources(
                                List.of(openAi(OPENAI)),
                                List.of(
                                        policy("team-a/odd", null, broken),
                                        policy("team-a/chat", null, "fast")),
                                List.of()));
        assertThat(verdict(compiled, Kind.ROUTING_POLICY, "team-a/odd").accepted()).isFalse();
        assertThat(verdict(compiled, Kind.ROUTING_POLICY, "team-a/chat").usable()).isTrue();
    }

    /** As a reader without a schema would make it: the required reference is absent. */
    @SuppressWarnings("NullAway")
    private static Target brokenTarget() {
        return new Target("main", null, "gpt-4o", null, null, null, null, null);
    }
}
