package dev.tollgate.policy.compile;

import static dev.tollgate.policy.compile.Given.PLATFORM;
import static dev.tollgate.policy.compile.Given.SETTINGS;
import static dev.tollgate.policy.compile.Given.openAi;
import static dev.tollgate.policy.compile.Given.policySpec;
import static dev.tollgate.policy.compile.Given.resources;
import static dev.tollgate.policy.compile.Given.target;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.crds.resource.Metadata;
import dev.tollgate.crds.resource.Resources;
import dev.tollgate.crds.resource.RoutingPolicy;
import dev.tollgate.crds.route.Canary;
import dev.tollgate.crds.route.CanaryAnalysis;
import dev.tollgate.crds.route.CanaryStep;
import dev.tollgate.crds.route.Cascade;
import dev.tollgate.crds.route.Rule;
import dev.tollgate.crds.route.Selection;
import dev.tollgate.policy.canary.CanaryPlan;
import dev.tollgate.policy.canary.CanaryState;
import dev.tollgate.policy.canary.CanaryState.Phase;
import dev.tollgate.policy.snapshot.RuleEntry;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CanaryCompilerTest {

    private static final String ROUTE = "team-a/chat/default";
    private static final String OPENAI = PLATFORM + "/openai";
    private static final Canary CANARY =
            canary("next", new CanaryStep(5, "30m"), new CanaryStep(25, null));

    private static Canary canary(String target, CanaryStep... steps) {
        return new Canary(target, null, List.of(steps), null);
    }

    private static Resources given(
            Canary canary, @Nullable Selection selection, Map<String, String> annotations) {
        return given(canary, selection, annotations, "gpt-4o");
    }

    private static Resources given(
            Canary canary,
            @Nullable Selection selection,
            Map<String, String> annotations,
            String model) {
        var rule =
                new Rule(
                        "default",
                        null,
                        selection,
                        List.of(
                                target("main", OPENAI, "gpt-4o-mini", 0),
                                target("next", OPENAI, model, 0)),
                        null,
                        canary,
                        List.of(),
                        null,
                        null,
                        null);
        var metadata = new Metadata("team-a", "chat", "uid", 1, null, Map.of(), annotations);
        return resources(
                List.of(openAi(OPENAI)),
                List.of(
                        new RoutingPolicy(
                                metadata, policySpec(List.of("fast"), null, null, rule), null)),
                List.of());
    }

    private static Compiled compile(Resources resources, Map<String, CanaryState> states) {
        return Compiler.compile(resources, SETTINGS, LastAccepted.NONE, states);
    }

    private static CanaryPlan plan(Resources resources) {
        return compile(resources, Map.of()).canaries().get(ROUTE);
    }

    private static RuleEntry.@Nullable Canary compiled(Map<String, CanaryState> states) {
        var policies = compile(given(CANARY, null, Map.of()), states).snapshot().policies();
        return policies.getFirst().rules().getFirst().canary();
    }

    private static List<String> problems(Canary canary, @Nullable Selection selection) {
        return compile(given(canary, selection, Map.of()), Map.of()).verdicts().values().stream()
                .flatMap(verdict -> verdict.problems().stream())
                .map(Problem::text)
                .toList();
    }

    @Test
    void beginsWithTheFirstStepWhereNoStateIsKnown() {
        assertThat(compiled(Map.of())).isEqualTo(new RuleEntry.Canary("next", 5));
    }

    @Test
    void putsTheShareOfThePresentStateIntoTheSnapshot() {
        var print = plan(given(CANARY, null, Map.of())).fingerprint();
        assertThat(share(2, Phase.WAITING, print)).isEqualTo(25);
        assertThat(share(2, Phase.PAUSED, print)).isEqualTo(25);
        assertThat(share(1, Phase.ROLLED_BACK, print)).isZero();
        assertThat(share(2, Phase.PROMOTED, print)).isEqualTo(100);
        assertThat(share(2, Phase.PROMOTED, "of an earlier edit")).isEqualTo(5);
        assertThat(share(3, Phase.PROGRESSING, print)).isEqualTo(5);
    }

    private static int share(int step, Phase phase, String fingerprint) {
        var state = new CanaryState("next", step, phase, Instant.EPOCH, fingerprint, "");
        var canary = compiled(Map.of(ROUTE, state));
        assertThat(canary).isNotNull();
        return canary.percent();
    }

    @Test
    void fillsInTheDefaults() {
        var plan = plan(given(CANARY, null, Map.of()));
        assertThat(plan.pauses()).isFalse();
        assertThat(plan.limits()).isEqualTo(new CanaryPlan.Limits(50, 5, 25, 25));
        assertThat(plan.steps())
                .containsExactly(new CanaryPlan.Step(5, 1_800_000L), new CanaryPlan.Step(25, null));
    }

    @Test
    void startsOverWhenTheCanaryItsTargetOrTheAnnotationChanges() {
        var retried = Map.of("tollgate.dev/canary-retry-at", "2026-11-02T09:00:00Z");
        var plans =
                List.of(
                        plan(given(CANARY, null, Map.of())),
                        plan(given(CANARY, null, retried)),
                        plan(given(CANARY, null, Map.of(), "gpt-4o-mini")),
                        plan(given(canary("next", new CanaryStep(6, "30m")), null, Map.of())),
                        plan(given(canary("main", CANARY.steps().getFirst()), null, Map.of())));
        assertThat(plans).extracting(CanaryPlan::fingerprint).doesNotHaveDuplicates();
        assertThat(plan(given(CANARY, null, Map.of("other", "x"))).fingerprint())
                .isEqualTo(plans.getFirst().fingerprint());
    }

    @Test
    void refusesWhatTheSchemaRefusesToo() {
        assertThat(problems(canary("gone", CANARY.steps().getFirst()), null))
                .containsExactly(
                        "spec.rules[0].canary.target: gone (expected: one of at least two"
                                + " targets)");
        assertThat(problems(canary("next", new CanaryStep(5, "x"), new CanaryStep(5, "1m")), null))
                .containsExactly(
                        "spec.rules[0].canary.steps[0].hold: x (expected: a duration such as 250ms,"
                                + " 30s or 1h30m)",
                        "spec.rules[0].canary.steps[1].percent: 5 (expected: rising, 6..100)");
        assertThat(problems(canary("next"), null))
                .containsExactly("spec.rules[0].canary.steps: 0 (expected: 1 to 10)");
        var analysis = new CanaryAnalysis(0, 101, -1, null);
        assertThat(problems(new Canary("next", null, CANARY.steps(), analysis), null)).hasSize(3);
        assertThat(
                        problems(
                                new Canary("next", Canary.OnFailure.UNKNOWN, CANARY.steps(), null),
                                null))
                .hasSize(1);
    }

    @Test
    void refusesACanaryOfACascade() {
        var cascade =
                new Selection(
                        Selection.Type.CASCADE,
                        null,
                        null,
                        null,
                        null,
                        new Cascade(List.of(), null, null));
        assertThat(problems(CANARY, cascade))
                .contains(
                        "spec.rules[0].canary: with selection type Cascade (expected: another type,"
                                + " or none)");
    }
}
