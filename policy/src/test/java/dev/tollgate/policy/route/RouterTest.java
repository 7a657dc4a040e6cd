package dev.tollgate.policy.route;

import static dev.tollgate.policy.snapshot.Snapshots.budget;
import static dev.tollgate.policy.snapshot.Snapshots.model;
import static dev.tollgate.policy.snapshot.Snapshots.policy;
import static dev.tollgate.policy.snapshot.Snapshots.provider;
import static dev.tollgate.policy.snapshot.Snapshots.rule;
import static dev.tollgate.policy.snapshot.Snapshots.target;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.NamespaceSet;
import dev.tollgate.policy.snapshot.PolicyEntry;
import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.RuleEntry;
import dev.tollgate.policy.snapshot.SettingsEntry;
import dev.tollgate.policy.snapshot.SettingsEntry.Unbudgeted;
import dev.tollgate.policy.snapshot.Snapshot;
import dev.tollgate.policy.snapshot.Snapshots;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RouterTest {

    private static final NamespaceSet ALL = NamespaceSet.everyone();
    private static final NamespaceSet TEAM_A = NamespaceSet.of(List.of("team-a"));
    private static final ProviderEntry EU =
            provider("tollgate-system/eu", "eu", ALL, model("gpt-4o", "four-oh"), model("mini"));
    private static final ProviderEntry US =
            provider("tollgate-system/us", "us", ALL, model("gpt-4o"));
    private static final Caller CALLER = Caller.serviceAccount("team-a", "chatbot");

    private static SnapshotIndex index(PolicyEntry... policies) {
        return SnapshotIndex.of(Snapshots.of(List.of(EU, US), List.of(policies), List.of()));
    }

    private static Ask ask(String model) {
        return ask(CALLER, model, HeaderLookup.NONE, Set.of("Chat"), 100);
    }

    private static Ask ask(
            Caller caller,
            String model,
            HeaderLookup headers,
            Set<String> requires,
            long inputTokens) {
        return new Ask(
                caller, model, headers, requires, inputTokens, -1, false, Instant.EPOCH, () -> 0);
    }

    private static RuleEntry.Match calledBy(String caller) {
        return new RuleEntry.Match(
                List.of(), List.of(caller), null, null, List.of(), Set.of(), null);
    }

    private static RuleEntry toEu(String name) {
        return rule(name, null, target("main", EU.key(), "gpt-4o", 0, 1));
    }

    private static RoutePlan plan(Routing routing) {
        assertThat(routing).isInstanceOf(RoutePlan.class);
        return (RoutePlan) routing;
    }

    private static NoRoute none(Routing routing) {
        assertThat(routing).isInstanceOf(NoRoute.class);
        return (NoRoute) routing;
    }

    private static PolicyEntry with(
            PolicyEntry policy,
            boolean override,
            @Nullable List<String> regions,
            @Nullable Long ceiling) {
        return new PolicyEntry(
                policy.key(),
                policy.models(),
                policy.visibleTo(),
                override,
                true,
                regions,
                ceiling,
                null,
                34,
                67,
                policy.rules());
    }

    @Test
    void prefersOverrideThenOwnThenShared() {
        var shared = policy("tollgate-system/shared", List.of("fast"), ALL, toEu("r"));
        var own = policy("team-a/own", List.of("*"), TEAM_A, toEu("r"));
        var override =
                with(
                        policy("tollgate-system/must", List.of("*"), ALL, toEu("r")),
                        true,
                        null,
                        null);
        assertThat(plan(Router.route(index(shared), ask("fast"))).policy()).isEqualTo(shared.key());
        assertThat(plan(Router.route(index(shared, own), ask("fast"))).policy())
                .isEqualTo(own.key());
        assertThat(plan(Router.route(index(shared, own, override), ask("fast"))).policy())
                .isEqualTo(override.key());
    }

    @Test
    void prefersExactThenLongestPatternThenOlder() {
        var any = policy("team-a/any", List.of("*"), TEAM_A, toEu("r"));
        var wide = policy("team-a/wide", List.of("gpt-*"), TEAM_A, toEu("r"));
        var narrow = policy("team-a/narrow", List.of("gpt-4*"), TEAM_A, toEu("r"));
        var exact = policy("team-a/exact", List.of("gpt-4o"), TEAM_A, toEu("r"));
        var younger = policy("team-a/a-younger", List.of("gpt-4o"), TEAM_A, toEu("r"));
        var index = index(any, wide, narrow, exact, younger);
        assertThat(plan(Router.route(index, ask("gpt-4o"))).policy()).isEqualTo(exact.key());
        assertThat(plan(Router.route(index, ask("gpt-4x"))).policy()).isEqualTo(narrow.key());
        assertThat(plan(Router.route(index, ask("gpt-5"))).policy()).isEqualTo(wide.key());
        assertThat(plan(Router.route(index, ask("o3"))).policy()).isEqualTo(any.key());
    }

    @Test
    void takesTheFirstRuleWhoseMatchHolds() {
        var batch =
                new RuleEntry.Match(
                        List.of(new RuleEntry.HeaderMatch("x-workload", true, "bat")),
                        List.of(),
                        null,
                        null,
                        List.of(),
                        Set.of(),
                        null);
        var account = calledBy("sa:team-a/chatbot");
        var other = calledBy("sa:team-b/chatbot");
        var main = target("main", EU.key(), "gpt-4o", 0, 1);
        var index =
                index(
                        policy(
                                "team-a/chat",
                                List.of("fast"),
                                TEAM_A,
                                rule("other", other, main),
                                rule("batch", batch, main),
                                rule("account", account, main)));
        HeaderLookup headers = name -> Map.of("x-workload", "batch").get(name);
        assertThat(plan(Router.route(index, ask(CALLER, "fast", headers, Set.of(), 1))).route())
                .isEqualTo("team-a/chat/batch");
        assertThat(plan(Router.route(index, ask("fast"))).rule()).isEqualTo("account");
        var stranger = Caller.serviceAccount("team-a", "stranger");
        var noRule =
                none(Router.route(index, ask(stranger, "fast", HeaderLookup.NONE, Set.of(), 1)));
        assertThat(noRule.kind()).isEqualTo(NoRoute.Kind.NO_RULE_MATCHES);
    }

    @Test
    void ordersCandidatesByPriorityAndTellsWhyOthersAreOut() {
        var index =
                index(
                        policy(
                                "team-a/chat",
                                List.of("fast"),
                                TEAM_A,
                                rule(
                                        "default",
                                        null,
                                        target("spare", US.key(), "gpt-4o", 1, 1),
                                        target("main", EU.key(), "gpt-4o", 0, 1),
                                        target("canary", EU.key(), "gpt-4o", 0, 0),
                                        target("typo", EU.key(), "gpt-4", 0, 1))));
        var plan = plan(Router.route(index, ask("fast")));
        assertThat(plan.candidates())
                .extracting(c -> c.target().name())
                .containsExactly("main", "spare");
        assertThat(plan.exclusions())
                .extracting(Exclusion::target, Exclusion::reason)
                .containsExactlyInAnyOrder(
                        tuple("canary", Exclusion.Reason.NO_WEIGHT),
                        tuple("typo", Exclusion.Reason.UNRESOLVED));
        assertThat(plan.firstByteMillis(plan.candidates().getFirst())).isEqualTo(60_000);
    }

    @Test
    void sendsTheRequestedNameWhereTheTargetNamesNoModel() {
        var index =
                index(
                        policy(
                                "team-a/pass",
                                List.of("*"),
                                TEAM_A,
                                rule("default", null, target("main", EU.key(), null, 0, 1))));
        assertThat(plan(Router.route(index, ask("mini"))).candidates().getFirst().model().name())
                .isEqualTo("mini");
        assertThat(none(Router.route(index, ask("nano"))).kind())
                .isEqualTo(NoRoute.Kind.UNAVAILABLE);
    }

    @Test
    void appliesConstraintsOfOverridePoliciesWhoeverRoutes() {
        var own =
                with(
                        policy(
                                "team-a/chat",
                                List.of("fast"),
                                TEAM_A,
                                rule(
                                        "default",
                                        null,
                                        target("eu", EU.key(), "gpt-4o", 0, 1),
                                        target("us", US.key(), "gpt-4o", 1, 1))),
                        false,
                        List.of("eu", "us"),
                        500_000_000L);
        var law =
                with(
                        policy("tollgate-system/law", List.of("*"), ALL),
                        true,
                        List.of("eu"),
                        100_000_000L);
        var free = plan(Router.route(index(own), ask("fast")));
        assertThat(free.candidates()).hasSize(2);
        assertThat(free.maxCost()).isEqualTo(Money.parse("0.50"));
        var bound = plan(Router.route(index(own, law), ask("fast")));
        assertThat(bound.candidates())
                .singleElement()
                .extracting(Candidate::provider)
                .isEqualTo(EU);
        assertThat(bound.maxCost()).isEqualTo(Money.parse("0.10"));
        // an alias is bound by them too
        assertThat(plan(Router.route(index(law), ask("four-oh"))).maxCost())
                .isEqualTo(Money.parse("0.10"));
        var elsewhere = with(law, true, List.of("ch"), null);
        assertThat(none(Router.route(index(own, elsewhere), ask("fast"))).kind())
                .isEqualTo(NoRoute.Kind.REGION_NOT_ALLOWED);
    }

    @Test
    void fallsBackToAliasesThatTheCallerMaySee() {
        var plan = plan(Router.route(index(), ask("four-oh")));
        assertThat(plan.policy()).isNull();
        assertThat(plan.route()).isEqualTo("tollgate-system/eu/alias");
        assertThat(plan.candidates().getFirst().model().name()).isEqualTo("gpt-4o");
        var hidden =
                provider(
                        "team-b/own", null, NamespaceSet.of(List.of("team-b")), model("m", "mine"));
        var index = SnapshotIndex.of(Snapshots.of(List.of(hidden), List.of(), List.of()));
        var refused = none(Router.route(index, ask("mine")));
        assertThat(refused.kind()).isEqualTo(NoRoute.Kind.MODEL_NOT_FOUND);
        assertThat(refused.message()).contains("mine").contains("team-a can see no model");
    }

    @Test
    void prefersAnAliasOfTheOwnNamespace() {
        var own = provider("team-a/zz", null, TEAM_A, model("local", "four-oh"));
        var index = SnapshotIndex.of(Snapshots.of(List.of(own, EU), List.of(), List.of()));
        assertThat(plan(Router.route(index, ask("four-oh"))).candidates().getFirst().provider())
                .isEqualTo(own);
    }

    @Test
    void prefersAnAliasThatIsDeclaredToANameOfTheCatalogue() {
        var whole = provider("team-a/aa", null, TEAM_A, model("four-oh", "four-oh"));
        var own = provider("team-a/zz", null, TEAM_A, model("local", "four-oh"));
        var index = SnapshotIndex.of(Snapshots.of(List.of(whole, own), List.of(), List.of()));
        assertThat(plan(Router.route(index, ask("four-oh"))).candidates().getFirst().provider())
                .isEqualTo(own);
    }

    @Test
    void tellsTheVisibleNamesWhenAModelIsUnknown() {
        var index = index(policy("team-a/chat", List.of("fast"), TEAM_A, toEu("r")));
        var refused = none(Router.route(index, ask("slow")));
        assertThat(refused.kind().status()).isEqualTo(404);
        assertThat(refused.message()).contains("slow").contains("fast, four-oh");
    }

    @Test
    void namesTheMissingCapabilityAndTheContext() {
        var index = index(policy("team-a/chat", List.of("fast"), TEAM_A, toEu("r")));
        var vision = ask(CALLER, "fast", HeaderLookup.NONE, Set.of("Chat", "Vision"), 1);
        var refused = none(Router.route(index, vision));
        assertThat(refused.kind()).isEqualTo(NoRoute.Kind.CAPABILITY_MISSING);
        assertThat(refused.message()).contains("Vision");
        var large = ask(CALLER, "fast", HeaderLookup.NONE, Set.of(), 128_001);
        assertThat(none(Router.route(index, large)).kind())
                .isEqualTo(NoRoute.Kind.CONTEXT_TOO_SMALL);
    }

    @Test
    void decidesByTheFirstReasonInTheirOrder() {
        var reasons = Exclusion.Reason.values();
        for (int i = 0; i < reasons.length - 1; i++) {
            var told =
                    Router.exhausted(
                            "ns/p/r",
                            List.of(exclusion(reasons[i + 1]), exclusion(reasons[i])),
                            5_000L);
            var alone = Router.exhausted("ns/p/r", List.of(exclusion(reasons[i])), 5_000L);
            assertThat(told.kind()).isEqualTo(alone.kind());
        }
        assertThat(
                        Router.exhausted(
                                        "ns/p/r",
                                        List.of(exclusion(Exclusion.Reason.NEAR_LIMIT)),
                                        5_000L)
                                .retryAfterMillis())
                .isEqualTo(5_000L);
    }

    @Test
    void saysWhereToLookWhenNoTargetOfARuleIsUsable() {
        var policy = policy("team-a/chat", List.of("fast"), TEAM_A, rule("r", null));

        var refused = none(Router.route(index(policy), ask("fast")));

        assertThat(refused.kind()).isEqualTo(NoRoute.Kind.UNAVAILABLE);
        assertThat(refused.message())
                .isEqualTo(
                        "no target of team-a/chat/r can serve this request: none can be used;"
                                + " condition ResolvedRefs of its RoutingPolicy says why, or the log"
                                + " of tollgate serve");
    }

    private static Exclusion exclusion(Exclusion.Reason reason) {
        return new Exclusion("t", "ns/p", "m", reason, "is out");
    }

    @Test
    void listsTheModelsThatACallerMayAskFor() {
        var index =
                index(
                        policy("team-a/chat", List.of("fast"), TEAM_A, toEu("r")),
                        policy(
                                "tollgate-system/pass",
                                List.of("gpt-*"),
                                ALL,
                                rule("r", null, target("t", US.key(), null, 0, 1))));
        var able = Set.of("Chat", "Streaming", "Tools");
        assertThat(Router.visibleModels(index, CALLER))
                .containsExactly(
                        new VisibleModel("fast", "team-a/chat", able),
                        new VisibleModel("four-oh", "tollgate-system/eu", able),
                        new VisibleModel("gpt-4o", "tollgate-system/pass", able));
        assertThat(Router.visibleModels(index, Caller.anonymous("team-b")))
                .extracting(VisibleModel::name)
                .containsExactly("four-oh", "gpt-4o");
    }

    @Test
    void chargesEveryBudgetThatMatches() {
        var org = budget("tollgate-system/org", NamespaceSet.of(List.of("team-a", "team-b")));
        var team = budget("team-a/team", TEAM_A);
        var app = narrowed(budget("team-a/app", TEAM_A), List.of("sa:team-a/other"), List.of());
        var mini = narrowed(budget("team-a/mini", TEAM_A), List.of(), List.of("gpt-4*"));
        var index =
                SnapshotIndex.of(Snapshots.of(List.of(), List.of(), List.of(app, mini, team, org)));
        assertThat(Router.budgets(index, CALLER, "gpt-4o"))
                .extracting(BudgetEntry::key)
                .containsExactly("team-a/mini", "team-a/team", "tollgate-system/org");
        assertThat(Router.budgets(index, Caller.serviceAccount("team-a", "other"), "claude"))
                .extracting(BudgetEntry::key)
                .containsExactly("team-a/app", "team-a/team", "tollgate-system/org");
        assertThat(Router.budgets(index, Caller.anonymous("team-c"), "gpt-4o")).isEmpty();
    }

    @Test
    void theDefaultBudgetCountsOnlyWhatNoOtherOneDoes() {
        var all = NamespaceSet.of(List.of("team-a", "team-b"));
        var fallback = budget("tollgate-system/default", all);
        var mini = narrowed(budget("team-a/mini", TEAM_A), List.of(), List.of("gpt-4*"));
        var given = Snapshots.of(List.of(), List.of(), List.of(mini, fallback));
        var index = SnapshotIndex.of(unbudgeted(given, Unbudgeted.DEFAULT_BUDGET));
        assertThat(keys(index, "team-a", "gpt-4o")).containsExactly("team-a/mini");
        assertThat(keys(index, "team-a", "claude")).containsExactly("tollgate-system/default");
        assertThat(keys(index, "team-b", "gpt-4o")).containsExactly("tollgate-system/default");
        assertThat(keys(index, "team-c", "gpt-4o")).isEmpty();
        assertThat(keys(SnapshotIndex.of(given), "team-a", "gpt-4o"))
                .as("any other setting leaves it one among others")
                .containsExactly("team-a/mini", "tollgate-system/default");
    }

    /** A team cannot leave it by a Budget of its own that counts no money. */
    @Test
    void theDefaultBudgetCountsBesideOneWithoutAnAmountAndOneThatOnlyTells() {
        var fallback = budget("tollgate-system/default", TEAM_A);
        var rates = ofMode("team-a/rates", null, BudgetEntry.Mode.HARD);
        var shadow = ofMode("team-a/shadow", 1_000_000L, BudgetEntry.Mode.SHADOW);
        var given = Snapshots.of(List.of(), List.of(), List.of(rates, shadow, fallback));
        var index = SnapshotIndex.of(unbudgeted(given, Unbudgeted.DEFAULT_BUDGET));
        assertThat(keys(index, "team-a", "gpt-4o"))
                .containsExactly("team-a/rates", "team-a/shadow", "tollgate-system/default");
    }

    private static BudgetEntry ofMode(String key, Long limitMicros, BudgetEntry.Mode mode) {
        return BudgetBuilder.as(budget(key, TEAM_A)).limit(limitMicros).mode(mode).build();
    }

    private static List<String> keys(SnapshotIndex index, String namespace, String model) {
        return Router.budgets(index, Caller.anonymous(namespace), model).stream()
                .map(BudgetEntry::key)
                .toList();
    }

    private static Snapshot unbudgeted(Snapshot snapshot, Unbudgeted unbudgeted) {
        var settings = snapshot.settings();
        return new Snapshot(
                snapshot.schemaVersion(),
                snapshot.platformNamespace(),
                new SettingsEntry(settings.endpointPolicy(), unbudgeted, settings.namespaces()),
                snapshot.providers(),
                snapshot.policies(),
                snapshot.budgets(),
                snapshot.clientKeys(),
                snapshot.issuers());
    }

    private static BudgetEntry narrowed(
            BudgetEntry budget, List<String> callers, List<String> models) {
        return BudgetBuilder.as(budget).callers(callers).models(models).build();
    }
}
