package dev.tollgate.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.crds.resource.Kind;
import dev.tollgate.crds.resource.NamespaceScope;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.crds.resource.Resources;
import dev.tollgate.crds.resource.RoutingPolicy;
import dev.tollgate.crds.route.RoutingPolicySpec.Inheritance;
import dev.tollgate.policy.route.Ask;
import dev.tollgate.policy.route.Caller;
import dev.tollgate.policy.route.HeaderLookup;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.route.Router;
import dev.tollgate.policy.route.SnapshotIndex;
import dev.tollgate.policy.snapshot.SnapshotCodec;
import dev.tollgate.policy.snapshot.SnapshotValidator;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;

class CompilerPropertyTest {

    private static final List<String> NAMES =
            List.of("fast", "gpt-4o", "gpt-*", "gpt-4*", "*-mini", "*", "smart");
    private static final List<String> NAMESPACES = List.of("team-a", "team-b", Given.PLATFORM);

    /** Policies with random names, ages, scopes and overrides. */
    private static List<RoutingPolicy> policies(Random random) {
        var policies = new ArrayList<RoutingPolicy>();
        int count = 1 + random.nextInt(8);
        for (int i = 0; i < count; i++) {
            var namespace = NAMESPACES.get(random.nextInt(NAMESPACES.size()));
            boolean platform = namespace.equals(Given.PLATFORM);
            var shuffled = new ArrayList<>(NAMES);
            Collections.shuffle(shuffled, random);
            var models = List.copyOf(shuffled.subList(0, 1 + random.nextInt(3)));
            var created =
                    random.nextInt(4) == 0
                            ? null
                            : "2026-01-0" + (1 + random.nextInt(3)) + "T00:00:00Z";
            policies.add(
                    Given.policy(
                            namespace + "/p" + i,
                            created,
                            Given.policySpec(
                                    models,
                                    platform && random.nextBoolean()
                                            ? NamespaceScope.From.ALL
                                            : null,
                                    platform && random.nextInt(3) == 0
                                            ? Inheritance.OVERRIDE
                                            : null,
                                    Given.rule(
                                            "default",
                                            null,
                                            Given.target(
                                                    "main",
                                                    Given.PLATFORM + "/openai",
                                                    "gpt-4o-mini",
                                                    0)))));
        }
        return policies;
    }

    private static Resources resources(List<RoutingPolicy> policies, Random order) {
        var shuffled = new ArrayList<>(policies);
        Collections.shuffle(shuffled, order);
        var providers =
                new ArrayList<>(
                        List.of(
                                Given.openAi(Given.PLATFORM + "/openai"),
                                Given.openAi("team-a/openai")));
        Collections.shuffle(providers, order);
        var budgets =
                new ArrayList<>(
                        List.of(
                                Given.budget("team-a/month", 1, Given.budgetSpec("5", null)),
                                Given.budget("team-b/month", 1, Given.budgetSpec("0", null)),
                                Given.budget("team-b/a-month", 1, Given.budgetSpec("7", null))));
        Collections.shuffle(budgets, order);
        return Given.resources(providers, shuffled, budgets);
    }

    @Property(tries = 300)
    void orderOfTheInputMeansNothing(
            @ForAll @LongRange(max = 1_000_000) long seed, @ForAll long order) {
        var policies = policies(new Random(seed));
        var first = Given.compile(resources(policies, new Random(0)));
        var second = Given.compile(resources(policies, new Random(order)));
        assertThat(SnapshotCodec.encode(second.snapshot()))
                .isEqualTo(SnapshotCodec.encode(first.snapshot()));
        assertThat(second.verdicts()).isEqualTo(first.verdicts());
        assertThat(SnapshotValidator.validate(first.snapshot())).isEmpty();
    }

    /** A name has one winner in a namespace, and whoever it is did not report that name as lost. */
    @Property(tries = 300)
    void everyNameHasOneWinnerThatKnowsIt(@ForAll @LongRange(max = 1_000_000) long seed) {
        var policies = policies(new Random(seed));
        var compiled = Given.compile(resources(policies, new Random(seed)));
        var index = SnapshotIndex.of(compiled.snapshot());
        var winners = new TreeMap<String, String>();
        for (var namespace : NAMESPACES) {
            for (var name : List.of("fast", "gpt-4o", "gpt-4o-mini", "smart", "other")) {
                var ask =
                        new Ask(
                                Caller.anonymous(namespace),
                                name,
                                HeaderLookup.NONE,
                                Set.of("Chat"),
                                1,
                                -1,
                                false,
                                Instant.EPOCH,
                                () -> 0);
                if (Router.route(index, ask) instanceof RoutePlan plan) {
                    winners.put(namespace + " " + name, String.valueOf(plan.policy()));
                }
            }
        }
        for (var policy : policies) {
            var key = ResourceKey.of(Kind.ROUTING_POLICY, policy.metadata());
            var verdict = compiled.verdicts().get(key);
            var figures = (Figures.OfPolicy) verdict.figures();
            var own = policy.metadata().namespace() + "/" + policy.metadata().name();
            for (var conflict : figures.conflicts()) {
                assertThat(conflict.winner()).isNotEqualTo(own);
                assertThat(winners.entrySet())
                        .noneMatch(
                                won ->
                                        won.getKey().endsWith(" " + conflict.model())
                                                && won.getValue().equals(own));
            }
            assertThat(figures.effectiveModels())
                    .isEqualTo(policy.spec().models().size() - figures.conflicts().size());
            assertThat(verdict.accepted()).isEqualTo(figures.effectiveModels() > 0);
        }
    }
}
