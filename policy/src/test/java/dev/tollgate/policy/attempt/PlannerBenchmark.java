package dev.tollgate.policy.attempt;

import dev.tollgate.policy.route.Ask;
import dev.tollgate.policy.route.Caller;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.route.Router;
import dev.tollgate.policy.route.SnapshotIndex;
import dev.tollgate.policy.snapshot.NamespaceSet;
import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.RuleEntry;
import dev.tollgate.policy.snapshot.SelectionEntry;
import dev.tollgate.policy.snapshot.SelectionEntry.Type;
import dev.tollgate.policy.snapshot.Snapshots;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Times one plan, {@link Router#route} and {@link Selection#first}, over 32 targets of one
 * priority: a main method, not a test. Prints nanoseconds at p50 and p99 after warm-up, of the best
 * of several rounds, for each strategy; a call of {@code System.nanoTime} is part of each.
 */
public final class PlannerBenchmark {

    private static final int TARGETS = 32;
    private static final int ROUNDS = 10;
    private static final int CALLS = 100_000;
    private static final Instant NOW = Instant.parse("2026-11-21T09:00:00Z");

    private PlannerBenchmark() {}

    public static void main(String[] args) {
        for (var type : Type.values()) {
            if (type != Type.CASCADE) {
                time(type);
            }
        }
    }

    private static SnapshotIndex index(Type type) {
        var providers = new ArrayList<ProviderEntry>();
        var targets = new ArrayList<RuleEntry.TargetEntry>();
        IntStream.range(0, TARGETS)
                .forEach(
                        i -> {
                            var provider =
                                    Snapshots.provider(
                                            "tollgate-system/p" + i,
                                            "eu",
                                            NamespaceSet.everyone(),
                                            Snapshots.model("m"));
                            providers.add(provider);
                            targets.add(
                                    Snapshots.target("t" + i, provider.key(), "m", 0, 1 + i % 5));
                        });
        var plain = Snapshots.rule("r", null, targets.toArray(RuleEntry.TargetEntry[]::new));
        var rule =
                new RuleEntry(
                        plain.name(),
                        null,
                        new SelectionEntry(
                                type,
                                type == Type.WEIGHTED,
                                new SelectionEntry.Floor(1, true, false),
                                false,
                                type == Type.LOWEST_LATENCY ? 2 : 0,
                                type == Type.SCORE
                                        ? new SelectionEntry.Score(40, 30, 20, 10)
                                        : null,
                                null),
                        plain.targets(),
                        null,
                        null,
                        List.of(),
                        null,
                        plain.retry(),
                        null,
                        null);
        var policy = Snapshots.policy("team-a/p", List.of("fast"), NamespaceSet.everyone(), rule);
        return SnapshotIndex.of(Snapshots.of(providers, List.of(policy), List.of()));
    }

    private static void time(Type type) {
        var index = index(type);
        var state = new TargetState(false, false, null, 200_000, 900_000, 7);
        Telemetry telemetry = (provider, model) -> state;
        var random = new Random(42);
        var ask =
                new Ask(
                        Caller.serviceAccount("team-a", "bot"),
                        "fast",
                        name -> null,
                        Set.of("Chat", "Tools"),
                        1_000,
                        200,
                        true,
                        NOW,
                        () -> 0);
        var best = new long[] {Long.MAX_VALUE, Long.MAX_VALUE};
        long kept = 0;
        var nanos = new long[CALLS];
        for (int round = 0; round < ROUNDS; round++) {
            for (int i = 0; i < CALLS; i++) {
                long start = System.nanoTime();
                var plan = (RoutePlan) Router.route(index, ask);
                var picked = (Selection.Chosen) Selection.first(plan, telemetry, NOW, random);
                nanos[i] = System.nanoTime() - start;
                kept += picked.candidate().priority();
            }
            Arrays.sort(nanos);
            best[0] = Math.min(best[0], nanos[CALLS / 2]);
            best[1] = Math.min(best[1], nanos[CALLS - CALLS / 100]);
        }
        System.out.println(
                type.strategy()
                        + ", 32 targets: p50 "
                        + best[0]
                        + " ns, p99 "
                        + best[1]
                        + " ns"
                        + (kept == 42 ? " " : ""));
    }
}
