package dev.tollgate.operator.status;

import dev.tollgate.crds.budget.BudgetStatus;
import dev.tollgate.crds.provider.CredentialStatus;
import dev.tollgate.crds.provider.ModelProviderStatus;
import dev.tollgate.crds.resource.Condition;
import dev.tollgate.crds.resource.LimitsStatus;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.crds.route.RoutingPolicyStatus;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.compile.Figures;
import dev.tollgate.policy.compile.Finding;
import dev.tollgate.policy.compile.Verdict;
import dev.tollgate.policy.share.LimitKey;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.ObjLongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The status that an object should have; empty when the one that it has says the same, or when its
 * present generation was not compiled yet. Pure.
 */
public final class Statuses {

    private final Picture picture;
    private final Instant now;
    private final ObjLongConsumer<AccountKey> refusedBefore;

    public Statuses(Picture picture, Instant now) {
        this(picture, now, (account, micros) -> {});
    }

    /**
     * @param refusedBefore told of an account, and of more than is left of it, which somebody
     *     needed and was refused by an earlier operator, as the status says
     */
    public Statuses(Picture picture, Instant now, ObjLongConsumer<AccountKey> refusedBefore) {
        this.picture = picture;
        this.now = now;
        this.refusedBefore = refusedBefore;
    }

    private Optional<Verdict> verdict(ResourceKey key, long generation) {
        return Optional.ofNullable(picture.verdicts().get(key))
                .filter(v -> v.generation() == generation);
    }

    private List<Condition> conditions(
            Verdict verdict, List<Finding> information, List<Condition> before) {
        return Conditions.of(
                verdict,
                picture.fleet().progress(verdict.object(), verdict.generation(), now),
                picture.rejections().get(verdict.object()),
                information,
                before,
                now);
    }

    private static String object(ResourceKey key) {
        return key.namespace() + "/" + key.name();
    }

    private @Nullable LimitsStatus limits(LimitKey key) {
        return picture.limited().contains(key)
                ? LimitsReport.of(picture.fleet().live(now), picture.rateStores())
                : null;
    }

    /** Whether every live proxy serves this generation. */
    public boolean programmed(ResourceKey key, long generation) {
        return verdict(key, generation)
                        .filter(v -> Objects.equals(v.servedGeneration(), generation))
                        .isPresent()
                && picture.fleet().progress(key, generation, now).complete();
    }

    /** Whether each namespace has an account of its own of the Budget; empty: it has none. */
    public Optional<Boolean> countsEach(ResourceKey key, long generation) {
        return verdict(key, generation)
                .map(v -> picture.budgets().get(object(key)))
                .filter(entry -> entry.limitMicros() != null)
                .map(BudgetEntry::perNamespace);
    }

    public Optional<ModelProviderStatus> provider(
            ResourceKey key, long generation, @Nullable ModelProviderStatus before) {
        return verdict(key, generation)
                .map(
                        v -> {
                            var name = key.namespace() + "/" + key.name();
                            var standing = picture.drills().get(name);
                            var information = new ArrayList<Finding>();
                            information.add(Health.of(name, picture.fleet().live(now)));
                            if (standing != null) {
                                information.add(DrillReport.finding(standing, now));
                            }
                            var figures =
                                    v.figures() instanceof Figures.OfProvider f
                                            ? f
                                            : new Figures.OfProvider(0, 0);
                            var rotated = picture.rotations().get(key);
                            return new ModelProviderStatus(
                                    generation,
                                    figures.models(),
                                    figures.inUseBy(),
                                    rotated != null
                                            ? new CredentialStatus(rotated)
                                            : before == null ? null : before.credential(),
                                    DrillReport.status(standing),
                                    limits(LimitKey.provider(object(key))),
                                    conditions(
                                            v,
                                            information,
                                            before == null ? List.of() : before.conditions()));
                        })
                .filter(s -> before == null || !same(s, before));
    }

    private static boolean same(ModelProviderStatus one, ModelProviderStatus other) {
        return one.observedGeneration() == other.observedGeneration()
                && Objects.equals(one.models(), other.models())
                && Objects.equals(one.inUseBy(), other.inUseBy())
                && Objects.equals(one.credential(), other.credential())
                && Objects.equals(one.drill(), other.drill())
                && Objects.equals(one.limits(), other.limits())
                && Conditions.same(one.conditions(), other.conditions());
    }

    public Optional<RoutingPolicyStatus> policy(
            ResourceKey key, long generation, @Nullable RoutingPolicyStatus before) {
        return verdict(key, generation)
                .map(
                        v -> {
                            var figures = v.figures() instanceof Figures.OfPolicy f ? f : null;
                            var canaries = CanaryReport.of(key, picture.canaries());
                            return new RoutingPolicyStatus(
                                    generation,
                                    figures == null ? null : figures.targets(),
                                    figures == null ? null : figures.effectiveModels(),
                                    figures == null ? List.of() : figures.conflicts(),
                                    canaries,
                                    conditions(
                                            v,
                                            CanaryReport.finding(canaries).stream().toList(),
                                            before == null ? List.of() : before.conditions()));
                        })
                .filter(s -> before == null || !same(s, before));
    }

