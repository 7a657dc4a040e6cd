package dev.tollgate.policy.budget;

import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * What the ladders of Budgets ask of a request (api.md, B3): of each Budget the highest step of
 * each action that its settled spend has reached. A Budget in mode Shadow only tells.
 *
 * @param steps that are reached, {@code namespace/name/step}, by Budget and rising
 * @param downgradeTo the model that is to serve instead; null: none is asked for
 * @param maxOutputTokens the lowest of all; empty: none
 */
public record Ladder(
        List<String> steps, @Nullable String downgradeTo, OptionalLong maxOutputTokens) {

    public static final Ladder NONE = new Ladder(List.of(), null, OptionalLong.empty());

    private static final long PERCENT = 100;

    public Ladder {
        steps = List.copyOf(steps);
    }

    /**
     * @param spentMicros settled in the Budget's present window, for this caller
     */
    public static Ladder of(List<BudgetEntry> budgets, ToLongFunction<BudgetEntry> spentMicros) {
        var told = new ArrayList<String>(0);
        String downgradeTo = null;
        long most = Long.MAX_VALUE;
        for (var budget : budgets) {
            if (budget.steps().isEmpty() || budget.limitMicros() == null) {
                continue;
            }
            String own = null;
            long spent = spentMicros.applyAsLong(budget);
            boolean acts = budget.mode() != BudgetEntry.Mode.SHADOW;
            for (var step : reached(budget, spent)) {
                told.add(budget.key() + "/" + step.name());
                if (!acts) {
                    continue;
                }
                switch (step.action()) {
                    case ALERT, BLOCK -> {
                        // told here; what it blocks is refused where money is taken
                    }
                    case DOWNGRADE -> own = step.downgradeTo();
                    case CAP_OUTPUT -> {
                        if (step.maxOutputTokens() != null) {
                            most = Math.min(most, step.maxOutputTokens());
                        }
                    }
                }
            }
            downgradeTo = downgradeTo == null ? own : downgradeTo;
        }
        return told.isEmpty()
                ? NONE
                : new Ladder(
                        told,
                        downgradeTo,
                        most == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(most));
    }

    /** The step that refuses what costs anything; null: none is reached. */
    public static @Nullable Step block(BudgetEntry budget, long spentMicros) {
        for (var step : reached(budget, spentMicros)) {
            if (step.action() == Step.Action.BLOCK) {
                return step;
            }
        }
        return null;
    }

    /** The highest step of each action that is reached, rising. */
    public static List<Step> reached(BudgetEntry budget, long spentMicros) {
        var limit = budget.limitMicros();
        var reached = new ArrayList<Step>(0);
        if (limit == null) {
            return reached;
        }
        for (var step : budget.steps()) {
            // at most 2^53 micro-USD, so the products fit
            if (Math.multiplyExact(spentMicros, PERCENT)
                    >= Math.multiplyExact(limit, (long) step.percent())) {
                reached.removeIf(lower -> lower.action() == step.action());
                reached.add(step);
            }
        }
        return reached;
    }
}
