package dev.tollgate.dataplane.valkey;

import dev.tollgate.policy.share.Amounts;
import dev.tollgate.policy.share.RateKind;
import dev.tollgate.policy.share.ShareRule;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One account of limits as this proxy last saw it in Valkey, and what it is to say next. Every
 * proxy divides by itself, with the rule that the operator has too; the script in Valkey sees to it
 * that nobody gets what another one holds.
 *
 * <pre>
 *   first look (wants nothing) --> takes up to its part --> keeps to less --> says that it holds less
 *                                          ^                                            |
 *                                          +--------------------------------------------+
 * </pre>
 *
 * It keeps to a smaller share before it says so: others may take the rest from that moment on.
 *
 * <p>Confined to one context.
 */
final class ShareTable {

    /** A store that has forgotten everything hears first what new proxies hold. */
    private static final long FORGOTTEN_MILLIS = 1_000;

    /** What to say: what is held, at most what is wanted, of which limit, what is needed. */
    record Word(Amounts held, Amounts wanted, Amounts limit, Amounts demand) {}

    private final TreeMap<String, Amounts> demands = new TreeMap<>();

    /** Who held something in a store that has forgotten it, and has not been heard there since. */
    private final Set<String> awaited = new HashSet<>();

    private final String me;
    private @Nullable Amounts share;
    private boolean looked;
    private boolean hasPart;
    private boolean owes;
    private long growsFromMillis = Long.MIN_VALUE;
    private long awaitsUntilMillis = Long.MIN_VALUE;

    ShareTable(String me) {
        this.me = me;
    }

    /** Null: it has not been there yet. */
    @Nullable Amounts share() {
        return share;
    }

    /** It may use something of each kind of which there is a part for it. */
    boolean hasPart() {
        return hasPart;
    }

    /** It keeps to less than it has said that it holds: others wait to hear so. */
    boolean owes() {
        return owes;
    }

    Word next(Amounts limit, Amounts used, Amounts demand, long nowMillis) {
        demands.put(me, demand);
        var before = share == null ? Amounts.NONE : share;
        var part = Amounts.each(kind -> part(kind, limit.of(kind)));
        var held =
                Amounts.each(
                        kind ->
                                limit.of(kind) == Amounts.UNLIMITED
                                        ? 0
                                        : Math.max(used.of(kind), before.of(kind)));
        boolean waits = nowMillis < awaitsUntilMillis && !awaited.isEmpty();
        boolean grows = looked && nowMillis >= growsFromMillis && !waits;
        return new Word(held, grows ? part : Amounts.NONE, limit, demand);
    }

    private long part(RateKind kind, long limit) {
        if (limit == Amounts.UNLIMITED) {
            return 0;
        }
        var parts =
                ShareRule.divide(
                        limit, demands.values().stream().mapToLong(d -> d.of(kind)).toArray());
        return parts[demands.headMap(me).size()];
    }

    /**
     * @param known it had said something before, and the store remembers
     * @param held what it holds now
     * @param others what each of the others needs
     */
    void heard(
            Word said,
            boolean known,
            Amounts held,
            TreeMap<String, Amounts> others,
            long nowMillis) {
        if (looked && !known) {
            // they dial at their own pace, and what each holds is its own for a lifetime
            if (nowMillis >= awaitsUntilMillis) {
                awaited.clear();
            }
            growsFromMillis = nowMillis + FORGOTTEN_MILLIS;
            awaitsUntilMillis = nowMillis + ValkeyShares.LIFETIME_MILLIS;
            awaited.addAll(demands.keySet());
            awaited.remove(me);
        }
        awaited.removeAll(others.keySet());
        demands.clear();
        demands.putAll(others);
        demands.put(me, said.demand());
        if (looked) {
            // what is held because it was used is no share to use again
            var limit = said.limit();
            var before = share == null ? Amounts.NONE : share;
            var now =
                    Amounts.each(
                            kind ->
                                    limit.of(kind) == Amounts.UNLIMITED
                                            ? Amounts.UNLIMITED
                                            : Math.min(held.of(kind), part(kind, limit.of(kind))));
            var kinds =
                    Arrays.stream(RateKind.values())
                            .filter(kind -> limit.of(kind) != Amounts.UNLIMITED)
                            .toList();
            hasPart = kinds.stream().allMatch(k -> now.of(k) > 0 || part(k, limit.of(k)) == 0);
            owes = kinds.stream().anyMatch(k -> now.of(k) < before.of(k));
            share = now;
        }
        looked = true;
    }
}
