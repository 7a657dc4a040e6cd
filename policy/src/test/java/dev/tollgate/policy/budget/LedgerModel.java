package dev.tollgate.policy.budget;

import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Consumer;

/**
 * A fleet around one account, as a transition system. A unit is a micro-USD; a request holds one
 * unit and costs none, half of one or all of it, so that rounding matters. Proxies follow the rules
 * of the lease; the ledger is the real one.
 */
final class LedgerModel {

    static final Instant NOW = Instant.parse("2026-11-21T09:00:00Z");
    static final AccountKey KEY =
            AccountKey.parse("team-a/monthly//2026-11-01T00:00:00Z--2026-12-01T00:00:00Z");
    private static final int OPEN_MAX = 1;

    /** A rule broken on purpose: the search must notice. */
    enum Mutant {
        REFUND_ON_EXPIRY,
        ROUND_DOWN,
        GRANT_BEFORE_ACKNOWLEDGMENT,
        HOLD_FORGOTTEN_AT_REPLAY,
        RECLAIM_FROM_THE_LIVING,
        RECLAIM_WITHOUT_MEMORY,
        CLOSE_WITHOUT_MEMORY
    }

    /**
     * One proxy, and what its log proves.
     *
     * @param halves settled, in halves of a unit
     * @param overrun units spent without money
     * @param earlier final totals of leases of earlier starts
     * @param fate whether it was lost for good, as far as anybody could tell
     */
    record Proxy(
            HolderId holder,
            boolean registered,
            int amount,
            int halves,
            int overrun,
            int open,
            int returned,
            int lastRequest,
            long seq,
            boolean closed,
            List<LeaseTotals> earlier,
            Fate fate) {

        int freeHalves() {
            return closed ? 0 : 2 * (amount - returned - open) - halves;
        }

        boolean hasTotals() {
            return amount > 0 || overrun > 0;
        }
    }

    enum Fate {
        THERE,
        /** Not connected, and its process is not seen anywhere. */
        LOST,
        /** It was seen nowhere, and is here again with its log. */
        BACK
    }

    /**
     * @param spentHalves by leases of earlier starts
     * @param overruns units that all starts of all have spent without money
     * @param trouble how often something may still go wrong
     */
    record State(
            Map<AccountKey, Account> stored,
            Sessions sessions,
            int leader,
            List<Proxy> proxies,
            int spentHalves,
            int overruns,
            Set<LedgerCommand> toLedger,
            Set<LedgerEffect> toProxies,
            int trouble) {}

    enum StoreMood {
        WORKS,
        WRITES_AND_IS_SILENT,
        LOSES_AND_IS_SILENT
    }

    private final int proxies;
    private final int limit;
    private final int requestsMax;
    private final int trouble;
    private final Mutant mutant;
    private final boolean together;
    private final int overrunsMax;

    LedgerModel(int proxies, int limit, int requestsMax, int trouble, Mutant mutant) {
        this(proxies, limit, requestsMax, trouble, mutant, false, 0);
    }

    /**
     * @param together any two messages may also arrive before the account has its turn
     * @param overrunsMax of a Soft Budget: units that are spent without money; 0: it is Hard
     */
    LedgerModel(
            int proxies,
            int limit,
            int requestsMax,
            int trouble,
            Mutant mutant,
            boolean together,
            int overrunsMax) {
        this.proxies = proxies;
        this.limit = limit;
        this.requestsMax = requestsMax;
        this.trouble = trouble;
        this.mutant = mutant;
        this.together = together;
        this.overrunsMax = overrunsMax;
    }

    State start() {
        var list = new ArrayList<Proxy>();
        for (var i = 0; i < proxies; i++) {
            list.add(
                    new Proxy(
                            new HolderId("p" + i, 1),
                            false,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            false,
                            List.of(),
                            Fate.THERE));
        }
        return new State(Map.of(), Sessions.NONE, 1, list, 0, 0, Set.of(), Set.of(), trouble);
    }

