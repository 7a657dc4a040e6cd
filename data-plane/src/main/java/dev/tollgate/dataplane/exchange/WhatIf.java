package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.budget.BudgetGate;
import dev.tollgate.dataplane.budget.Holds;
import dev.tollgate.dataplane.budget.Reservation;
import dev.tollgate.policy.budget.Ladder;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Mode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What each Budget in mode Shadow would have done with an attempt, were it Hard and all others as
 * they are: judged by what judges of Hard ones, and told without any effect on the attempt.
 */
final class WhatIf {

    /** What it would have done, if anything. */
    enum Verdict {
        SHORTENED("shortened"),
        REFUSED("refused");

        private final String word;

        Verdict(String word) {
            this.word = word;
        }

        String word() {
            return word;
        }
    }

    /**
     * @param hard the Budget
     * @param quote of the attempt; null: it would not be sent
     */
    private record Asked(BudgetEntry hard, Quote.@Nullable Held quote) {}

    /** There is no such Budget. */
    static final WhatIf NOBODY = new WhatIf(List.of(), null, null);

    private final List<Asked> all;
    private final Resolution.@Nullable Resolved found;
    private final @Nullable Candidate candidate;

    private WhatIf(
            List<Asked> all, Resolution.@Nullable Resolved found, @Nullable Candidate candidate) {
        this.all = all;
        this.found = found;
        this.candidate = candidate;
    }

    /**
     * @param real what the attempt may cost under all Budgets as they are
     * @param spent what earlier attempts of the same request cost or hold
     * @param cap on the output, by the ladders of all others
     */
    static WhatIf of(
            Resolution.Resolved found,
            Candidate candidate,
            List<BudgetEntry> budgets,
            Quote.Held real,
            Money spent,
            OptionalLong cap,
            BudgetGate gate,
            String team) {
        List<Asked> all = null;
        for (var i = 0; i < budgets.size(); i++) {
            var shadow = budgets.get(i);
            if (shadow.mode() != Mode.SHADOW) {
                continue;
            }
            var hard = shadow.hard();
            Quote.Held quote = null;
            if (Holds.first(List.of(hard), team, gate.violations()) == null) {
                var own = cap(hard, gate, team);
                var lowest = own < cap.orElse(Long.MAX_VALUE) ? OptionalLong.of(own) : cap;
                boolean same = real.proven() && hard.maxCostNanosPerRequest() == null;
                if (same && lowest.equals(cap)) {
                    quote = real;
                } else {
                    var others = new ArrayList<>(budgets);
                    others.set(i, hard);
                    quote =
                            Quote.of(found, candidate, others, spent, lowest)
                                            instanceof Quote.Held held
                                    ? held
                                    : null;
                }
            }
            all = all == null ? new ArrayList<>(1) : all;
            all.add(new Asked(hard, quote));
        }
        return all == null ? NOBODY : new WhatIf(all, found, candidate);
    }

    private static long cap(BudgetEntry hard, BudgetGate gate, String team) {
        return hard.steps().isEmpty()
                ? Long.MAX_VALUE
                : Ladder.of(List.of(hard), b -> gate.spent(b, team).microsDown())
                        .maxOutputTokens()
                        .orElse(Long.MAX_VALUE);
    }

    /**
     * What they would hold of the attempt; of one that is not named: the bound.
     *
     * @param real as it is claimed, and perhaps shorter than at first
     * @param bound of that claim: less than the whole of it is the first step of a stream
     */
    Map<String, Money> amounts(Quote.Held real, Money bound) {
        Map<String, Money> amounts = Map.of();
        for (var asked : all) {
            var amount = Money.ZERO;
            if (asked.quote() != null) {
                var whole = shorter(asked.quote(), real).bound();
                boolean stepped = real.bound().isMoreThan(bound) && asked.hard().stepped();
                amount = stepped && whole.isMoreThan(bound) ? bound : whole;
            }
            if (!amount.equals(bound)) {
                amounts = amounts.isEmpty() ? new HashMap<>() : amounts;
                amounts.put(asked.hard().key(), amount);
            }
        }
        return amounts;
    }

    /** Tells what they would have done with the attempt that got this reservation. */
    void tell(Quote.Held real, Reservation reservation, Tally tally) {
        for (var asked : all) {
            var verdict = verdict(asked, real, reservation);
            if (verdict != null) {
                tally.wouldHave(asked.hard().key(), verdict);
            }
        }
    }

    /** Null: it would have let it in as it is. */
    private @Nullable Verdict verdict(Asked asked, Quote.Held real, Reservation reservation) {
        var quote = asked.quote();
        if (quote == null || found == null || candidate == null) {
            return Verdict.REFUSED;
        }
        var would = shorter(quote, real);
        for (var refusal : reservation.wouldRefuse()) {
            if (refusal.budget().equals(asked.hard().key())) {
                boolean less =
                        refusal.kind().isShort()
                                && asked.hard().clamps()
                                && Quote.clamped(
                                                found, candidate, would.size(), refusal.remaining())
                                        .isPresent();
                return less ? Verdict.SHORTENED : Verdict.REFUSED;
            }
        }
        return isShorter(would, real, candidate) ? Verdict.SHORTENED : null;
    }

    /** Others may have made the answer shorter than it would have. */
    private static Quote.Held shorter(Quote.Held would, Quote.Held real) {
        return real.proven() && would.bound().isMoreThan(real.bound()) ? real : would;
    }

    private static boolean isShorter(Quote.Held would, Quote.Held real, Candidate candidate) {
        var limit = would.size().maxOutputTokens();
        var most = candidate.model().maxOutputTokens();
        long model = most == null ? Long.MAX_VALUE : most;
        return limit.isPresent() && limit.getAsLong() < real.size().maxOutputTokens().orElse(model);
    }
}
