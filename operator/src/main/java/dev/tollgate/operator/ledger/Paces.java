package dev.tollgate.operator.ledger;

import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How fast Lifetime accounts are spent. They have no beginning, so their mean pace is that of the
 * last day, or of as much of it as this process has seen; before that is {@link #LEAST} nothing is
 * known. Resets change nothing of it: what was spent, was. Any thread.
 */
final class Paces {

    static final Duration SPAN = Duration.ofDays(1);

    /** Between two marks. */
    static final Duration EVERY = Duration.ofMinutes(10);

    /** A pace of less is none of a day. */
    static final Duration LEAST = Duration.ofMinutes(10);

    /** What an account had settled and overrun by then. */
    private record Mark(Instant at, long micros) {}

    /** Rising in time; at most as many as fit into the span, and one. */
    private final Map<AccountKey, ArrayDeque<Mark>> marks = new HashMap<>();

    /**
     * About once a second.
     *
     * @param frozen what they are rebuilt to was spent nobody knows when: they are watched anew
     */
    synchronized void see(List<Account> accounts, Set<AccountKey> frozen, Instant now) {
        marks.keySet().removeAll(frozen);
        for (var account : accounts) {
            var key = account.key();
            if (key.window().start() != null || frozen.contains(key)) {
                continue;
            }
            var seen = marks.computeIfAbsent(key, any -> new ArrayDeque<>());
            var last = seen.peekLast();
            if (last != null && (now.isBefore(last.at()) || spent(account) < last.micros())) {
                seen.clear(); // another clock, or another account
                last = null;
            }
            if (last == null || !now.isBefore(last.at().plus(EVERY))) {
                seen.addLast(new Mark(now, spent(account)));
                while (seen.getFirst().at().isBefore(now.minus(SPAN))) {
                    seen.removeFirst();
                }
            }
        }
    }

    /** Micro-dollars of a day, of those that were watched for long enough. */
    synchronized Map<AccountKey, Long> perDay(List<Account> accounts, Instant now) {
        var paces = new HashMap<AccountKey, Long>();
        for (var account : accounts) {
            var seen = marks.get(account.key());
            var first = seen == null ? null : seen.peekFirst();
            if (first != null && !now.isBefore(first.at().plus(LEAST))) {
                long seconds = Duration.between(first.at(), now).toSeconds();
                long micros = Math.max(0, spent(account) - first.micros());
                paces.put(
                        account.key(),
                        BigInteger.valueOf(micros)
                                .multiply(BigInteger.valueOf(SPAN.toSeconds()))
                                .divide(BigInteger.valueOf(seconds))
                                .min(BigInteger.valueOf(Account.MAX_MICROS))
                                .longValueExact());
            }
        }
        return paces;
    }

    private static long spent(Account account) {
        return Math.addExact(account.settledMicros(), account.overrunMicros());
    }
}