    void check(State state) {
        var halves = state.spentHalves();
        for (var proxy : state.proxies()) {
            halves += proxy.halves() + 2 * proxy.open();
            if (proxy.halves() + 2 * (proxy.open() + proxy.returned()) > 2 * proxy.amount()) {
                throw new AssertionError("I2 " + proxy);
            }
        }
        // what a lost proxy had spent and not told, nobody could know who gave its money back
        var account = state.stored().get(KEY);
        var overrun = account == null ? 0 : (int) account.overrunMicros();
        var untold = 2 * overrun;
        if (overrunsMax > 0 && state.proxies().stream().allMatch(p -> p.fate() == Fate.THERE)) {
            untold = 0;
            if (overrun > state.overruns()) {
                throw new AssertionError("twice: " + overrun + " overrun in " + state);
            }
        }
        for (var proxy : state.proxies()) {
            var lease = account == null ? null : account.lease(proxy.holder());
            if (lease != null && proxy.fate() != Fate.THERE) {
                var told = 2 * (int) (lease.settledMicros() + lease.overrunMicros());
                untold += Math.max(0, proxy.halves() + 2 * proxy.open() - told);
            }
        }
        if (halves > 2 * limit + untold) {
            throw new AssertionError("cap: " + halves + " halves of " + limit + " in " + state);
        }
        if (account != null) {
            var leases = account.leases().stream().mapToLong(LeaseAccount::settledMicros).sum();
            if (leases > account.settledMicros()) {
                throw new AssertionError("I3 " + account);
            }
            if (account.settledMicros() + account.outstandingMicros() > limit) {
                throw new AssertionError("I1, cap: " + account);
            }
        }
    }

    List<State> successors(State state) {
        var next = new ArrayList<State>();
        for (var i = 0; i < state.proxies().size(); i++) {
            proxySteps(state, i, next);
        }
        for (var command : state.toLedger()) {
            ledgerSteps(state, command, next);
        }
        for (var effect : state.toProxies()) {
            deliver(state, effect, next);
        }
        if (state.trouble() > 0) {
            next.add(newLeader(state));
            if (mutant == Mutant.REFUND_ON_EXPIRY && state.stored().containsKey(KEY)) {
                expire(state, next);
            }
        }
        return next;
    }

    static boolean isRare(State before, State after) {
        return after.trouble() < before.trouble() || closed(after) > closed(before);
    }

    private static long closed(State state) {
        return state.proxies().stream().filter(Proxy::closed).count();
    }

