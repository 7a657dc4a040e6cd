package dev.tollgate.simulator.bill;

import java.util.List;

/**
 * A reading of the till: one entry for each key and model. {@code requests} counts the calls that
 * reached inference, {@code refused} those that did not. {@code nanos} is the sum of amounts that
 * were each rounded up, so it can be compared with usage records one by one and in total.
 */
public record Bill(List<Entry> entries, long totalNanos) {
    public Bill {
        entries = List.copyOf(entries);
    }

    /** {@code priced} is false if the price list does not know the model: its nanos are then 0. */
    public record Entry(
            String key,
            String model,
            long requests,
            long refused,
            Tokens tokens,
            long nanos,
            boolean priced) {}

    /** Calls that reached inference, over all keys and models. */
    public long requests() {
        return entries.stream().mapToLong(Entry::requests).sum();
    }
}
