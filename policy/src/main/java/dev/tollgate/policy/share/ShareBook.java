package dev.tollgate.policy.share;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Who holds how much of every limit of the fleet. Not thread-safe.
 *
 * <pre>
 *              told more                      told less
 *   holds s ---------------> holds s + more   ---------------> holds s still
 *                                                                |  the proxy confirms, and says what it used
 *                                                                v
 *                                                              holds max(told, used)
 * </pre>
 *
 * A proxy that is cut off holds what it held until it is forgotten, and so does one of which this
 * book has not heard: an equal part. While some that were there before may hold more than that,
 * nobody is told more than it has.
 */
public final class ShareBook {

    /** Most accounts that are divided by demand; of those beyond each proxy has an equal part. */
    public static final int MAX_ACCOUNTS = 8_192;

    /** Smaller changes than this part of a limit are not told. */
    private static final int STEPS = 50;

    /** What one proxy holds of one account. */
    private static final class Holding {
        private @Nullable Amounts told;
        private Amounts held = Amounts.NONE;
        private Amounts demand = Amounts.NONE;
        private long number;
        private boolean known;
    }

    /**
     * New shares for one proxy.
     *
     * @param number greater than that of every message before
     */
    public record Told(long number, Map<LimitKey, Amounts> shares) {
        public Told {
            shares = Map.copyOf(shares);
        }
    }

    private final Map<LimitKey, Map<String, Holding>> accounts = new HashMap<>();
    private final Set<String> reported = new HashSet<>();
    private Set<String> known = Set.of();
    private Map<LimitKey, Amounts> limits = Map.of();
    private long number;

    /**
     * The limits that there are.
     *
     * @param stated by {@link LimitKey#stated}
     */
    public void limits(Map<LimitKey, Amounts> stated) {
        limits = Map.copyOf(stated);
        accounts.keySet().removeIf(key -> !limits.containsKey(key.stated()));
    }

    /** A new stream: what was told on the one before and not confirmed is what its proxy says. */
    public void connected(String proxy) {
        for (var holdings : accounts.values()) {
            var holding = holdings.get(proxy);
            if (holding != null) {
                holding.number = 0;
            }
        }
    }

    /**
     * All that a proxy has to say: of an account that is not named it was told nothing and has used
     * nothing.
     *
     * @param seen number of the last message that it has carried out on this stream
     */
    public void reported(String proxy, long seen, Collection<RateUse> uses) {
        reported.add(proxy);
        var named = new HashSet<LimitKey>();
        for (var use : uses) {
            var holdings = account(use.key());
            if (holdings == null) {
                continue;
            }
            named.add(use.key());
            var holding = holdings.computeIfAbsent(proxy, _ -> new Holding());
            holding.demand = use.demand();
            confirm(holding, seen, use.share(), use.used());
        }
        accounts.forEach(
                (key, holdings) -> {
                    var holding = holdings.get(proxy);
                    if (holding != null && !named.contains(key)) {
                        holding.demand = Amounts.NONE;
                        confirm(holding, seen, null, Amounts.NONE);
                    }
                });
    }

    private @Nullable Map<String, Holding> account(LimitKey key) {
        if (!limits.containsKey(key.stated())) {
            return null;
        }
        var known = accounts.get(key);
        if (known == null && accounts.size() < MAX_ACCOUNTS) {
            known = new HashMap<>();
            accounts.put(key, known);
        }
        return known;
    }

    private static void confirm(Holding holding, long seen, @Nullable Amounts share, Amounts used) {
        if (seen >= holding.number) {
            holding.told = share;
            holding.held = share == null ? used : larger(share, used);
            holding.known = true;
        } else {
            holding.held = larger(holding.held, used);
        }
    }

    private static Amounts larger(Amounts one, Amounts other) {
        return Amounts.each(kind -> Math.max(one.of(kind), other.of(kind)));
    }

    /**
     * The proxies that there are. What others held is free; those that are cut off and were never
     * heard hold an equal part.
     */
    public void retain(Set<String> proxies) {
        known = Set.copyOf(proxies);
        reported.retainAll(proxies);
        accounts.values().forEach(holdings -> holdings.keySet().retainAll(proxies));
    }

