package dev.tollgate.simulator.bill;

import dev.tollgate.simulator.bill.BilledCall.Outcome;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Where each call is rung up once, by the prices that hold at that moment. Any thread may call it.
 * The list of calls keeps the newest {@link #MAX_CALLS}; the sums keep everything.
 */
public final class Till {
    public static final int MAX_CALLS = 100_000;
    public static final int MAX_ENTRIES = 100_000;

    private final Map<Line, Bill.Entry> entries =
            new TreeMap<>(Comparator.comparing(Line::key).thenComparing(Line::model));
    private final Deque<BilledCall> calls = new ArrayDeque<>();
    private long nextSeq = 1;

    private record Line(String key, String model) {}

    private static final Line OTHERS = new Line("(others)", "(others)");

    /** Who called, and the ids by which the call is found again. */
    public record Caller(
            String id, String requestId, @Nullable String traceId, String key, String model) {}

    /** Rings up one call; {@code price} is null if the model has none, then only tokens count. */
    public synchronized BilledCall ring(
            Caller caller,
            Outcome outcome,
            Tokens tokens,
            @Nullable Price price,
            boolean reported) {
        var nanos = price == null || outcome == Outcome.REFUSED ? 0 : price.nanosOf(tokens);
        var call =
                new BilledCall(
                        nextSeq++,
                        caller.id(),
                        caller.requestId(),
                        caller.traceId(),
                        caller.key(),
                        caller.model(),
                        outcome,
                        tokens,
                        nanos,
                        price != null,
                        reported);
        calls.addLast(call);
        if (calls.size() > MAX_CALLS) {
            calls.removeFirst();
        }
        add(call);
        return call;
    }

    private void add(BilledCall call) {
        var line = new Line(call.key(), call.model());
        if (entries.size() >= MAX_ENTRIES && !entries.containsKey(line)) {
            line = OTHERS;
        }
        var before = entries.get(line);
        if (before == null) {
            before = new Bill.Entry(line.key(), line.model(), 0, 0, Tokens.NONE, 0, call.priced());
        }
        var refused = call.outcome() == Outcome.REFUSED;
        entries.put(
                line,
                new Bill.Entry(
                        before.key(),
                        before.model(),
                        before.requests() + (refused ? 0 : 1),
                        before.refused() + (refused ? 1 : 0),
                        before.tokens().plus(call.tokens()),
                        Math.addExact(before.nanos(), call.nanos()),
                        before.priced() || call.priced()));
    }

    public synchronized Bill bill() {
        var list = List.copyOf(entries.values());
        var total = list.stream().mapToLong(Bill.Entry::nanos).reduce(0, Math::addExact);
        return new Bill(list, total);
    }

    /** The newest calls, oldest first. */
    public synchronized List<BilledCall> calls() {
        return new ArrayList<>(calls);
    }

    public synchronized void clear() {
        entries.clear();
        calls.clear();
    }
}
