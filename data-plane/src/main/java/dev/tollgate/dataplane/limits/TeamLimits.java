package dev.tollgate.dataplane.limits;

import dev.tollgate.policy.share.Amounts;
import dev.tollgate.policy.share.LimitKey;
import dev.tollgate.policy.share.RateUse;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.Snapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The rate limits of Budgets: a request is counted in every Budget that it matches, in all or in
 * none. Any thread.
 */
public final class TeamLimits {

    /** What became of a request at the door. */
    public sealed interface Entry {

        /** It may go on; {@link Pass#end} tells when it is over. */
        record In(Pass pass) implements Entry {}

        /**
         * @param message for the client
         * @param limit of the fleet
         * @param retrySeconds until there is room, at least 1
         */
        record Full(String message, String kind, long limit, long retrySeconds) implements Entry {}
    }

    /** A request that was counted. */
    public static final class Pass {
        private static final Pass NOTHING = new Pass(List.of(), 0);
        private final List<Meter> meters;
        private final long tokens;

        private Pass(List<Meter> meters, long tokens) {
            this.meters = meters;
            this.tokens = tokens;
        }

        /**
         * @param tokens that it has used in all
         */
        public void end(long tokens, Instant now) {
            meters.forEach(meter -> meter.end(tokens - this.tokens, now.getEpochSecond()));
        }
    }

    private final IntSupplier proxies;
    private final ConcurrentHashMap<String, ConcurrentHashMap<String, Meter>> meters =
            new ConcurrentHashMap<>();
    private volatile Map<String, BudgetEntry> limited = Map.of();

    /**
     * @param proxies live ones, which share the limits; at least 1
     */
    public TeamLimits(IntSupplier proxies) {
        this.proxies = proxies;
    }

    /** Forgets Budgets that are gone. */
    public void apply(Snapshot snapshot) {
        limited =
                snapshot.budgets().stream()
                        .filter(budget -> budget.limits() != null)
                        .collect(Collectors.toUnmodifiableMap(BudgetEntry::key, each -> each));
        meters.keySet().retainAll(limited.keySet());
    }

    /**
     * @param budgets that the request matches
     * @param team its namespace
     * @param tokens of its input, a guess
     */
    public Entry enter(List<BudgetEntry> budgets, String team, long tokens, Instant now) {
        List<Meter> entered = List.of();
        long second = now.getEpochSecond();
        for (var budget : budgets) {
            var limits = budget.limits();
            if (limits == null) {
                continue;
            }
            var meter = meter(budget, team);
            var full = meter.enter(limits, tokens, proxies.getAsInt(), second);
            if (full != null) {
                entered.forEach(other -> other.undo(tokens, second));
                return new Entry.Full(
                        "Budget "
                                + budget.key()
                                + " allows "
                                + full.limit()
                                + " "
                                + full.kind().field()
                                + "; there is room again in about "
                                + full.seconds()
                                + " s",
                        full.kind().field(),
                        full.limit(),
                        full.seconds());
            }
            if (entered.isEmpty()) {
                entered = new ArrayList<>();
            }
            entered.add(meter);
        }
        return new Entry.In(entered.isEmpty() ? Pass.NOTHING : new Pass(entered, tokens));
    }

    private Meter meter(BudgetEntry budget, String team) {
        return meter(budget.key(), budget.perNamespace() ? team : "");
    }

    private Meter meter(String budget, String subject) {
        return meters.computeIfAbsent(budget, key -> new ConcurrentHashMap<>())
                .computeIfAbsent(subject, key -> new Meter(LimitKey.budget(budget, key)));
    }

    /** What there is to say of every team. */
    Stream<RateUse> uses(long second) {
        return meters.values().stream()
                .flatMap(subjects -> subjects.values().stream())
                .map(meter -> meter.use(second))
                .filter(Objects::nonNull);
    }

    /** All whose limits are stated; of namespaces that are counted apart, those that were seen. */
    Stream<RateShares.Account> accounts(long second) {
        return limited.values().stream().flatMap(budget -> accounts(budget, second));
    }

    private Stream<RateShares.Account> accounts(BudgetEntry budget, long second) {
        var limits = budget.limits();
        if (limits == null) {
            return Stream.empty();
        }
        if (!budget.perNamespace()) {
            meter(budget.key(), "");
        }
        var amounts = Amounts.of(limits);
        return meters.getOrDefault(budget.key(), new ConcurrentHashMap<>()).values().stream()
                .map(meter -> new RateShares.Account(amounts, meter.counted(second)));
    }

    Stream<Meter> meters() {
        return meters.values().stream().flatMap(subjects -> subjects.values().stream());
    }

    /** A share that was taken, not told. */
    void shared(String budget, String subject, Amounts share) {
        var subjects = meters.get(budget);
        var meter = subjects == null ? null : subjects.get(subject);
        if (meter != null) {
            meter.shared(share);
        }
    }

    /** A share of the limits that are stated; of others it means nothing. */
    void told(String budget, String subject, Amounts share) {
        if (limited.containsKey(budget)) {
            meter(budget, subject).told(share);
        }
    }
}