    private static boolean same(RoutingPolicyStatus one, RoutingPolicyStatus other) {
        return one.observedGeneration() == other.observedGeneration()
                && Objects.equals(one.targets(), other.targets())
                && Objects.equals(one.effectiveModels(), other.effectiveModels())
                && one.conflicts().equals(other.conflicts())
                && one.canaries().equals(other.canaries())
                && Conditions.same(one.conditions(), other.conditions());
    }

    /**
     * @param written when this Budget's status was last written by this process; null: never
     */
    public Optional<BudgetStatus> budget(
            ResourceKey key,
            long generation,
            @Nullable BudgetStatus before,
            @Nullable Instant written) {
        return verdict(key, generation)
                .map(v -> budget(v, before, written))
                .filter(s -> before == null || !same(s, before));
    }

    private BudgetStatus budget(
            Verdict verdict, @Nullable BudgetStatus before, @Nullable Instant written) {
        var key = verdict.object();
        var entry = picture.budgets().get(key.namespace() + "/" + key.name());
        var report = entry == null ? null : BudgetReport.of(entry, picture.ledger(), now);
        var information = new ArrayList<Finding>();
        if (report != null && entry != null) {
            var said =
                    written == null && before != null
                            ? report.refusedBefore(before, verdict.generation())
                            : Set.<String>of();
            report.tellRefused(said, refusedBefore);
            information.add(report.exhausted(entry.mode(), said));
            if (report.unreadable() == null) {
                report.thresholdReached(entry).ifPresent(information::add);
            }
        }
        var violation = picture.violations().get(object(key));
        if (violation == null && before != null) {
            violation = before.lastViolation();
        }
        if (report != null && entry != null && violation != null) {
            information.add(ViolationReport.finding(violation, entry));
        }
        var conditions =
                conditions(verdict, information, before == null ? List.of() : before.conditions());
        var handled =
                report != null && report.handledReset() != null
                        ? report.handledReset().toString()
                        : before == null ? null : before.lastHandledReset();
        var reclaimed = picture.reclaims().get(object(key));
        if (reclaimed == null && before != null) {
            reclaimed = before.lastReclaim();
        }
        var limits = limits(LimitKey.budget(object(key), ""));
        boolean unknown = report != null && report.unreadable() != null;
        if (report == null || unknown && before == null) {
            return new BudgetStatus(
                    verdict.generation(),
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    List.of(),
                    List.of(),
                    handled,
                    reclaimed,
                    violation,
                    limits,
                    conditions);
        }
        return before != null
                        && (unknown
                                || Conditions.same(before.conditions(), conditions)
                                        && !report.due(
                                                object(key),
                                                before,
                                                written,
                                                picture.budgets().size(),
                                                now))
                ? new BudgetStatus(
                        verdict.generation(),
                        before.periodStart(),
                        before.resets(),
                        before.spent(),
                        before.reserved(),
                        before.remaining(),
                        before.usedPercent(),
                        before.burnPerDay(),
                        before.emptyAt(),
                        before.activeSteps(),
                        before.holds(),
                        handled,
                        reclaimed,
                        violation,
                        limits,
                        conditions)
                : new BudgetStatus(
                        verdict.generation(),
                        report.periodStart(),
                        report.resets(),
                        BudgetReport.dollars(report.spentMicros()),
                        BudgetReport.dollars(report.reservedMicros()),
                        BudgetReport.dollars(report.remainingMicros()),
                        report.usedPercent(),
                        report.burnPerDay(before),
                        report.emptyAt(before),
                        report.activeSteps(),
                        List.of(),
                        handled,
                        reclaimed,
                        violation,
                        limits,
                        conditions);
    }

    private static boolean same(BudgetStatus one, BudgetStatus other) {
        return one.observedGeneration() == other.observedGeneration()
                && Objects.equals(one.periodStart(), other.periodStart())
                && Objects.equals(one.resets(), other.resets())
                && Objects.equals(one.spent(), other.spent())
                && Objects.equals(one.reserved(), other.reserved())
                && Objects.equals(one.remaining(), other.remaining())
                && Objects.equals(one.usedPercent(), other.usedPercent())
                && Objects.equals(one.burnPerDay(), other.burnPerDay())
                && Objects.equals(one.emptyAt(), other.emptyAt())
                && one.activeSteps().equals(other.activeSteps())
                && one.holds().equals(other.holds())
                && Objects.equals(one.lastHandledReset(), other.lastHandledReset())
                && Objects.equals(one.lastReclaim(), other.lastReclaim())
                && Objects.equals(one.lastViolation(), other.lastViolation())
                && Objects.equals(one.limits(), other.limits())
                && Conditions.same(one.conditions(), other.conditions());
    }
}