    private void proxySteps(State state, int i, List<State> next) {
        var p = state.proxies().get(i);
        if (p.fate() == Fate.LOST) {
            var known = state.stored().get(KEY);
            var lease = known == null ? null : known.lease(p.holder());
            if (lease != null && lease.state() == LeaseAccount.State.OPEN) {
                reclaim(state, p.holder(), next);
            } else {
                next.add(with(state, i, fate(p, Fate.BACK)));
            }
            return;
        }
        if (mutant == Mutant.RECLAIM_FROM_THE_LIVING && state.trouble() > 0) {
            reclaim(spend(disconnected(state, p)), p.holder(), next);
        }
        if (state.trouble() > 0 && p.amount() > 0) {
            next.add(spend(lost(state, i, p)));
        }
        if (!p.registered()) {
            var register = new LedgerCommand.Register(p.holder(), "pod" + i, totals(p));
            if (!state.toLedger().contains(register)) {
                next.add(send(state, i, p, register));
            }
        }
        if (p.freeHalves() >= 2 && p.open() < OPEN_MAX) {
            next.add(with(state, i, open(p, p.open() + 1, p.halves())));
        }
        if (p.open() > 0) {
            for (var cost = 0; cost <= 2; cost++) {
                next.add(with(state, i, open(p, p.open() - 1, p.halves() + cost)));
            }
        }
        if (p.registered() && !p.closed() && p.lastRequest() < requestsMax && p.freeHalves() < 2) {
            var asked = request(p, p.lastRequest() + 1);
            next.add(
                    send(
                            state,
                            i,
                            asked,
                            new LedgerCommand.Acquire(
                                    p.holder(), asked.lastRequest(), KEY, 1, 2, false)));
        }
        if (p.registered() && p.freeHalves() >= 2) {
            var back = returned(p, p.returned() + p.freeHalves() / 2);
            next.add(send(state, i, back, new LedgerCommand.Report(p.holder(), totals(back))));
        }
        if (state.overruns() < overrunsMax && !p.closed() && p.freeHalves() < 2) {
            next.add(overrun(with(state, i, overrun(p))));
        }
        if (p.registered() && !p.closed() && p.overrun() > overrunTold(state, p)) {
            next.add(send(state, i, p, new LedgerCommand.Report(p.holder(), totals(p))));
        }
        if (p.registered() && p.hasTotals() && p.open() == 0) {
            var closed = closed(p);
            next.add(send(state, i, closed, new LedgerCommand.Close(p.holder(), lease(closed))));
        }
        if (state.trouble() > 0 && p.fate() == Fate.THERE) {
            next.add(restart(state, i, p));
        }
    }

    /** Its connection ends with all that was on its way, and it is not seen any more. */
    private static State lost(State state, int i, Proxy p) {
        var commands = new HashSet<>(state.toLedger());
        commands.removeIf(command -> command.holder().equals(p.holder()));
        var effects = new HashSet<>(state.toProxies());
        effects.removeIf(effect -> effect.to().equals(p.holder()));
        var gone = disconnected(with(state, i, fate(p, Fate.LOST)), p);
        return new State(
                gone.stored(),
                gone.sessions(),
                gone.leader(),
                gone.proxies(),
                gone.spentHalves(),
                gone.overruns(),
                commands,
                effects,
                gone.trouble());
    }

    private static State disconnected(State state, Proxy p) {
        return new State(
                state.stored(),
                state.sessions().disconnected(p.holder()),
                state.leader(),
                state.proxies(),
                state.spentHalves(),
                state.overruns(),
                state.toLedger(),
                state.toProxies(),
                state.trouble());
    }

    /** Somebody gives back what a proxy holds that is seen nowhere. */
    private void reclaim(State state, HolderId holder, List<State> next) {
        var account = state.stored().get(KEY);
        if (account == null || account.lease(holder) == null) {
            return;
        }
        var store = new Store(state.stored(), StoreMood.WORKS);
        var service = new LedgerService(store, state.leader(), all -> true, state.sessions());
        service.updateBudgets(List.of(entry()), NOW);
        service.reclaim(KEY.budget(), holder, NOW, effects -> {});
        if (mutant == Mutant.RECLAIM_WITHOUT_MEMORY) {
            store.accounts.computeIfPresent(KEY, (key, after) -> without(after, holder));
        }
        next.add(
                new State(
                        Map.copyOf(store.accounts),
                        service.sessions(),
                        state.leader(),
                        state.proxies(),
                        state.spentHalves(),
                        state.overruns(),
                        state.toLedger(),
                        state.toProxies(),
                        state.trouble()));
    }

    private static Account without(Account account, HolderId holder) {
        var others = account.leases().stream().filter(l -> !l.holder().equals(holder)).toList();
        return with(account, others, account.closed());
    }

    private void forget(Store store) {
        if (mutant == Mutant.CLOSE_WITHOUT_MEMORY) {
            store.accounts.computeIfPresent(
                    KEY, (key, after) -> with(after, after.leases(), List.of()));
        }
    }

