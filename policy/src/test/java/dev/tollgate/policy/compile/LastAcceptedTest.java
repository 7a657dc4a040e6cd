package dev.tollgate.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.crds.budget.BudgetSpec;
import dev.tollgate.crds.budget.Subject;
import dev.tollgate.crds.provider.Endpoint;
import dev.tollgate.crds.provider.ModelProviderSpec;
import dev.tollgate.crds.provider.ProviderType;
import dev.tollgate.crds.resource.Budget;
import dev.tollgate.crds.resource.Kind;
import dev.tollgate.crds.resource.ModelProvider;
import dev.tollgate.crds.resource.NamespaceScope;
import dev.tollgate.crds.resource.Resources;
import dev.tollgate.crds.resource.RoutingPolicy;
import dev.tollgate.policy.snapshot.IssuerEntry;
import dev.tollgate.policy.snapshot.NamespaceSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** C3 and C4: a bad generation leaves the last good one serving, but never more than both allow. */
class LastAcceptedTest {

    private static final String OPENAI = Given.PLATFORM + "/openai";

    private static ModelProvider provider(long generation, ModelProviderSpec spec) {
        return new ModelProvider(Given.metadata(OPENAI, generation, null), spec, null);
    }

    private static ModelProviderSpec spec(
            @Nullable String url, NamespaceScope.@Nullable From from) {
        return Given.providerSpec(
                ProviderType.OPENAI,
                url == null ? null : new Endpoint(url, null, null, null, null, null),
                from,
                Given.model("gpt-4o-mini"));
    }

    private static Compiled twice(Resources first, Resources second) {
        return Compiler.compile(second, Given.SETTINGS, Given.compile(first).accepted());
    }

    private static Resources of(ModelProvider provider) {
        return Given.resources(List.of(provider), List.of(), List.of());
    }

    private static Verdict verdict(Compiled compiled, Kind kind, String key) {
        return compiled.verdicts().get(Given.key(kind, key));
    }

    @Test
    void servesTheLastAcceptedGenerationOfAProvider() {
        var compiled =
                twice(
                        of(provider(4, spec(null, NamespaceScope.From.ALL))),
                        of(provider(5, spec("http://10.0.0.1", NamespaceScope.From.ALL))));
        var verdict = verdict(compiled, Kind.MODEL_PROVIDER, OPENAI);
        assertThat(verdict.accepted()).isFalse();
        assertThat(verdict.servedGeneration()).isEqualTo(4);
        assertThat(verdict.findings().getFirst().message()).startsWith("Serving generation 4: ");
        assertThat(compiled.snapshot().providers().getFirst().url())
                .isEqualTo("https://api.openai.com/v1");
        var third =
                Compiler.compile(
                        of(provider(6, spec("ftp://x", null))),
                        Given.SETTINGS,
                        compiled.accepted());
        assertThat(verdict(third, Kind.MODEL_PROVIDER, OPENAI).servedGeneration()).isEqualTo(4);
    }

    @Test
    void narrowsAllowedNamespacesAtOnce() {
        var compiled =
                twice(
                        of(provider(1, spec(null, NamespaceScope.From.ALL))),
                        of(provider(2, spec("http://10.0.0.1", NamespaceScope.From.SAME))));
        assertThat(compiled.snapshot().providers().getFirst().usableBy())
                .isEqualTo(NamespaceSet.of(List.of(Given.PLATFORM)));
    }

    @Test
    void neverServesWithoutTheSecret() {
        var sound = of(provider(1, spec(null, null)));
        var bare =
                new Resources(
                        List.of(provider(2, spec("http://10.0.0.1", null))),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of());
        var compiled = twice(sound, bare);
        assertThat(compiled.snapshot().providers()).isEmpty();
        assertThat(verdict(compiled, Kind.MODEL_PROVIDER, OPENAI).servedGeneration()).isNull();
    }

    @Test
    void forgetsADeletedObject() {
        var compiled = twice(of(provider(1, spec(null, null))), of(provider(1, spec(null, null))));
        assertThat(compiled.accepted().providers()).hasSize(1);
        var gone =
                Compiler.compile(
                        Given.resources(List.of(), List.of(), List.of()),
                        Given.SETTINGS,
                        compiled.accepted());
        assertThat(gone.accepted().providers()).isEmpty();
        assertThat(gone.snapshot().providers()).isEmpty();
    }

