package dev.tollgate.dataplane.wal;

import java.util.List;

/**
 * A request that a dead process left without its usage record.
 *
 * @param tries what it had sent, in order; at least one
 */
public record Interrupted(LogRecord.Request request, List<Tried> tries) {

    public Interrupted {
        tries = List.copyOf(tries);
    }

    /**
     * @param costNanos what it was settled at
     * @param assumed the process died before the provider had told: the cost is the bound
     * @param budgets {@code namespace/name} of those that were charged
     */
    public record Tried(
            LogRecord.Try attempt, long costNanos, boolean assumed, List<String> budgets) {
        public Tried {
            budgets = List.copyOf(budgets);
        }

        /** With what the same attempt held beyond this. */
        Tried plus(Tried extension) {
            return new Tried(
                    attempt,
                    Math.addExact(costNanos, extension.costNanos),
                    assumed || extension.assumed,
                    budgets);
        }
    }
}