    private static Account with(Account account, List<LeaseAccount> leases, List<HolderId> closed) {
        return new Account(
                KEY,
                account.limitMicros(),
                account.settledMicros(),
                account.overrunMicros(),
                0,
                null,
                account.seq(),
                account.epoch(),
                leases,
                closed);
    }

    /** kill -9: what was open settles at its hold, and the log proves the rest unspent. */
    private State restart(State state, int i, Proxy p) {
        var atHold = mutant == Mutant.HOLD_FORGOTTEN_AT_REPLAY ? 0 : 2 * p.open();
        var settled = open(p, 0, p.halves() + atHold);
        var earlier = new ArrayList<>(p.earlier());
        if (p.hasTotals()) {
            earlier.add(lease(closed(settled)));
        }
        var again =
                new Proxy(
                        new HolderId(p.holder().logId(), p.holder().bootEpoch() + 1),
                        false,
                        0,
                        0,
                        0,
                        0,
                        0,
                        0,
                        0,
                        false,
                        earlier,
                        p.fate());
        var spent = state.spentHalves() + p.halves() + 2 * p.open();
        var changed = with(state, i, again);
        var stillMatter = new HashSet<>(changed.toProxies());
        stillMatter.removeIf(effect -> !matters(changed, effect));
        return new State(
                changed.stored(),
                changed.sessions(),
                changed.leader(),
                changed.proxies(),
                spent,
                changed.overruns(),
                changed.toLedger(),
                stillMatter,
                changed.trouble() - 1);
    }

    /** Every connection ends; nothing that was on its way arrives. */
    private State newLeader(State state) {
        var list = new ArrayList<Proxy>();
        for (var p : state.proxies()) {
            list.add(
                    new Proxy(
                            p.holder(),
                            false,
                            p.amount(),
                            p.halves(),
                            p.overrun(),
                            p.open(),
                            p.returned(),
                            p.lastRequest(),
                            p.seq(),
                            p.closed(),
                            p.earlier(),
                            p.fate()));
        }
        return new State(
                state.stored(),
                Sessions.NONE,
                state.leader() + 1,
                list,
                state.spentHalves(),
                state.overruns(),
                Set.of(),
                Set.of(),
                state.trouble() - 1);
    }

    private void expire(State state, List<State> next) {
        var account = state.stored().get(KEY);
        for (var lease : account.leases()) {
            var kept = account.leases().stream().filter(l -> l != lease).toList();
            var refunded =
                    new Account(
                            KEY,
                            account.limitMicros(),
                            account.settledMicros(),
                            account.overrunMicros(),
                            0,
                            null,
                            account.seq() + 1,
                            account.epoch(),
                            kept,
                            account.closed());
            next.add(
                    new State(
                            Map.of(KEY, refunded),
                            state.sessions(),
                            state.leader(),
                            state.proxies(),
                            state.spentHalves(),
                            state.overruns(),
                            state.toLedger(),
                            state.toProxies(),
                            state.trouble() - 1));
        }
    }

    private void ledgerSteps(State state, LedgerCommand command, List<State> next) {
        next.add(handle(state, command, StoreMood.WORKS, true));
        for (var other : state.toLedger()) {
            if (together && other != command) {
                next.add(handleTogether(state, command, other, StoreMood.WORKS));
                if (state.trouble() > 0) {
                    for (var mood :
                            List.of(
                                    StoreMood.WRITES_AND_IS_SILENT,
                                    StoreMood.LOSES_AND_IS_SILENT)) {
                        next.add(spend(handleTogether(state, command, other, mood)));
                    }
                }
            }
        }
        if (state.trouble() > 0) {
            next.add(spend(without(state, command))); // lost
            next.add(spend(handle(state, command, StoreMood.WORKS, false))); // comes again
            next.add(spend(handle(state, command, StoreMood.WRITES_AND_IS_SILENT, true)));
            next.add(spend(handle(state, command, StoreMood.LOSES_AND_IS_SILENT, true)));
        }
    }

