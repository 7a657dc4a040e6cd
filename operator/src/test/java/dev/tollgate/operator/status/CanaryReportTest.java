package dev.tollgate.operator.status;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.crds.resource.Condition;
import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.crds.resource.ConditionType;
import dev.tollgate.crds.resource.Kind;
import dev.tollgate.crds.resource.Metadata;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.crds.resource.RoutingPolicy;
import dev.tollgate.crds.route.CanaryStatus;
import dev.tollgate.crds.route.RoutingPolicySpec;
import dev.tollgate.crds.route.RoutingPolicyStatus;
import dev.tollgate.crds.route.TargetCounts;
import dev.tollgate.operator.push.Fleet;
import dev.tollgate.operator.status.CanaryReport.Standing;
import dev.tollgate.policy.canary.CanaryState;
import dev.tollgate.policy.canary.CanaryState.Phase;
import dev.tollgate.policy.compile.Figures;
import dev.tollgate.policy.compile.Finding;
import dev.tollgate.policy.compile.Verdict;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CanaryReportTest {

    private static final ResourceKey CHAT =
            ResourceKey.of(Kind.ROUTING_POLICY, Metadata.of("team-a", "chat"));
    private static final Instant NOW = Instant.parse("2026-11-01T10:00:00.250Z");

    private static CanaryState state(Phase phase) {
        return new CanaryState("next", 2, phase, NOW, "print", "why: " + phase);
    }

    private static Optional<RoutingPolicyStatus> status(
            Map<String, Standing> canaries, @Nullable RoutingPolicyStatus before) {
        var verdict =
                new Verdict(
                        CHAT,
                        1,
                        1L,
                        List.of(
                                new Finding(
                                        ConditionType.ACCEPTED,
                                        Condition.Status.TRUE,
                                        ConditionReason.ACCEPTED,
                                        "valid and in scope")),
                        true,
                        List.of(),
                        new Figures.OfPolicy(new TargetCounts(2, 2, "2/2"), 1, List.of()));
        var picture =
                new Picture(
                        Map.of(CHAT, verdict),
                        Map.of(),
                        Fleet.empty(),
                        Map.of(),
                        LedgerFigures.NONE,
                        Map.of(),
                        canaries,
                        Map.of(),
                        Set.of(),
                        Map.of(),
                        Map.of(),
                        Map.of());
        return new Statuses(picture, NOW).policy(CHAT, 1, before);
    }

    private static RoutingPolicyStatus first(Map<String, Standing> canaries) {
        return status(canaries, null).orElseThrow();
    }

    private static Map<String, Standing> each(Phase... phases) {
        var standings = new HashMap<String, Standing>();
        for (int i = 0; i < phases.length; i++) {
            standings.put("team-a/chat/r" + i, new Standing(state(phases[i]), 25));
        }
        standings.put("team-a/chat-old/r", new Standing(state(Phase.ROLLED_BACK), 0));
        return standings;
    }

    private static Optional<Condition> condition(RoutingPolicyStatus status) {
        return status.conditions().stream()
                .filter(c -> c.type() == ConditionType.CANARY_PROGRESSING)
                .findFirst();
    }

    @Test
    void tellsTheStateOfEachCanaryOfThePolicy() {
        assertThat(first(each(Phase.PROGRESSING, Phase.PROMOTED)).canaries())
                .containsExactly(
                        new CanaryStatus(
                                "r0",
                                "next",
                                2,
                                25,
                                CanaryStatus.Phase.PROGRESSING,
                                NOW,
                                "print",
                                "why: PROGRESSING"),
                        new CanaryStatus(
                                "r1",
                                "next",
                                2,
                                25,
                                CanaryStatus.Phase.PROMOTED,
                                NOW,
                                "print",
                                "why: PROMOTED"));
    }

    @Test
    void givesTheReasonThatNeedsAttentionMostAndIsTrueOnlyWhileAllGoOn() {
        check(ConditionReason.PROGRESSING, true, Phase.PROMOTED, Phase.PROGRESSING);
        check(ConditionReason.WAITING, false, Phase.PROGRESSING, Phase.WAITING);
        check(ConditionReason.PAUSED, false, Phase.PAUSED, Phase.WAITING);
        check(ConditionReason.ROLLED_BACK, false, Phase.PAUSED, Phase.ROLLED_BACK);
        check(ConditionReason.PROMOTED, false, Phase.PROMOTED);
        assertThat(condition(first(each()))).isEmpty();
    }

    private static void check(ConditionReason reason, boolean progressing, Phase... phases) {
        var condition = condition(first(each(phases))).orElseThrow();
        assertThat(condition.reason()).isEqualTo(reason);
        assertThat(condition.status() == Condition.Status.TRUE).isEqualTo(progressing);
        for (var phase : phases) {
            assertThat(condition.message()).contains("why: " + phase);
        }
    }

    @Test
    void writesNothingWhileNothingChangesAndWritesWhenAStepDoes() {
        var before = first(each(Phase.PROGRESSING));
        assertThat(status(each(Phase.PROGRESSING), before)).isEmpty();
        assertThat(status(each(Phase.PAUSED), before)).isPresent();
    }

    @Test
    void readsBackWhatItWrote() {
        for (var phase : Phase.values()) {
            assertThat(CanaryReport.states(List.of(policy(first(each(phase))))))
                    .isEqualTo(Map.of("team-a/chat/r0", state(phase)));
        }
    }

    @Test
    void losesWhatItCannotRead() {
        var status = first(Map.of());
        var unknown =
                new CanaryStatus("r0", "next", 2, 25, CanaryStatus.Phase.UNKNOWN, NOW, "print", "");
        var unprinted =
                new CanaryStatus("r1", "next", 2, 25, CanaryStatus.Phase.PAUSED, NOW, null, null);
        var policy =
                policy(
                        new RoutingPolicyStatus(
                                1,
                                status.targets(),
                                1,
                                List.of(),
                                List.of(unknown, unprinted),
                                List.of()));
        assertThat(CanaryReport.states(List.of(policy))).isEmpty();
    }

    private static RoutingPolicy policy(RoutingPolicyStatus status) {
        var spec =
                new RoutingPolicySpec(
                        List.of("fast"), null, null, null, null, null, null, List.of());
        return new RoutingPolicy(Metadata.of("team-a", "chat"), spec, status);
    }
}
