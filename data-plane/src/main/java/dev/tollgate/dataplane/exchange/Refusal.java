package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.budget.Admission;
import dev.tollgate.dataplane.budget.BudgetGate;
import dev.tollgate.dataplane.budget.BudgetView;
import dev.tollgate.dataplane.limits.TeamLimits;
import dev.tollgate.dataplane.record.UsageRecord.Outcome;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.policy.budget.Ladder;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.route.NoRoute;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Why the gateway itself says no.
 *
 * @param message for the client
 * @param retryAfter null: no such header
 * @param budget that refuses, null: none with an amount
 */
record Refusal(
        ErrorKind kind,
        String message,
        @Nullable String param,
        @Nullable Duration retryAfter,
        Outcome outcome,
        @Nullable BudgetView budget) {

    /** One that is no matter of a Budget's amount. */
    Refusal(
            ErrorKind kind,
            String message,
            @Nullable String param,
            @Nullable Duration retryAfter,
            Outcome outcome) {
        this(kind, message, param, retryAfter, outcome, null);
    }

    static Refusal of(ErrorKind kind, String message, Outcome outcome) {
        return new Refusal(kind, message, null, null, outcome);
    }

    static Refusal invalid(String message, @Nullable String param) {
        return new Refusal(
                ErrorKind.INVALID_REQUEST, message, param, null, Outcome.INVALID_REQUEST);
    }

    /** A rate limit of a Budget is reached. */
    static Refusal of(TeamLimits.Entry.Full full) {
        return new Refusal(
                ErrorKind.RATE_LIMITED,
                full.message(),
                null,
                Duration.ofSeconds(full.retrySeconds()),
                Outcome.RATE_LIMITED);
    }

    /** The installation serves only namespaces that a Budget covers. */
    static Refusal unbudgeted(String namespace) {
        return closed(
                "namespace "
                        + namespace
                        + " has no Budget with an amount that counts this, and this installation"
                        + " serves nothing without one");
    }

    static Refusal closed(String message) {
        return of(ErrorKind.PERMISSION, message, Outcome.FORBIDDEN);
    }

    static Refusal of(NoRoute noRoute) {
        var wait = noRoute.retryAfterMillis();
        var retryAfter = wait == null ? null : Duration.ofMillis(wait);
        return switch (noRoute.kind()) {
            case MODEL_NOT_FOUND ->
                    new Refusal(
                            ErrorKind.MODEL_NOT_FOUND,
                            noRoute.message(),
                            "model",
                            null,
                            Outcome.NOT_FOUND);
            case NO_RULE_MATCHES -> of(ErrorKind.NOT_FOUND, noRoute.message(), Outcome.NOT_FOUND);
            case NEAR_LIMIT ->
                    new Refusal(
                            ErrorKind.RATE_LIMITED,
                            noRoute.message(),
                            null,
                            retryAfter,
                            Outcome.RATE_LIMITED);
            case UNAVAILABLE ->
                    new Refusal(
                            ErrorKind.NO_TARGET,
                            noRoute.message(),
                            null,
                            retryAfter,
                            Outcome.NO_TARGET);
            case ABOVE_COST_CEILING, CAPABILITY_MISSING, BELOW_QUALITY_FLOOR ->
                    invalid(noRoute.message(), null);
            case CONTEXT_TOO_SMALL ->
                    of(ErrorKind.CONTEXT_LENGTH, noRoute.message(), Outcome.INVALID_REQUEST);
            case REGION_NOT_ALLOWED ->
                    of(ErrorKind.PERMISSION, noRoute.message(), Outcome.FORBIDDEN);
        };
    }

    /**
     * @param budgets of the request
     */
    static Refusal of(
            Admission.Refused refused, List<BudgetEntry> budgets, BudgetGate gate, String team) {
        var retryAfter = refused.retryAfter().isZero() ? null : refused.retryAfter();
        var kind =
                switch (refused.kind()) {
                    case EXHAUSTED, CEILING -> ErrorKind.BUDGET_EXHAUSTED;
                    case RESERVED -> ErrorKind.BUDGET_RESERVED;
                    case SUSPENDED -> ErrorKind.BUDGET_SUSPENDED;
                    case BLOCKED -> ErrorKind.PERMISSION;
                    case LEDGER_UNAVAILABLE, FROZEN -> ErrorKind.BUDGET_LEDGER_UNAVAILABLE;
                    case LOG_UNAVAILABLE -> ErrorKind.USAGE_LOG_UNAVAILABLE;
                };
        var outcome =
                switch (refused.kind()) {
                    case EXHAUSTED, CEILING, RESERVED -> Outcome.OVER_BUDGET;
                    case SUSPENDED, BLOCKED -> Outcome.FORBIDDEN;
                    case LEDGER_UNAVAILABLE, FROZEN, LOG_UNAVAILABLE -> Outcome.BUDGET_UNAVAILABLE;
                };
        var view = view(refused, budgets, gate, team);
        return new Refusal(kind, refused.message(), null, retryAfter, outcome, view);
    }

    private static @Nullable BudgetView view(
            Admission.Refused refused, List<BudgetEntry> budgets, BudgetGate gate, String team) {
        for (var entry : budgets) {
            if (entry.key().equals(refused.budget()) && entry.limitMicros() != null) {
                return new BudgetView(
                        entry.key(), remaining(refused, entry, gate, team), refused.limit());
            }
        }
        return null;
    }

    /** What could have been had of it; or, if not known or not the reason, what is not spent. */
    private static Money remaining(
            Admission.Refused refused, BudgetEntry entry, BudgetGate gate, String team) {
        var spent = gate.spent(entry, team);
        var unspent = new Money(Math.max(0, refused.limit().nanos() - spent.nanos()));
        boolean wasShort =
                switch (refused.kind()) {
                    case EXHAUSTED, RESERVED -> Ladder.block(entry, spent.microsDown()) == null;
                    case CEILING, SUSPENDED, BLOCKED, LEDGER_UNAVAILABLE, FROZEN, LOG_UNAVAILABLE ->
                            false;
                };
        var told = refused.remaining();
        return wasShort && told != null && unspent.isMoreThan(told) ? told : unspent;
    }
}