    private State handle(State state, LedgerCommand command, StoreMood mood, boolean consume) {
        var store = new Store(state.stored(), mood);
        var service = new LedgerService(store, state.leader(), all -> true, state.sessions());
        service.updateBudgets(List.of(entry()), NOW);
        var effects = new HashSet<>(state.toProxies());
        for (var effect : service.handle(command, NOW)) {
            if (matters(state, effect)) {
                effects.add(effect);
            }
        }
        if (mutant == Mutant.GRANT_BEFORE_ACKNOWLEDGMENT && mood == StoreMood.LOSES_AND_IS_SILENT) {
            var early =
                    new LedgerService(
                            new Store(state.stored(), StoreMood.WORKS),
                            state.leader(),
                            all -> true,
                            state.sessions());
            early.updateBudgets(List.of(entry()), NOW);
            for (var effect : early.handle(command, NOW)) {
                if (effect instanceof LedgerEffect.Grant && matters(state, effect)) {
                    effects.add(effect);
                }
            }
        }
        forget(store);
        var commands = new HashSet<>(state.toLedger());
        if (consume) {
            commands.remove(command);
        }
        return new State(
                Map.copyOf(store.accounts),
                service.sessions(),
                state.leader(),
                state.proxies(),
                state.spentHalves(),
                state.overruns(),
                commands,
                effects,
                state.trouble());
    }

    /** Both have arrived when the account has its turn. */
    private State handleTogether(
            State state, LedgerCommand one, LedgerCommand other, StoreMood mood) {
        var store = new Store(state.stored(), mood);
        var service = new LedgerService(store, state.leader(), all -> true, state.sessions());
        service.updateBudgets(List.of(entry()), NOW);
        var effects = new HashSet<>(state.toProxies());
        Consumer<List<LedgerEffect>> sent =
                all -> all.stream().filter(e -> matters(state, e)).forEach(effects::add);
        service.takeIn(one, NOW, sent);
        service.takeIn(other, NOW, sent);
        service.turn(KEY, NOW, sent);
        forget(store);
        var commands = new HashSet<>(state.toLedger());
        commands.remove(one);
        commands.remove(other);
        return new State(
                Map.copyOf(store.accounts),
                service.sessions(),
                state.leader(),
                state.proxies(),
                state.spentHalves(),
                state.overruns(),
                commands,
                effects,
                state.trouble());
    }

    /**
     * Only what can change a proxy is on its way at all: the other effects are news to it, and no
     * effect changes a proxy that has started again since.
     */
    private static boolean matters(State state, LedgerEffect effect) {
        boolean recall = effect instanceof LedgerEffect.Recall;
        return (effect instanceof LedgerEffect.Grant
                        || effect instanceof LedgerEffect.Registered
                        || recall)
                && state.proxies().stream()
                        .anyMatch(
                                p ->
                                        p.holder().equals(effect.to())
                                                && (!recall || p.fate() == Fate.BACK));
    }

    /** Now, later or never: an effect that stays on its way for ever is a lost one. */
    private void deliver(State state, LedgerEffect effect, List<State> next) {
        var rest = new HashSet<>(state.toProxies());
        rest.remove(effect);
        var consumed =
                new State(
                        state.stored(),
                        state.sessions(),
                        state.leader(),
                        state.proxies(),
                        state.spentHalves(),
                        state.overruns(),
                        state.toLedger(),
                        rest,
                        state.trouble());
        for (var i = 0; i < state.proxies().size(); i++) {
            var p = state.proxies().get(i);
            if (p.holder().equals(effect.to())) {
                var after = take(p, effect);
                next.add(with(consumed, i, after));
                if (state.trouble() > 0) {
                    next.add(spend(with(state, i, after)));
                }
            }
        }
    }

