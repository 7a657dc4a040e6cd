package dev.tollgate.operator.event;

import dev.tollgate.crds.budget.BudgetStatus;
import dev.tollgate.crds.provider.ModelProviderStatus;
import dev.tollgate.crds.resource.Condition;
import dev.tollgate.crds.resource.Condition.Status;
import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.crds.resource.ConditionType;
import dev.tollgate.crds.route.CanaryStatus;
import dev.tollgate.crds.route.RoutingPolicyStatus;
import dev.tollgate.operator.event.Notice.Reason;
import dev.tollgate.operator.status.Named;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a status says anew beside the one before it: pure. The one before is what the API server
 * has, so a restart of the operator tells nothing twice.
 */
public final class Transitions {

    private Transitions() {}

    public static List<Notice> of(@Nullable ModelProviderStatus before, ModelProviderStatus now) {
        var notices = common(before == null ? List.of() : before.conditions(), now.conditions());
        var rotated = now.credential();
        var known = before == null ? null : before.credential();
        if (rotated != null
                && rotated.lastRotationTime() != null
                && (known == null
                        || !rotated.lastRotationTime().equals(known.lastRotationTime()))) {
            notices.add(
                    new Notice(
                            Reason.CREDENTIAL_ROTATED,
                            "new requests use the credential of " + rotated.lastRotationTime()));
        }
        return List.copyOf(notices);
    }

    public static List<Notice> of(@Nullable RoutingPolicyStatus before, RoutingPolicyStatus now) {
        var notices = common(before == null ? List.of() : before.conditions(), now.conditions());
        for (var canary : now.canaries()) {
            var was =
                    before == null
                            ? Optional.<CanaryStatus>empty()
                            : before.canaries().stream()
                                    .filter(c -> c.rule().equals(canary.rule()))
                                    .findFirst();
            var reason =
                    switch (canary.phase()) {
                        case PROMOTED -> Reason.CANARY_PROMOTED;
                        case ROLLED_BACK -> Reason.CANARY_ROLLED_BACK;
                        case PROGRESSING, WAITING, PAUSED, UNKNOWN -> null;
                    };
            boolean same =
                    was.isPresent()
                            && was.get().phase() == canary.phase()
                            && was.get().since().equals(canary.since());
            if (reason != null && !same) {
                var why = canary.message();
                notices.add(
                        new Notice(
                                reason,
                                "rule "
                                        + canary.rule()
                                        + ", target "
                                        + canary.target()
                                        + (why == null || why.isEmpty() ? "" : ": " + why)));
            }
        }
        return List.copyOf(notices);
    }

    public static List<Notice> of(@Nullable BudgetStatus before, BudgetStatus now) {
        var earlier = before == null ? List.<Condition>of() : before.conditions();
        var notices = common(earlier, now.conditions());
        condition(now.conditions(), ConditionType.EXHAUSTED)
                .filter(c -> c.status() == Status.TRUE)
                .filter(c -> !is(earlier, c.type()) || isElsewhere(before, now, c))
                .ifPresent(c -> notices.add(new Notice(Reason.BUDGET_EXHAUSTED, c.message())));
        turned(earlier, now.conditions(), ConditionType.BOUND_VIOLATION)
                .ifPresent(
                        c -> notices.add(new Notice(Reason.BUDGET_BOUND_VIOLATION, c.message())));
        condition(now.conditions(), ConditionType.THRESHOLD_REACHED)
                .filter(c -> c.status() == Status.TRUE)
                .filter(c -> before == null || climbed(before, now) || isElsewhere(before, now, c))
                .ifPresent(c -> notices.add(new Notice(Reason.BUDGET_THRESHOLD, c.message())));
        reclaimed(before, now).ifPresent(notices::add);
        if (before == null) {
            return List.copyOf(notices);
        }
        boolean asked = handledAnew(before, now) && !isPast(now);
        boolean another =
                before.periodStart() != null
                        && now.periodStart() != null
                        && !before.periodStart().equals(now.periodStart());
        boolean spent = before.spent() != null && !before.spent().equals("0");
        boolean changed = isAnotherPeriod(before, now);
        if (changed) {
            notices.add(
                    new Notice(
                            Reason.BUDGET_RESET,
                            "the period was changed, so another account counts: that of "
                                    + window(now)
                                    + ", of which $"
                                    + now.spent()
                                    + " is spent; before it was that of "
                                    + window(before)
                                    + ", of which about $"
                                    + before.spent()
                                    + " was spent"));
        }
        if (asked) {
            notices.add(
                    new Notice(
                            Reason.BUDGET_RESET,
                            "reset as asked for at "
                                    + now.lastHandledReset()
                                    + (before.spent() == null
                                            ? ""
                                            : "; about $" + before.spent() + " was spent before")));
        } else if (changed) {
            return List.copyOf(notices);
        } else if (another && spent) {
            notices.add(
                    new Notice(
                            Reason.BUDGET_RESET,
                            "a window began at "
                                    + now.periodStart()
                                    + "; in the one before about $"
                                    + before.spent()
                                    + " was spent"));
        } else if (is(earlier, ConditionType.EXHAUSTED)
                && condition(now.conditions(), ConditionType.EXHAUSTED)
                        .filter(c -> c.status() == Status.FALSE)
                        .isPresent()) {
            notices.add(new Notice(Reason.BUDGET_RESET, "there is money again"));
        }
        return List.copyOf(notices);
    }

