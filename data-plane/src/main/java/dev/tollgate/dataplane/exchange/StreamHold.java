package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.budget.SteppedReservation;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.policy.price.Bound;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.price.UpperBound;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Mode;
import io.vertx.core.Future;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The hold of one stream, extended as more of it is seen (budgets.md, 6.3): {@value #STEP_TOKENS}
 * output tokens at a time, each UTF-8 byte of what was seen taken for one, and always the {@link
 * Settlement#GUARD_TOKENS} that are not seen yet. What is not read as it comes is not seen: before
 * that the whole bound is held.
 */
final class StreamHold {

    static final long STEP_TOKENS = 1_024;

    private final SteppedReservation reservation;
    private final Candidate candidate;
    private final Quote.Held whole;
    private final Supplier<List<BudgetEntry>> budgets;
    private long coveredTokens = STEP_TOKENS;

    /**
     * @param budgets that count the request, as they are now
     */
    StreamHold(
            SteppedReservation reservation,
            Candidate candidate,
            Quote.Held whole,
            Supplier<List<BudgetEntry>> budgets) {
        this.reservation = reservation;
        this.budgets = budgets;
        this.candidate = candidate;
        this.whole = whole;
    }

    /**
     * What is held of an attempt before it is sent; null: the whole bound. Only of streams whose
     * every billed token is seen, from providers that stop when nobody reads any more, which
     * nothing else waits for or runs beside, and if all Budgets that count it say so.
     */
    static @Nullable Money first(
            RequestScan scan,
            boolean sse,
            RoutePlan plan,
            Candidate candidate,
            List<BudgetEntry> budgets,
            Quote.Held whole) {
        boolean streams =
                scan.operation() == Operation.GENERATE
                        && scan.stream()
                        && scan.choices() == 1
                        && (sse || scan.dialect() != Dialect.GEMINI);
        boolean allIsSeen =
                candidate.provider().billing().stopsOnDisconnect()
                        && !mayThink(scan, candidate)
                        && !isUnseen(scan)
                        && !UpperBound.costsBeyondTokens(candidate.model(), whole.size());
        boolean alone = plan.hedge() == null && plan.selection().cascade() == null;
        if (!streams || !allIsSeen || !alone || !isWanted(budgets)) {
            return null;
        }
        var first = bound(candidate, whole, STEP_TOKENS);
        return first != null && whole.bound().isMoreThan(first) ? first : null;
    }

    /** Claude thinks when it is asked to, others also when they are not. */
    private static boolean mayThink(RequestScan scan, Candidate candidate) {
        return scan.features().contains(RequestScan.Feature.REASONING)
                || candidate.model().capabilities().contains("Reasoning")
                        && Dialect.of(candidate.provider().dialect()) != Dialect.ANTHROPIC;
    }

    /** Arguments of tools may come all at once when they are whole, and sound is no text. */
    private static boolean isUnseen(RequestScan scan) {
        return scan.features().contains(RequestScan.Feature.TOOLS)
                || scan.features().contains(RequestScan.Feature.AUDIO);
    }

    /** One in mode Shadow has no say beside others. */
    private static boolean isWanted(List<BudgetEntry> budgets) {
        var counting = budgets.stream().filter(budget -> budget.limitMicros() != null).toList();
        var acting = counting.stream().filter(budget -> budget.mode() != Mode.SHADOW).toList();
        var asked = acting.isEmpty() ? counting : acting;
        return !asked.isEmpty() && asked.stream().allMatch(BudgetEntry::stepped);
    }

    private static @Nullable Money bound(Candidate candidate, Quote.Held whole, long tokens) {
        var size = whole.size().withMaxOutputTokens(tokens);
        return UpperBound.of(candidate.model(), size) instanceof Bound.Bounded bounded
                ? bounded.cost()
                : null;
    }

    boolean covers(long visibleBytes) {
        return visibleBytes + Settlement.GUARD_TOKENS <= coveredTokens || isWhole();
    }

    /** Nothing that the answer may cost is left to hold. */
    boolean isWhole() {
        return !whole.bound().isMoreThan(reservation.held());
    }

    /** Holds all that the answer may cost. False: there is no money for it. */
    Future<Boolean> extendToWhole() {
        return reservation.extend(whole.bound(), budgets.get());
    }

    /** Holds at least what was seen and the guard. False: there is no money for it. */
    Future<Boolean> extend(long visibleBytes) {
        long needed = visibleBytes + Settlement.GUARD_TOKENS;
        long tokens = Math.ceilDiv(needed, STEP_TOKENS) * STEP_TOKENS;
        var bound = bound(candidate, whole, tokens);
        return reservation
                .extend(bound == null ? whole.bound() : bound, budgets.get())
                .onSuccess(
                        extended -> {
                            if (extended) {
                                coveredTokens = tokens;
                            }
                        });
    }
}