    private static Proxy take(Proxy p, LedgerEffect effect) {
        return switch (effect) {
            case LedgerEffect.Grant grant ->
                    p.closed()
                            ? p
                            : new Proxy(
                                    p.holder(),
                                    p.registered(),
                                    Math.max(p.amount(), (int) grant.amountMicros()),
                                    p.halves(),
                                    p.overrun(),
                                    p.open(),
                                    p.returned(),
                                    p.lastRequest(),
                                    Math.max(p.seq(), grant.seq()),
                                    p.closed(),
                                    p.earlier(),
                                    p.fate());
            case LedgerEffect.Registered registered ->
                    new Proxy(
                            p.holder(),
                            registered.accepted(),
                            p.amount(),
                            p.halves(),
                            p.overrun(),
                            p.open(),
                            p.returned(),
                            p.lastRequest(),
                            p.seq(),
                            p.closed(),
                            registered.accepted() ? List.of() : p.earlier(),
                            p.fate());
            case LedgerEffect.Closed closed -> p;
            case LedgerEffect.Denied denied -> p;
            case LedgerEffect.Recall recall ->
                    p.fate() == Fate.BACK ? returned(p, p.returned() + p.freeHalves() / 2) : p;
            case LedgerEffect.State state -> p;
            case LedgerEffect.Freeze freeze -> p;
        };
    }

    private List<LeaseTotals> totals(Proxy p) {
        var totals = new ArrayList<>(p.earlier());
        if (p.hasTotals()) {
            totals.add(lease(p));
        }
        return totals;
    }

    private LeaseTotals lease(Proxy p) {
        var settled = mutant == Mutant.ROUND_DOWN ? p.halves() / 2 : Math.ceilDiv(p.halves(), 2);
        return new LeaseTotals(
                KEY,
                p.holder().bootEpoch(),
                p.amount(),
                settled,
                p.returned(),
                p.overrun(),
                p.open(),
                p.seq(),
                p.closed());
    }

    private static State spend(State state) {
        return new State(
                state.stored(),
                state.sessions(),
                state.leader(),
                state.proxies(),
                state.spentHalves(),
                state.overruns(),
                state.toLedger(),
                state.toProxies(),
                state.trouble() - 1);
    }

    private static State without(State state, LedgerCommand command) {
        var rest = new HashSet<>(state.toLedger());
        rest.remove(command);
        return new State(
                state.stored(),
                state.sessions(),
                state.leader(),
                state.proxies(),
                state.spentHalves(),
                state.overruns(),
                rest,
                state.toProxies(),
                state.trouble());
    }

    private static State with(State state, int i, Proxy proxy) {
        var list = new ArrayList<>(state.proxies());
        list.set(i, proxy);
        return new State(
                state.stored(),
                state.sessions(),
                state.leader(),
                List.copyOf(list),
                state.spentHalves(),
                state.overruns(),
                state.toLedger(),
                state.toProxies(),
                state.trouble());
    }

    private static State send(State state, int i, Proxy proxy, LedgerCommand command) {
        var changed = with(state, i, proxy);
        var commands = new HashSet<>(changed.toLedger());
        commands.add(command);
        return new State(
                changed.stored(),
                changed.sessions(),
                changed.leader(),
                changed.proxies(),
                changed.spentHalves(),
                changed.overruns(),
                commands,
                changed.toProxies(),
                changed.trouble());
    }

    private static State overrun(State state) {
        return new State(
                state.stored(),
                state.sessions(),
                state.leader(),
                state.proxies(),
                state.spentHalves(),
                state.overruns() + 1,
                state.toLedger(),
                state.toProxies(),
                state.trouble());
    }

    private static Proxy overrun(Proxy p) {
        return new Proxy(
                p.holder(),
                p.registered(),
                p.amount(),
                p.halves(),
                p.overrun() + 1,
                p.open(),
                p.returned(),
                p.lastRequest(),
                p.seq(),
                p.closed(),
                p.earlier(),
                p.fate());
    }