    /**
     * The windows of one period follow one another; those of two overlap when the one takes the
     * place of the other.
     */
    private static boolean isAnotherPeriod(BudgetStatus before, BudgetStatus now) {
        if (before.spent() == null || now.spent() == null || isSameWindow(before, now)) {
            return false;
        }
        return isBefore(before.periodStart(), now.resets())
                && isBefore(now.periodStart(), before.resets());
    }

    private static boolean isSameWindow(BudgetStatus before, BudgetStatus now) {
        return Objects.equals(before.periodStart(), now.periodStart())
                && Objects.equals(before.resets(), now.resets());
    }

    /** Lifetime has neither. */
    private static boolean isBefore(@Nullable Instant start, @Nullable Instant end) {
        return start == null || end == null || start.isBefore(end);
    }

    private static String window(BudgetStatus status) {
        return status.periodStart() == null
                ? "its lifetime"
                : status.periodStart() + " to " + status.resets();
    }

    private static boolean handledAnew(BudgetStatus before, BudgetStatus now) {
        return now.lastHandledReset() != null
                && !now.lastHandledReset().equals(before.lastHandledReset());
    }

    /** A reset that was asked for in an earlier window is echoed, and resets nothing. */
    private static boolean isPast(BudgetStatus now) {
        try {
            return now.periodStart() != null
                    && now.lastHandledReset() != null
                    && Instant.parse(now.lastHandledReset()).isBefore(now.periodStart());
        } catch (DateTimeParseException e) {
            return false; // somebody else's words
        }
    }

    /** It holds in a namespace in which it did not, of a Budget that counts each apart. */
    private static boolean isElsewhere(
            @Nullable BudgetStatus before, BudgetStatus now, Condition told) {
        var said = "";
        if (before != null && isSameWindow(before, now) && !handledAnew(before, now)) {
            said =
                    condition(before.conditions(), told.type())
                            .filter(c -> c.status() == Status.TRUE)
                            .map(Condition::message)
                            .orElse("");
        }
        return Named.gained(said, told.message());
    }

    /** Steps that are new because less is spent were reached long ago. */
    private static boolean climbed(BudgetStatus before, BudgetStatus now) {
        boolean sameWindow = isSameWindow(before, now) && !handledAnew(before, now);
        boolean fell =
                before.usedPercent() != null
                        && now.usedPercent() != null
                        && now.usedPercent() < before.usedPercent();
        return !before.activeSteps().containsAll(now.activeSteps()) && !(sameWindow && fell);
    }

    private static Optional<Notice> reclaimed(@Nullable BudgetStatus before, BudgetStatus now) {
        var last = now.lastReclaim();
        if (last == null || before != null && last.equals(before.lastReclaim())) {
            return Optional.empty();
        }
        return switch (last.outcome()) {
            case RETURNED -> Optional.of(new Notice(Reason.BUDGET_RECLAIMED, last.message()));
            case REFUSED -> Optional.of(new Notice(Reason.BUDGET_RECLAIM_REFUSED, last.message()));
            case UNKNOWN -> Optional.empty();
        };
    }

    private static List<Notice> common(List<Condition> before, List<Condition> now) {
        var notices = new ArrayList<Notice>();
        condition(now, ConditionType.PROGRAMMED)
                .filter(c -> c.reason() == ConditionReason.REJECTED_BY_PROXY)
                .filter(c -> !says(before, c))
                .ifPresent(c -> notices.add(new Notice(Reason.REJECTED_BY_PROXY, c.message())));
        turned(before, now, ConditionType.CONFLICTED)
                .ifPresent(c -> notices.add(new Notice(Reason.CONFLICTED, c.message())));
        turned(before, now, ConditionType.MODEL_DEPRECATED)
                .ifPresent(c -> notices.add(new Notice(Reason.MODEL_DEPRECATED, c.message())));
        return notices;
    }

    /** Whether it was rejected before, at the same generation. */
    private static boolean says(List<Condition> before, Condition now) {
        return condition(before, now.type())
                .filter(c -> c.reason() == now.reason())
                .filter(c -> c.observedGeneration() == now.observedGeneration())
                .isPresent();
    }

    /** The condition if it is True now and was not. */
    private static Optional<Condition> turned(
            List<Condition> before, List<Condition> now, ConditionType type) {
        return condition(now, type)
                .filter(c -> c.status() == Status.TRUE)
                .filter(c -> !is(before, type));
    }

    private static boolean is(List<Condition> conditions, ConditionType type) {
        return condition(conditions, type).filter(c -> c.status() == Status.TRUE).isPresent();
    }

    private static Optional<Condition> condition(List<Condition> all, ConditionType type) {
        return all.stream().filter(c -> Objects.equals(c.type(), type)).findFirst();
    }
}