    /** Whether every one of them has said what it holds. */
    public boolean knows(Set<String> proxies) {
        return reported.containsAll(proxies);
    }

    /**
     * What each proxy is to be told now; those that keep what they have are left out.
     *
     * @param connected proxies that can be told
     * @param live proxies that take an equal part of what they were not told of
     */
    public Map<String, Told> divide(Set<String> connected, int live, boolean mayGrow) {
        var names = List.copyOf(new TreeSet<>(connected));
        var present = Set.copyOf(names);
        int unheard = 0;
        for (var proxy : known) {
            unheard += present.contains(proxy) || reported.contains(proxy) ? 0 : 1;
        }
        int silent = unheard;
        var changes = new HashMap<String, Map<LimitKey, Amounts>>();
        accounts.forEach(
                (key, holdings) -> {
                    var limit = limits.get(key.stated());
                    if (limit != null) {
                        new Division(limit, holdings, names, present, live, silent, mayGrow)
                                .tell(key, changes);
                    }
                });
        var told = new HashMap<String, Told>();
        number++;
        changes.forEach(
                (proxy, shares) -> {
                    shares.keySet().forEach(key -> told(key, proxy).number = number);
                    told.put(proxy, new Told(number, shares));
                });
        return told;
    }

    private Holding told(LimitKey key, String proxy) {
        return accounts.getOrDefault(key, Map.of()).getOrDefault(proxy, new Holding());
    }

    /** One account among the proxies that can be told. */
    private record Division(
            Amounts limit,
            Map<String, Holding> holdings,
            List<String> names,
            Set<String> present,
            int live,
            int unheard,
            boolean mayGrow) {

        void tell(LimitKey key, Map<String, Map<LimitKey, Amounts>> changes) {
            var mine = new ArrayList<Holding>();
            names.forEach(name -> mine.add(holdings.computeIfAbsent(name, _ -> new Holding())));
            mine.forEach(this::assume);
            var shares = new long[RateKind.values().length][];
            for (var kind : RateKind.values()) {
                shares[kind.ordinal()] = shares(kind, mine);
            }
            for (int i = 0; i < names.size(); i++) {
                int at = i;
                var next = Amounts.each(kind -> shares[kind.ordinal()][at]);
                var holding = mine.get(i);
                if (differs(holding.told, next)) {
                    holding.told = next;
                    holding.held = larger(holding.held, next);
                    changes.computeIfAbsent(names.get(i), _ -> new HashMap<>()).put(key, next);
                }
            }
        }

        /** Who was told nothing takes an equal part. */
        private void assume(Holding holding) {
            if (holding.told == null) {
                holding.held =
                        larger(
                                holding.known ? holding.held : Amounts.NONE,
                                Amounts.each(kind -> equalPart(limit.of(kind))));
            }
        }

        private long equalPart(long amount) {
            return amount == Amounts.UNLIMITED ? 0 : ShareRule.equalPart(amount, live);
        }

        private long[] shares(RateKind kind, List<Holding> mine) {
            if (limit.of(kind) == Amounts.UNLIMITED) {
                var none = new long[mine.size()];
                Arrays.fill(none, Amounts.UNLIMITED);
                return none;
            }
            long elsewhere =
                    holdings.entrySet().stream()
                            .filter(each -> !present.contains(each.getKey()))
                            .mapToLong(each -> each.getValue().held.of(kind))
                            .sum();
            if (unheard > 0) {
                elsewhere += unheard * ShareRule.equalPart(limit.of(kind), live + unheard);
            }
            return ShareRule.step(
                    Math.max(0, limit.of(kind) - elsewhere),
                    mine.stream().mapToLong(each -> each.held.of(kind)).toArray(),
                    mine.stream().mapToLong(each -> each.demand.of(kind)).toArray(),
                    mayGrow);
        }

        private boolean differs(@Nullable Amounts before, Amounts next) {
            if (before == null) {
                return true;
            }
            for (var kind : RateKind.values()) {
                long change = Math.abs(next.of(kind) - before.of(kind));
                boolean another =
                        (next.of(kind) == Amounts.UNLIMITED)
                                != (before.of(kind) == Amounts.UNLIMITED);
                if (another || change > Math.max(0, limit.of(kind)) / STEPS) {
                    return true;
                }
            }
            return false;
        }
    }
}