    private static long overrunTold(State state, Proxy p) {
        var account = state.stored().get(KEY);
        var lease = account == null ? null : account.lease(p.holder());
        return lease == null ? 0 : lease.overrunMicros();
    }

    private static Proxy open(Proxy p, int open, int halves) {
        return copy(p, halves, open, p.returned(), p.lastRequest(), p.closed());
    }

    private static Proxy returned(Proxy p, int returned) {
        return copy(p, p.halves(), p.open(), returned, p.lastRequest(), p.closed());
    }

    private static Proxy request(Proxy p, int request) {
        return copy(p, p.halves(), p.open(), p.returned(), request, p.closed());
    }

    private static Proxy closed(Proxy p) {
        return copy(p, p.halves(), p.open(), p.returned(), p.lastRequest(), true);
    }

    private static Proxy fate(Proxy p, Fate fate) {
        return new Proxy(
                p.holder(),
                false,
                p.amount(),
                p.halves(),
                p.overrun(),
                p.open(),
                p.returned(),
                p.lastRequest(),
                p.seq(),
                p.closed(),
                p.earlier(),
                fate);
    }

    private static Proxy copy(
            Proxy p, int halves, int open, int returned, int request, boolean closed) {
        return new Proxy(
                p.holder(),
                p.registered(),
                p.amount(),
                halves,
                p.overrun(),
                open,
                returned,
                request,
                p.seq(),
                closed,
                p.earlier(),
                p.fate());
    }

    private BudgetEntry entry() {
        var mode = overrunsMax > 0 ? BudgetEntry.Mode.SOFT : BudgetEntry.Mode.HARD;
        return BudgetBuilder.as(budget(limit)).mode(mode).build();
    }

    static BudgetEntry budget(long limit) {
        return BudgetBuilder.budget("team-a/monthly").limit(limit).build();
    }

    static final class Store implements AccountStore {
        final Map<AccountKey, Account> accounts;
        StoreMood mood;

        Store(Map<AccountKey, Account> accounts, StoreMood mood) {
            this.accounts = new HashMap<>(accounts);
            this.mood = mood;
        }

        @Override
        public Read read(AccountKey key) {
            var account = accounts.get(key);
            return mood != StoreMood.WORKS
                    ? new Read.Unavailable("silent")
                    : account == null ? new Read.Absent() : new Read.Ok(versioned(account));
        }

        @Override
        public Write compareAndSet(AccountKey key, String version, Account account) {
            var known = accounts.get(key);
            BiFunction<AccountKey, Account, Account> write = accounts::put;
            if (!version.equals(known == null ? ABSENT : versioned(known).version())) {
                return new Write.Conflict();
            }
            return switch (mood) {
                case WORKS -> {
                    write.apply(key, account);
                    yield new Write.Ok(versioned(account).version());
                }
                case WRITES_AND_IS_SILENT -> {
                    write.apply(key, account);
                    yield new Write.Unknown("silent");
                }
                case LOSES_AND_IS_SILENT -> new Write.Unknown("silent");
            };
        }

        @Override
        public Write delete(AccountKey key, String version) {
            var known = accounts.get(key);
            if (known == null || !version.equals(versioned(known).version())) {
                return new Write.Conflict();
            }
            return switch (mood) {
                case WORKS -> {
                    accounts.remove(key);
                    yield new Write.Ok(ABSENT);
                }
                case WRITES_AND_IS_SILENT -> {
                    accounts.remove(key);
                    yield new Write.Unknown("silent");
                }
                case LOSES_AND_IS_SILENT -> new Write.Unknown("silent");
            };
        }

        @Override
        public Listing list(String prefix) {
            return new Listing.Ok(accounts.values().stream().map(Store::versioned).toList());
        }

        @Override
        public Identity identity() {
            return new Identity.Ok("model");
        }

        private static Versioned versioned(Account account) {
            return new Versioned(account, Long.toString(account.seq()));
        }
    }
}
