package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.budget.Claim;
import dev.tollgate.dataplane.record.UsageRecord.Outcome;
import dev.tollgate.dataplane.wal.LogRecord;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.anthropic.ThinkingBudget;
import dev.tollgate.dialects.conversation.ThoughtTokens;
import dev.tollgate.policy.attempt.HedgeRule;
import dev.tollgate.policy.price.Bound;
import dev.tollgate.policy.price.BoundInput;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.price.UpperBound;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.Snapshot;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** What one attempt at one target can cost at most, under all ceilings that hold. */
sealed interface Quote {

    /**
     * @param bound what must be held
     * @param writtenLimit the output limit that goes into the request; empty: the client's stays
     * @param size what the bound stands on
     * @param proven it is the most that the attempt can cost; else what a ceiling leaves
     */
    record Held(Money bound, OptionalLong writtenLimit, BoundInput size, boolean proven)
            implements Quote {

        /** What it holds at that candidate, or holds first. */
        Claim claim(
                LogRecord.Request request,
                LogRecord.Try attempt,
                List<BudgetEntry> budgets,
                Candidate candidate,
                Snapshot snapshot) {
            var key = candidate.provider().key();
            var namespace = key.substring(0, key.indexOf('/'));
            var scope = namespace.equals(snapshot.platformNamespace()) ? "" : namespace;
            return new Claim(request, attempt, budgets, bound, proven, scope);
        }

        /** The limit that is written, if the client's own, or else the model's, is higher. */
        OptionalLong lowered(RequestScan scan, Candidate candidate) {
            var model = candidate.model();
            var most = model.maxOutputTokens();
            var own = most == null ? model.contextTokens() : most;
            long whole = scan.maxOutputTokens().orElse(own == null ? Long.MAX_VALUE : own);
            return writtenLimit.isPresent() && writtenLimit.getAsLong() < whole
                    ? writtenLimit
                    : OptionalLong.empty();
        }
    }

    /** This target would cost more than a ceiling allows; another may not. */
    record TooDear(String detail) implements Quote {}

    /** Nobody can tell what it costs, or nobody may. */
    record Impossible(Refusal refusal) implements Quote {}

    /**
     * @param spent what earlier attempts of the same request cost or hold
     * @param cap on the output, by the ladder of a Budget; empty: none
     */
    static Quote of(
            Resolution.Resolved resolved,
            Candidate candidate,
            List<BudgetEntry> budgets,
            Money spent,
            OptionalLong cap) {
        var scan = resolved.scan();
        var asked = size(scan, candidate);
        var size = cap.isPresent() ? capped(resolved, asked, cap.getAsLong()) : asked;
        boolean capped = !size.equals(asked);
        if (scan.operation() == Operation.COUNT_TOKENS) {
            return new Held(Money.ZERO, OptionalLong.empty(), size, true);
        }
        var declared = declared(resolved.plan(), budgets);
        var ceiling = lower(declared, resolved.ceiling());
        var endpoint = resolved.endpoint();
        if (endpoint != null) {
            return passed(endpoint, candidate, size, ceiling, spent);
        }
        if (candidate.model().price() == null) {
            return unboundable("the price of model " + candidate.model().name() + " is unknown");
        }
        boolean counted = ceiling != null || budgets.stream().anyMatch(Quote::mayRefuse);
        return switch (UpperBound.of(candidate.model(), size)) {
            case Bound.Bounded bounded ->
                    bounded(resolved, bounded, candidate, size, capped, ceiling, counted, spent);
            case Bound.Unboundable unboundable -> {
                if (!counted) {
                    yield new Held(Money.ZERO, OptionalLong.empty(), size, false);
                }
                if (declared == null) {
                    yield unboundable(unboundable.reason());
                }
                var left = declared.minus(spent);
                yield left.nanos() <= 0
                        ? new TooDear(
                                "its ceiling of $" + declared + " is spent by earlier attempts")
                        : new Held(
                                left,
                                capped ? size.maxOutputTokens() : OptionalLong.empty(),
                                size,
                                false);
            }
        };
    }

    /**
     * Of a call that runs beside another one: the whole bound of both must fit, and a second answer
     * be no shorter for the first one's sake.
     *
     * @param spent what attempts that are over cost
     */
    static Quote beside(
            Resolution.Resolved resolved,
            Candidate candidate,
            List<BudgetEntry> budgets,
            Money spent,
            OptionalLong cap,
            Opening.Beside first) {
        var quote = of(resolved, candidate, budgets, spent, cap);
        if (!(quote instanceof Held held)) {
            return quote;
        }
        if (!HedgeRule.isAffordable(first.terms(), first.held(), held.bound())) {
            return new TooDear("may cost up to $" + held.bound() + ", more than a second call may");
        }
        return of(resolved, candidate, budgets, spent.plus(first.held()), cap).equals(held)
                ? held
                : new TooDear("both calls together may cost more than this request may");
    }

    /** The price per request, for each result that is asked for. */
    private static Quote passed(
            String endpoint,
            Candidate candidate,
            BoundInput size,
            @Nullable Money ceiling,
            Money spent) {
        var micros = Resolution.passThroughPrice(endpoint, candidate);
        if (micros.isEmpty()) {
            return unboundable("the price of " + endpoint + " is unknown");
        }
        var cost = Money.ofMicros(micros.getAsLong()).times(size.choices());
        return ceiling != null && cost.plus(spent).isMoreThan(ceiling)
                ? new TooDear(
                        "costs $" + cost + ", and this request may cost $" + ceiling + " at most")
                : new Held(cost, OptionalLong.empty(), size, true);
    }