    @Test
    void servesTheLastAcceptedGenerationOfAPolicyAndNarrowsItsVisibility() {
        var good =
                Given.policySpec(
                        List.of("fast"),
                        NamespaceScope.From.ALL,
                        null,
                        Given.rule(
                                "default", null, Given.target("main", OPENAI, "gpt-4o-mini", 0)));
        var bad = Given.policySpec(List.of("fast"), null, null);
        var key = Given.PLATFORM + "/chat";
        var compiled =
                twice(
                        Given.resources(
                                List.of(Given.openAi(OPENAI)),
                                List.of(
                                        new RoutingPolicy(
                                                Given.metadata(key, 1, null), good, null)),
                                List.of()),
                        Given.resources(
                                List.of(Given.openAi(OPENAI)),
                                List.of(new RoutingPolicy(Given.metadata(key, 2, null), bad, null)),
                                List.of()));
        var entry = compiled.snapshot().policies().getFirst();
        assertThat(entry.rules()).hasSize(1);
        assertThat(entry.visibleTo()).isEqualTo(NamespaceSet.of(List.of(Given.PLATFORM)));
        assertThat(verdict(compiled, Kind.ROUTING_POLICY, key).usable()).isTrue();
    }

    @Test
    void lowersABudgetAtOnceAndNeverRaisesAnInvalidOne() {
        var good = Given.budgetSpec("100", null);
        assertThat(limitAfter(good, withCurrency("50", "EUR", null))).isEqualTo(50_000_000L);
        assertThat(limitAfter(good, withCurrency("900", "EUR", null))).isEqualTo(100_000_000L);
        assertThat(
                        compiledBudget(good, withCurrency("100", "EUR", BudgetSpec.Suspend.HOLD))
                                .snapshot()
                                .budgets()
                                .getFirst()
                                .suspended())
                .isTrue();
    }

    private static Long limitAfter(BudgetSpec first, BudgetSpec second) {
        return compiledBudget(first, second).snapshot().budgets().getFirst().limitMicros();
    }

    private static Compiled compiledBudget(BudgetSpec first, BudgetSpec second) {
        var key = "team-a/monthly";
        return twice(
                Given.resources(List.of(), List.of(), List.of(Given.budget(key, 1, first))),
                Given.resources(List.of(), List.of(), List.of(Given.budget(key, 2, second))));
    }

    private static BudgetSpec withCurrency(
            String amount, String currency, BudgetSpec.@Nullable Suspend suspend) {
        var spec = Given.budgetSpec(amount, null);
        return new BudgetSpec(
                spec.amount(),
                currency,
                spec.period(),
                null,
                null,
                null,
                List.of(),
                List.of(),
                List.of(),
                null,
                suspend,
                null);
    }

    @Test
    void blocksTheOwnNamespaceOfABudgetThatWasNeverAccepted() {
        Budget budget = Given.budget("team-a/monthly", 1, withCurrency("5", "EUR", null));
        var compiled = Given.compile(Given.resources(List.of(), List.of(), List.of(budget)));
        var entry = compiled.snapshot().budgets().getFirst();
        assertThat(entry.blocked()).contains("team-a/monthly").contains("EUR");
        assertThat(entry.namespaces()).isEqualTo(NamespaceSet.of(List.of("team-a")));
        assertThat(compiled.accepted().budgets()).isEmpty();
    }

    private static Subject users(List<String> serviceAccounts) {
        return new Subject(serviceAccounts, List.of(), List.of("ann"), null, null);
    }

    /** Else it would count, or block, the whole namespace: no caller named is all of them. */
    @Test
    void neverCountsTheWholeNamespaceForABudgetOfUsersWhenNoIssuerIsLeft() {
        var trusting =
                Given.trusting(
                        List.of(
                                new IssuerEntry(
                                        "https://a.example", "tollgate", false, null, List.of())));
        var resources =
                Given.resources(
                        List.of(),
                        List.of(),
                        List.of(
                                Given.budget(
                                        "team-a/alone", 1, Given.budgetSpec("5", users(List.of()))),
                                Given.budget(
                                        "team-a/mixed",
                                        1,
                                        Given.budgetSpec("5", users(List.of("bot"))))));
        var before = Compiler.compile(resources, trusting, LastAccepted.NONE);
        assertThat(before.snapshot().budgets())
                .extracting(budget -> budget.callers().toString())
                .containsExactly(
                        "[oidc:https://a.example/ann]",
                        "[oidc:https://a.example/ann, sa:team-a/bot]");
        var compiled = Given.compile(resources, before.accepted());
        assertThat(compiled.verdicts().values())
                .as("none says that it serves")
                .allSatisfy(verdict -> assertThat(verdict.servedGeneration()).isNull());
        assertThat(compiled.snapshot().budgets())
                .singleElement()
                .satisfies(
                        budget -> {
                            assertThat(budget.key()).isEqualTo("team-a/mixed");
                            assertThat(budget.callers()).containsExactly("sa:team-a/bot");
                            assertThat(budget.blocked()).contains("no oidcIssuers are configured");
                        });
    }
}
