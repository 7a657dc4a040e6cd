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
import org.jspecify.annotations.Nullable;

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
        REFUND_ON_EXPIRY("cap"),
        ROUND_DOWN("cap"),
        GRANT_BEFORE_ACKNOWLEDGMENT("cap"),
        HOLD_FORGOTTEN_AT_REPLAY("cap"),
        TORN_LOG_TAKEN_FOR_PROOF("cap"),
        RECLAIM_FROM_THE_LIVING("cap"),
        RECLAIM_WITHOUT_MEMORY("cap"),
        CLOSE_WITHOUT_MEMORY("twice"),
        RETURN_OF_THE_SILENT("I7"),
        SHRINK_WITH_THE_LIMIT("I10"),
        RAISE_IGNORED("I10"),
        FREEZE_WITHOUT_MEMORY("uncounted"),
        CLOSE_IN_A_FREEZE_WITHOUT_MEMORY("twice");

        /** What must catch it: the harm that it does, or what holds before there is any. */
        final String caughtBy;

        Mutant(String caughtBy) {
            this.caughtBy = caughtBy;
        }
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

    /** What a process that was killed has left in its log. */
    private enum Left {
        /** All, which proves what it did not spend. */
        ALL,
        /** All, on a machine that has started again: that is not known. */
        ALL_UNPROVEN,
        /** The machine has started again, and what was settled last is lost. */
        TORN
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
            int trouble,
            Amount amount,
            Past past) {
        State withTrouble(int left) {
            return new State(
                    stored,
                    sessions,
                    leader,
                    proxies,
                    spentHalves,
                    overruns,
                    toLedger,
                    toProxies,
                    left,
                    amount,
                    past);
        }
    }

    /**
     * What the store may forget, and has.
     *
     * @param mayForget once: all that it has written since its copy was made
     * @param copy null: it is of a time when there was nothing
     * @param forgot each leader freezes all until it has heard all proxies
     * @param keeps each log tells all that it ever had: what a log no longer has, and the store has
     *     forgotten, nobody can tell
     */
    record Past(boolean mayForget, @Nullable Account copy, boolean forgot, boolean keeps) {
        static final Past NONE = new Past(false, null, false, false);
    }

    /** What the Budget says, and the most that it has said. */
    record Amount(int now, int most) {
        Amount to(int next) {
            return new Amount(next, Math.max(most, next));
        }
    }

    enum StoreMood {
        WORKS,
        WRITES_AND_IS_SILENT,
        LOSES_AND_IS_SILENT
    }

    /** All that an answer of the ledger depends on. */
    private record Asked(
            Map<AccountKey, Account> stored,
            Sessions sessions,
            int leader,
            int amount,
            boolean forgot,
            List<LedgerCommand> said,
            StoreMood mood) {}

    private record Answer(
            Map<AccountKey, Account> stored, Sessions sessions, List<LedgerEffect> effects) {}

    private static final int ANSWERS_MAX = 200_000;

    private final Map<Asked, Answer> answers = new HashMap<>();
    private final int proxies;
    private final int limit;
    private final int requestsMax;
    private final int trouble;
    private final Mutant mutant;

    /** Also what holds before there is any harm: I5, I7, I10 and the ledger's steps. */
    private final boolean strict;

    private final boolean together;
    private final int overrunsMax;
    private final int slice;
    private final boolean reboots;
    private final boolean forgets;

    LedgerModel(int proxies, int limit, int requestsMax, int trouble, Mutant mutant) {
        this(proxies, limit, requestsMax, trouble, mutant, false, 0, 1);
    }

    /**
     * @param together any two messages may also arrive before the account has its turn
     * @param overrunsMax of a Soft Budget: units that are spent without money; 0: it is Hard
     * @param slice units that are asked for: few of them, and money still runs out soon
     */
    LedgerModel(
            int proxies,
            int limit,
            int requestsMax,
            int trouble,
            Mutant mutant,
            boolean together,
            int overrunsMax,
            int slice) {
        this(proxies, limit, requestsMax, trouble, mutant, together, overrunsMax, slice, false);
    }

    /**
     * @param reboots machines start again too, not only processes
     */
    LedgerModel(
            int proxies,
            int limit,
            int requestsMax,
            int trouble,
            Mutant mutant,
            boolean together,
            int overrunsMax,
            int slice,
            boolean reboots) {
        this(
                proxies,
                limit,
                requestsMax,
                trouble,
                mutant,
                together,
                overrunsMax,
                slice,
                reboots,
                false);
    }

    /**
     * @param forgets the store may come back older than what it has acknowledged, once; no proxy is
     *     lost then, as what was reclaimed would be forgotten too
     */
    LedgerModel(
            int proxies,
            int limit,
            int requestsMax,
            int trouble,
            Mutant mutant,
            boolean together,
            int overrunsMax,
            int slice,
            boolean reboots,
            boolean forgets) {
        this.proxies = proxies;
        this.limit = limit;
        this.requestsMax = requestsMax;
        this.trouble = trouble;
        this.mutant = mutant;
        this.strict = mutant == null || mutant.caughtBy.startsWith("I");
        this.together = together;
        this.overrunsMax = overrunsMax;
        this.slice = slice;
        this.reboots = reboots;
        this.forgets = forgets;
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
        return new State(
                Map.of(),
                Sessions.NONE,
                1,
                list,
                0,
                0,
                Set.of(),
                Set.of(),
                trouble,
                new Amount(limit, limit),
                forgets ? new Past(true, null, false, true) : Past.NONE);
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
        var most = state.amount().most();
        if (halves > 2 * most + untold) {
            throw new AssertionError("cap: " + halves + " halves of " + most + " in " + state);
        }
        if (account != null) {
            var leases = account.leases().stream().mapToLong(LeaseAccount::settledMicros).sum();
            if (leases > account.settledMicros()) {
                throw new AssertionError("I3 " + account);
            }
            if (charged(account) > most && !isFrozen(state)) { // then not all is told yet
                throw new AssertionError("I1, cap: " + account);
            }
            if (strict && !state.past().forgot()) {
                state.proxies().forEach(p -> checkReturned(state, account, p));
            }
        }
        if (forgets && account != null && account.settledMicros() > halves) { // rounded up
            throw new AssertionError("twice: " + account.settledMicros() + " in " + state);
        }
        if (forgets && !state.past().forgot()) {
            var counted = account == null ? 0 : charged(account) + account.overrunMicros();
            if (halves > 2 * counted + untold) {
                throw new AssertionError("uncounted: " + halves + " halves in " + state);
            }
        }
    }

    private static long charged(Account account) {
        return account.settledMicros() + account.outstandingMicros();
    }

    /** I7: nothing counts as returned that the log of its holder does not say. */
    private static void checkReturned(State state, Account account, Proxy p) {
        var own = account.lease(p.holder());
        if (p.fate() == Fate.THERE
                && !p.closed()
                && p.amount() > (own == null ? 0 : own.amountMicros())) {
            throw new AssertionError("I7: " + p + " has more than its lease in " + state);
        }
        for (var lease : account.leases()) {
            if (lease.state() == LeaseAccount.State.RECLAIMED) {
                continue;
            }
            var told = lease == own ? p.returned() : lease.returnedMicros();
            for (var totals : p.earlier()) {
                var start = new HolderId(p.holder().logId(), totals.bootEpoch());
                told = start.equals(lease.holder()) ? (int) totals.returnedMicros() : told;
            }
            if (lease.returnedMicros() > told) {
                throw new AssertionError("I7: " + lease + " returned " + told + " in " + state);
            }
        }
    }

    /**
     * What one step of the ledger must keep.
     *
     * @param reclaimed by this step; null: nobody
     */
    private void checkStep(
            State state,
            Store store,
            StoreMood mood,
            List<LedgerCommand> said,
            @Nullable HolderId reclaimed) {
        var before = state.stored().get(KEY);
        var after = store.accounts.get(KEY);
        if (!strict || before == null) {
            return;
        }
        if (after == null) {
            throw new AssertionError("I5: gone is " + before);
        }
        if (mood == StoreMood.WORKS && after.limitMicros() != state.amount().now()) {
            throw new AssertionError("I10: not " + state.amount() + " in " + after);
        }
        boolean shrunk = after.settledMicros() < before.settledMicros();
        if (shrunk && after.limitMicros() < before.limitMicros()) {
            throw new AssertionError("I10: from " + before + " to " + after);
        }
        if (shrunk
                || after.overrunMicros() < before.overrunMicros()
                || after.seq() < before.seq()
                || after.epoch() < before.epoch()) {
            throw new AssertionError("I5: from " + before + " to " + after);
        }
        if (!after.isFrozen() && charged(after) > Math.max(after.limitMicros(), charged(before))) {
            throw new AssertionError("I1: from " + before + " to " + after);
        }
        for (var lease : before.leases()) {
            if (!lease.holder().equals(reclaimed)
                    && !isProven(lease, after.lease(lease.holder()), said)) {
                throw new AssertionError("I7: " + lease + " by " + said + " in " + after);
            }
        }
    }

    /** I7: what is given back of a lease, its holder or a later start of its log has told. */
    private static boolean isProven(
            LeaseAccount before, @Nullable LeaseAccount after, List<LedgerCommand> said) {
        if (after != null && after.returnedMicros() <= before.returnedMicros()) {
            return true;
        }
        for (var command : said) {
            for (var totals : StateCode.totals(command)) {
                var start = new HolderId(command.holder().logId(), totals.bootEpoch());
                if (start.equals(before.holder())
                        && command.holder().bootEpoch() >= totals.bootEpoch()
                        && (after == null
                                ? totals.closed()
                                : totals.returnedMicros() >= after.returnedMicros())) {
                    return true;
                }
            }
        }
        return false;
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
        var account = state.stored().get(KEY);
        if (account != null && account.limitMicros() != state.amount().now()) {
            var answer = answer(state, List.of(), StoreMood.WORKS);
            next.add(answered(state, answer, state.toLedger(), state.toProxies()));
        }
        thaw(state, next);
        if (state.past().mayForget()) {
            if (state.past().copy() == null && account != null) {
                next.add(past(state, new Past(true, account, false, true)));
            }
            if (state.trouble() > 0) {
                next.add(forgotten(newLeader(state)));
            }
        }
        if (state.trouble() > 0) {
            next.add(newLeader(state));
            if (state.amount().now() > 1) {
                next.add(spend(amount(state, state.amount().now() - 1)));
            }
            next.add(spend(amount(state, state.amount().now() + 1)));
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
        if (state.trouble() > 0 && p.amount() > 0 && !forgets) {
            next.add(spend(lost(state, i, p)));
        }
        if (!p.registered()) {
            var register = new LedgerCommand.Register(p.holder(), "pod" + i, totals(p));
            if (!isOnItsWay(state, register)) {
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
                                    p.holder(),
                                    asked.lastRequest(),
                                    KEY,
                                    slice,
                                    2 * slice,
                                    false)));
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
            next.add(restart(state, i, p, Left.ALL));
            if (reboots) {
                next.add(restart(state, i, p, Left.ALL_UNPROVEN));
                next.add(restart(state, i, p, Left.TORN));
            }
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
                gone.trouble(),
                gone.amount(),
                gone.past());
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
                state.trouble(),
                state.amount(),
                state.past());
    }

    /** Somebody gives back what a proxy holds that is seen nowhere. */
    private void reclaim(State state, HolderId holder, List<State> next) {
        var account = state.stored().get(KEY);
        if (account == null || account.lease(holder) == null) {
            return;
        }
        var store = new Store(state.stored(), StoreMood.WORKS);
        var service = service(state, store);
        service.reclaim(KEY.budget(), holder, NOW, effects -> {});
        if (mutant == Mutant.RECLAIM_WITHOUT_MEMORY) {
            store.accounts.computeIfPresent(KEY, (key, after) -> without(after, holder));
        }
        checkStep(state, store, StoreMood.WORKS, List.of(), holder);
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
                        state.trouble(),
                        state.amount(),
                        state.past()));
    }

    private static Account without(Account account, HolderId holder) {
        var others = account.leases().stream().filter(l -> !l.holder().equals(holder)).toList();
        return with(account, others, account.closed());
    }

    private void forget(Store store) {
        if (mutant == Mutant.CLOSE_WITHOUT_MEMORY
                || mutant == Mutant.CLOSE_IN_A_FREEZE_WITHOUT_MEMORY) {
            store.accounts.computeIfPresent(
                    KEY, (key, after) -> with(after, after.leases(), List.of()));
        }
        if (mutant == Mutant.FREEZE_WITHOUT_MEMORY) {
            store.accounts.computeIfPresent(KEY, (key, after) -> after.withFrozenAt(null));
        }
    }

    private void mutate(State state, Store store, LedgerCommand command) {
        var before = state.stored().get(KEY);
        var after = store.accounts.get(KEY);
        if (before == null || after == null) {
            return;
        }
        if (mutant == Mutant.RETURN_OF_THE_SILENT) {
            var leases =
                    after.leases().stream()
                            .map(l -> l.holder().equals(command.holder()) ? l : returned(l))
                            .toList();
            store.accounts.put(KEY, with(after, leases, after.closed()));
        }
        if (mutant == Mutant.SHRINK_WITH_THE_LIMIT
                && after.limitMicros() < before.limitMicros()
                && before.settledMicros() > 0) {
            store.accounts.put(
                    KEY,
                    new Account(
                            KEY,
                            after.limitMicros(),
                            0,
                            after.overrunMicros(),
                            0,
                            null,
                            after.seq(),
                            after.epoch(),
                            List.of(),
                            after.closed(),
                            after.frozenAtSeq()));
        }
    }

    private static LeaseAccount returned(LeaseAccount lease) {
        return new LeaseAccount(
                lease.holder(),
                lease.amountMicros(),
                lease.settledMicros(),
                lease.amountMicros() - lease.settledMicros(),
                lease.overrunMicros(),
                lease.lastAcquire(),
                lease.state());
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
                closed,
                account.frozenAtSeq());
    }

    /** What was open settles at its hold, and a whole log proves the rest unspent. */
    private State restart(State state, int i, Proxy p, Left left) {
        var atHold = mutant == Mutant.HOLD_FORGOTTEN_AT_REPLAY ? 0 : 2 * p.open();
        var settled = open(p, 0, p.halves() + atHold);
        var earlier = new ArrayList<>(p.earlier());
        if (p.hasTotals()) {
            earlier.add(
                    switch (left) {
                        case ALL -> lease(closed(settled));
                        case ALL_UNPROVEN -> lease(settled);
                        case TORN -> lease(torn(p));
                    });
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
                changed.trouble() - 1,
                changed.amount(),
                changed.past());
    }

    private Proxy torn(Proxy p) {
        var proves = mutant == Mutant.TORN_LOG_TAKEN_FOR_PROOF;
        return copy(p, 0, 0, p.returned(), p.lastRequest(), proves);
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
                state.trouble() - 1,
                state.amount(),
                state.past());
    }

    private static State past(State state, Past past) {
        return stored(state, state.stored(), state.sessions(), past);
    }

    private static State stored(
            State state, Map<AccountKey, Account> stored, Sessions sessions, Past past) {
        return new State(
                stored,
                sessions,
                state.leader(),
                state.proxies(),
                state.spentHalves(),
                state.overruns(),
                state.toLedger(),
                state.toProxies(),
                state.trouble(),
                state.amount(),
                past);
    }

    private static State forgotten(State state) {
        var copy = state.past().copy();
        return stored(
                state,
                copy == null ? Map.of() : Map.of(KEY, copy),
                state.sessions(),
                new Past(false, null, true, true));
    }

    private static boolean isFrozen(State state) {
        var account = state.stored().get(KEY);
        return state.past().forgot() || account != null && account.isFrozen();
    }

    /**
     * All proxies have registered, and the time is over. The leader may end with its last write.
     */
    private void thaw(State state, List<State> next) {
        if (!isFrozen(state) || state.sessions().proxies().size() < proxies) {
            return;
        }
        for (var mood : List.of(StoreMood.WORKS, StoreMood.LOSES_AND_IS_SILENT)) {
            var store = new Store(state.stored(), StoreMood.WORKS);
            var service = service(state, store);
            service.tick(NOW);
            var sound = new ArrayList<String>();
            service.whenHeardAll(sound::add);
            service.sound("model");
            store.mood = mood;
            service.endFreezes(NOW.plus(LedgerService.FREEZE_MIN), effects -> {});
            forget(store);
            if (state.past().forgot() && sound.isEmpty()) {
                throw new AssertionError("frozen though all have come: " + state);
            }
            var thawed =
                    stored(
                            state,
                            Map.copyOf(store.accounts),
                            service.sessions(),
                            new Past(false, null, false, true));
            if (mood == StoreMood.WORKS) {
                next.add(thawed);
            } else if (state.trouble() > 0) {
                next.add(newLeader(thawed));
            }
        }
    }

    /** All that it knows is stored, or is of who is connected. */
    private LedgerService service(State state, Store store) {
        var service =
                new LedgerService(
                        store, state.leader(), names -> names.size() == proxies, state.sessions());
        if (state.past().forgot()) {
            service.freezeAll(NOW);
        }
        service.updateBudgets(List.of(entry(state)), NOW);
        return service;
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
                            account.closed(),
                            account.frozenAtSeq());
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
                            state.trouble() - 1,
                            state.amount(),
                            state.past()));
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
            next.add(spend(handle(state, command, StoreMood.WORKS, false))); // comes again
        }
        if (state.trouble() > 0 && !isFrozen(state)) { // what is unstored, the ledger remembers
            next.add(spend(handle(state, command, StoreMood.WRITES_AND_IS_SILENT, true)));
            next.add(spend(handle(state, command, StoreMood.LOSES_AND_IS_SILENT, true)));
        }
    }

    private State handle(State state, LedgerCommand command, StoreMood mood, boolean consume) {
        var answer = answer(state, List.of(command), mood);
        var effects = new HashSet<>(state.toProxies());
        addThoseThatMatter(state, answer.effects(), effects);
        if (mutant == Mutant.GRANT_BEFORE_ACKNOWLEDGMENT && mood == StoreMood.LOSES_AND_IS_SILENT) {
            for (var effect : answer(state, List.of(command), StoreMood.WORKS).effects()) {
                if (effect instanceof LedgerEffect.Grant && matters(state, effect)) {
                    effects.add(effect);
                }
            }
        }
        var commands = new HashSet<>(state.toLedger());
        if (consume) {
            commands.remove(command);
        }
        return answered(state, answer, commands, effects);
    }

    /**
     * With the earlier starts of the log whose leases are stored: what is said of them came before
     * it. Only those that the proxy still keeps make a difference.
     */
    private static LedgerEffect.Registered withStored(
            State state, LedgerEffect.Registered registered, List<LedgerEffect> answers) {
        if (state.past().keeps()) {
            return new LedgerEffect.Registered(registered.to(), registered.accepted(), "");
        }
        var stored = new StringBuilder();
        for (var answer : answers) {
            if (answer instanceof LedgerEffect.Closed closed
                    && closed.to().equals(registered.to())) {
                stored.append('[').append(closed.bootEpoch()).append(']');
            }
        }
        return state.proxies().stream()
                .filter(p -> p.holder().equals(registered.to()))
                .findFirst()
                .map(p -> withStored(p, registered, stored.toString()))
                .orElseThrow();
    }

    private static LedgerEffect.Registered withStored(
            Proxy p, LedgerEffect.Registered registered, String stored) {
        var kept = new StringBuilder();
        for (var lease : p.earlier()) {
            if (registered.accepted() && tells(stored, lease.bootEpoch())) {
                kept.append('[').append(lease.bootEpoch()).append(']');
            }
        }
        return new LedgerEffect.Registered(p.holder(), registered.accepted(), kept.toString());
    }

    /** What its proxy no longer keeps makes no difference in the answers that come still. */
    private static State withKept(State state, Proxy p) {
        var effects = new HashSet<LedgerEffect>();
        for (var effect : state.toProxies()) {
            effects.add(
                    effect instanceof LedgerEffect.Registered registered
                                    && registered.to().equals(p.holder())
                            ? withStored(p, registered, registered.reason())
                            : effect);
        }
        return new State(
                state.stored(),
                state.sessions(),
                state.leader(),
                state.proxies(),
                state.spentHalves(),
                state.overruns(),
                state.toLedger(),
                effects,
                state.trouble(),
                state.amount(),
                state.past());
    }

    private static List<LeaseTotals> unstored(Proxy p, LedgerEffect.Registered registered) {
        return p.earlier().stream()
                .filter(lease -> !tells(registered.reason(), lease.bootEpoch()))
                .toList();
    }

    /** It says that what this earlier start of its log had left is stored. */
    static boolean tells(String stored, long bootEpoch) {
        return stored.contains("[" + bootEpoch + "]");
    }

    /** Both have arrived when the account has its turn. */
    private State handleTogether(
            State state, LedgerCommand one, LedgerCommand other, StoreMood mood) {
        var answer = answer(state, List.of(one, other), mood);
        var effects = new HashSet<>(state.toProxies());
        addThoseThatMatter(state, answer.effects(), effects);
        var commands = new HashSet<>(state.toLedger());
        commands.remove(one);
        commands.remove(other);
        return answered(state, answer, commands, effects);
    }

    private static State answered(
            State state, Answer answer, Set<LedgerCommand> commands, Set<LedgerEffect> effects) {
        return new State(
                answer.stored(),
                answer.sessions(),
                state.leader(),
                state.proxies(),
                state.spentHalves(),
                state.overruns(),
                commands,
                effects,
                state.trouble(),
                state.amount(),
                state.past());
    }

    /** What the ledger makes of it: the same each time, so it is asked once. */
    private Answer answer(State state, List<LedgerCommand> said, StoreMood mood) {
        var asked =
                new Asked(
                        state.stored(),
                        state.sessions(),
                        state.leader(),
                        state.amount().now(),
                        state.past().forgot(),
                        said,
                        mood);
        var known = answers.get(asked);
        if (known != null) {
            return known;
        }
        var store = new Store(state.stored(), mood);
        var service = service(state, store);
        var effects = new ArrayList<LedgerEffect>();
        if (said.size() == 1) {
            effects.addAll(service.handle(said.getFirst(), NOW));
        } else if (!said.isEmpty()) {
            said.forEach(command -> service.takeIn(command, NOW, effects::addAll));
            service.turn(KEY, NOW, effects::addAll);
        }
        forget(store);
        said.stream().limit(1).forEach(command -> mutate(state, store, command));
        checkStep(state, store, mood, said, null);
        var answer = new Answer(Map.copyOf(store.accounts), service.sessions(), effects);
        if (answers.size() >= ANSWERS_MAX) {
            answers.clear();
        }
        answers.put(asked, answer);
        return answer;
    }

    /**
     * Only what can change a proxy is on its way at all: the other effects are news to it, and no
     * effect changes a proxy that has started again since.
     */
    private static boolean matters(State state, LedgerEffect effect) {
        if (effect instanceof LedgerEffect.Grant
                || effect instanceof LedgerEffect.Registered
                || effect instanceof LedgerEffect.Recall) {
            for (var p : state.proxies()) {
                if (p.holder().equals(effect.to())) {
                    return !(effect instanceof LedgerEffect.Recall) || p.fate() == Fate.BACK;
                }
            }
        }
        return false;
    }

    private static void addThoseThatMatter(
            State state, List<LedgerEffect> all, Set<LedgerEffect> those) {
        for (var effect : all) {
            if (matters(state, effect)) {
                those.add(
                        effect instanceof LedgerEffect.Registered answer
                                ? withStored(state, answer, all)
                                : effect);
            }
        }
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
                        state.trouble(),
                        state.amount(),
                        state.past());
        for (var i = 0; i < state.proxies().size(); i++) {
            var p = state.proxies().get(i);
            if (p.holder().equals(effect.to())) {
                var after = take(p, effect);
                next.add(withKept(with(consumed, i, after), after));
                if (state.trouble() > 0) {
                    next.add(spend(withKept(with(state, i, after), after)));
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
                            unstored(p, registered),
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
                0, // for display only
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
                state.trouble() - 1,
                state.amount(),
                state.past());
    }

    /** The Budget says another one: the ledger hears of it with the next message. */
    private static State amount(State state, int amount) {
        return new State(
                state.stored(),
                state.sessions(),
                state.leader(),
                state.proxies(),
                state.spentHalves(),
                state.overruns(),
                state.toLedger(),
                state.toProxies(),
                state.trouble(),
                state.amount().to(amount),
                state.past());
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
                state.trouble(),
                state.amount(),
                state.past());
    }

    /** The same, or one that only names an earlier write: the ledger makes the same of both. */
    private static boolean isOnItsWay(State state, LedgerCommand command) {
        for (var other : state.toLedger()) {
            if (other.equals(command)
                    || other.holder().equals(command.holder())
                            && other.getClass() == command.getClass()
                            && !(command instanceof LedgerCommand.Acquire)
                            && sameButForWrites(
                                    StateCode.totals(other), StateCode.totals(command))) {
                return true;
            }
        }
        return false;
    }

    private static boolean sameButForWrites(List<LeaseTotals> some, List<LeaseTotals> others) {
        if (some.size() != others.size()) {
            return false;
        }
        for (var i = 0; i < some.size(); i++) {
            var one = some.get(i);
            var other = others.get(i);
            if (one.bootEpoch() != other.bootEpoch()
                    || one.amountMicros() != other.amountMicros()
                    || one.settledMicros() != other.settledMicros()
                    || one.returnedMicros() != other.returnedMicros()
                    || one.overrunMicros() != other.overrunMicros()
                    || one.seq() > 0 != other.seq() > 0
                    || one.closed() != other.closed()) {
                return false;
            }
        }
        return true;
    }

    private static State send(State state, int i, Proxy proxy, LedgerCommand command) {
        var changed = with(state, i, proxy);
        var commands = new HashSet<>(changed.toLedger());
        if (!isOnItsWay(state, command)) {
            commands.add(command);
        }
        return new State(
                changed.stored(),
                changed.sessions(),
                changed.leader(),
                changed.proxies(),
                changed.spentHalves(),
                changed.overruns(),
                commands,
                changed.toProxies(),
                changed.trouble(),
                changed.amount(),
                changed.past());
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
                state.trouble(),
                state.amount(),
                state.past());
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

    private BudgetEntry entry(State state) {
        var mode = overrunsMax > 0 ? BudgetEntry.Mode.SOFT : BudgetEntry.Mode.HARD;
        var amount = state.amount();
        var micros = mutant == Mutant.RAISE_IGNORED ? Math.min(limit, amount.now()) : amount.now();
        return BudgetBuilder.as(budget(micros)).mode(mode).build();
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