    private static Quote bounded(
            Resolution.Resolved resolved,
            Bound.Bounded bounded,
            Candidate candidate,
            BoundInput size,
            boolean capped,
            @Nullable Money ceiling,
            boolean counted,
            Money spent) {
        boolean open = capped || size.maxOutputTokens().isEmpty();
        var written =
                open && counted ? OptionalLong.of(bounded.outputLimit()) : OptionalLong.empty();
        if (ceiling == null || !bounded.cost().plus(spent).isMoreThan(ceiling)) {
            return new Held(bounded.cost(), written, size, true);
        }
        var left = positive(ceiling.minus(spent));
        var fits =
                open
                        ? UpperBound.outputThatFits(candidate.model(), size, left, useful(resolved))
                        : OptionalLong.empty();
        if (fits.isEmpty()) {
            return new TooDear(
                    "may cost up to $"
                            + bounded.cost()
                            + ", and this request may cost $"
                            + ceiling
                            + " at most: ask for less output");
        }
        return limited(candidate, size, fits.getAsLong());
    }

    /**
     * With a lower output limit, if the client's is higher; thoughts that it asks for come on top.
     */
    private static BoundInput capped(Resolution.Resolved resolved, BoundInput size, long cap) {
        var scan = resolved.scan();
        if (scan.operation() != Operation.GENERATE) {
            return size;
        }
        boolean thinks =
                scan.dialect() == Dialect.ANTHROPIC
                        && scan.features().contains(RequestScan.Feature.REASONING);
        long limit = thinks ? cap + ThinkingBudget.of(resolved.body()) : cap;
        var asked = size.maxOutputTokens();
        return asked.isPresent() && asked.getAsLong() <= limit
                ? size
                : size.withMaxOutputTokens(limit);
    }

    /** The quote for a smaller output limit, which goes into the request. */
    static Quote limited(Candidate candidate, BoundInput size, long limit) {
        var smaller = size.withMaxOutputTokens(limit);
        return switch (UpperBound.of(candidate.model(), smaller)) {
            case Bound.Bounded bounded ->
                    new Held(bounded.cost(), OptionalLong.of(limit), smaller, true);
            case Bound.Unboundable unboundable -> unboundable(unboundable.reason());
        };
    }

    /**
     * The most that can still be useful when a budget has only so much left: a lower output limit
     * (budgets.md, 6.3). Empty if it would not be useful.
     *
     * @param remaining null: not known
     */
    static OptionalLong clamped(
            Resolution.Resolved resolved,
            Candidate candidate,
            BoundInput size,
            @Nullable Money remaining) {
        if (!generates(resolved) || remaining == null || remaining.nanos() <= 0) {
            return OptionalLong.empty();
        }
        return UpperBound.outputThatFits(candidate.model(), size, remaining, useful(resolved));
    }

    /** What must be left of a Budget that asks for less output when it is short. */
    static Money least(Resolution.Resolved resolved, Candidate candidate, Held held) {
        return generates(resolved)
                        && UpperBound.least(candidate.model(), held.size(), useful(resolved))
                                instanceof Bound.Bounded least
                ? least.cost()
                : held.bound();
    }

    private static boolean generates(Resolution.Resolved resolved) {
        return resolved.scan().operation() == Operation.GENERATE;
    }

    /** The lowest output limit that is of use: thoughts that are asked for come on top. */
    private static long useful(Resolution.Resolved resolved) {
        boolean thinks = resolved.scan().features().contains(RequestScan.Feature.REASONING);
        long thoughts = thinks ? ThoughtTokens.of(resolved.body()) : 0;
        return UpperBound.MIN_OUTPUT_TOKENS + thoughts;
    }

    /** The lowest ceiling that policies and Budgets declare; null: none. */
    private static @Nullable Money declared(RoutePlan plan, List<BudgetEntry> budgets) {
        var lowest = plan.maxCost();
        for (var budget : budgets) {
            var nanos = budget.maxCostNanosPerRequest();
            if (nanos != null && mayRefuse(budget)) {
                lowest = lower(lowest, new Money(nanos));
            }
        }
        return lowest;
    }

    /** A Shadow only tells what it would have done. */
    private static boolean mayRefuse(BudgetEntry budget) {
        return budget.mode() != BudgetEntry.Mode.SHADOW;
    }

    private static @Nullable Money lower(@Nullable Money a, @Nullable Money b) {
        if (a == null || b == null) {
            return a == null ? b : a;
        }
        return b.isMoreThan(a) ? a : b;
    }

    private static Money positive(Money money) {
        return money.nanos() < 0 ? Money.ZERO : money;
    }

    private static Quote unboundable(String reason) {
        return new Impossible(
                Refusal.of(ErrorKind.BUDGET_UNBOUNDABLE, reason, Outcome.INVALID_REQUEST));
    }

    /** Whether thoughts come on top of the limit is up to who thinks, not to who asks. */
    static BoundInput size(RequestScan scan, Candidate candidate) {
        boolean generates = scan.operation() == Operation.GENERATE;
        return new BoundInput(
                scan.textBytes(),
                scan.messages(),
                scan.features().contains(RequestScan.Feature.TOOLS),
                scan.images(),
                scan.documentBytes(),
                scan.unbounded(),
                generates ? scan.maxOutputTokens() : OptionalLong.of(0),
                scan.choices(),
                Dialect.of(candidate.provider().dialect()) == Dialect.GEMINI);
    }
}
