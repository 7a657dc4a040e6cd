package dev.tollgate.policy.budget;

import dev.tollgate.policy.snapshot.BudgetEntry;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The ledger: takes what holders say, moves the accounts by {@link Ledger}, and answers with what
 * must be sent to whom. It has no thread and no clock; every call may block as long as the store
 * does, and may come from any thread: calls on one account follow one another, and nothing is
 * answered before the store has acknowledged it.
 *
 * <p>Whoever owns it calls {@link #updateBudgets} with each snapshot, {@link #handle} for each
 * message, {@link #disconnected} when a holder's connection ends, and {@link #tick} about once a
 * second; and sends the effects. Messages of a connection that another one has replaced are not
 * passed on.
 */
public final class LedgerService {

    /** Before a freeze may end. */
    static final Duration FREEZE_MIN = Freezes.AT_LEAST;

    /** Most holders that a refusal names. */
    private static final int NAMED_MAX = 16;

    private static final Duration STORE_RETRY = Duration.ofSeconds(1);

    /** Names a lease of which totals are to be stored. */
    private record Reported(HolderId holder, AccountKey account) {}

    private final AccountStore store;
    private final Ledger ledger;
    private final AccountBook book;
    private final AtomicReference<Sessions> sessions;
    private final Freezes freezes;
    private final Resets resets = new Resets();
    private final ConcurrentHashMap<AccountKey, Account> pushed = new ConcurrentHashMap<>();
    private final Retention retention = new Retention();
    private final ConcurrentHashMap<Reported, LeaseTotals> unstored = new ConcurrentHashMap<>();
    private volatile BiConsumer<AccountKey, RuntimeException> failed =
            (key, bug) -> {
                throw bug;
            };

    /** Closed leases that never had money, of which the overrun is in the account. */
    private final Set<Reported> countedWithoutLease = ConcurrentHashMap.newKeySet();

    private final EarlyRegisters early = new EarlyRegisters();
    private volatile Map<String, BudgetEntry> budgets = Map.of();

    /** A ledger whose fleet is whoever registers. */
    public LedgerService(AccountStore store, long epoch) {
        this(store, epoch, proxies -> true);
    }

    /**
     * @param epoch fencing number of this leader: higher than that of any earlier one
     * @param fleetComplete whether these proxies, as named in Register, are all that there are: no
     *     freeze ends before
     */
    public LedgerService(AccountStore store, long epoch, Predicate<Set<String>> fleetComplete) {
        this(store, epoch, fleetComplete, Sessions.NONE);
    }

    /** In the middle of its life: for the search of all states. */
    LedgerService(
            AccountStore store,
            long epoch,
            Predicate<Set<String>> fleetComplete,
            Sessions sessions) {
        this.store = store;
        this.ledger = new Ledger(epoch);
        this.book = new AccountBook(store);
        this.freezes = new Freezes(fleetComplete);
        this.sessions = new AtomicReference<>(sessions);
    }

    Sessions sessions() {
        return Objects.requireNonNull(sessions.get());
    }

    /** Takes new limits; a lower one recalls idle money. Effects for registered holders. */
    public List<LedgerEffect> updateBudgets(List<BudgetEntry> entries, Instant now) {
        var all = new ArrayList<LedgerEffect>();
        updateBudgets(entries, now, all::addAll);
        return all;
    }

    /**
     * The same. Whoever registered before the first Budgets were known is answered now.
     *
     * @param send takes the effects, account by account
     */
    public void updateBudgets(
            List<BudgetEntry> entries, Instant now, Consumer<List<LedgerEffect>> send) {
        var next = new HashMap<String, BudgetEntry>();
        for (var entry : entries) {
            if (entry.limitMicros() != null && entry.period() != null) {
                next.put(entry.key(), entry);
            }
        }
        budgets = Map.copyOf(next);
        for (var register : early.end()) {
            send.accept(answer(register, now));
        }
        if (book.load() != null) {
            return; // each Acquire brings the limit in force, and tick sets the rest
        }
        applyLimits(now, send);
    }

    /** One that breaks a rule is refused, so that it comes again; it ends nothing for others. */
    private List<LedgerEffect> answer(LedgerCommand.Register register, Instant now) {
        try {
            return handle(register, now);
        } catch (RuntimeException e) {
            var effects = new ArrayList<LedgerEffect>();
            refuse(register.holder(), "the ledger failed: " + e.getMessage(), effects);
            return effects;
        }
    }

    public List<LedgerEffect> handle(LedgerCommand command, Instant now) {
        var effects = new ArrayList<LedgerEffect>();
        switch (command) {
            case LedgerCommand.Register register -> {
                if (!early.holds(register)) {
                    register(register, now, effects);
                }
            }
            case LedgerCommand.Acquire acquire -> acquire(acquire, now, effects);
            case LedgerCommand.Report report -> {
                var session = sessions().connected(report.holder());
                for (var totals : report.leases()) {
                    if (session != null && !session.closed().contains(totals.account())) {
                        report(report.holder(), totals, now, effects);
                    }
                }
            }
            case LedgerCommand.Close close -> {
                if (sessions().connected(close.holder()) != null) {
                    sessions.updateAndGet(s -> s.closed(close.holder(), close.totals().account()));
                    totals(close.holder(), close.totals(), now, effects);
                }
            }
        }
        return effects;
    }

    /**
     * Time passes: pushes states that changed to all holders, checks the store's identity, ends
     * freezes.
     */
    public List<LedgerEffect> tick(Instant now) {
        var all = new ArrayList<LedgerEffect>();
        tick(now, all::addAll);
        return all;
    }

    /**
     * The same.
     *
     * @param send takes the effects, account by account: none waits for the store's answer to
     *     another
     */
    public void tick(Instant now, Consumer<List<LedgerEffect>> send) {
        if (book.load() != null) {
            return;
        }
        sending(send, effects -> checkIdentity(now, effects));
        for (var lost : book.lost()) { // nobody may ask for it any more
            var rebuild = new AccountCommand.Rebuild(lost);
            each(lost.key(), send, effects -> change(lost.key(), null, rebuild, now, effects));
        }
        applyLimits(now, send);
        storeReports(now, send);
        for (var account : book.accounts()) {
            if (!account.equals(pushed.put(account.key(), account))) {
                sending(send, effects -> tellAll(account, now, effects));
            }
        }
        sending(send, effects -> thaw(now, effects));
        for (var key : retention.due(book.accounts(), now)) {
            each(key, send, effects -> forget(key, now));
        }
    }

    private void forget(AccountKey key, Instant now) {
        if (freezes.isFrozen(key) || !book.forget(key, a -> Retention.isOld(a, now))) {
            return;
        }
        pushed.remove(key);
        resets.end(key);
        unstored.keySet().removeIf(reported -> reported.account().equals(key));
        countedWithoutLease.removeIf(reported -> reported.account().equals(key));
    }

    private static void sending(
            Consumer<List<LedgerEffect>> send, Consumer<List<LedgerEffect>> step) {
        var effects = new ArrayList<LedgerEffect>();
        try {
            step.accept(effects);
        } finally {
            if (!effects.isEmpty()) {
                send.accept(effects);
            }
        }
    }

    /** What breaks a rule of one account ends nothing for the others. */
    private void each(
            AccountKey key, Consumer<List<LedgerEffect>> send, Consumer<List<LedgerEffect>> step) {
        try {
            sending(send, step);
        } catch (RuntimeException e) {
            failed.accept(key, e);
        }
    }

    /**
     * @param told of an account whose turn has failed in {@link #tick} or {@link #updateBudgets},
     *     and why; the others go on. Without it the failure is thrown
     */
    public void whenFailed(BiConsumer<AccountKey, RuntimeException> told) {
        failed = told;
    }

    /**
     * The store as it was when somebody judged that it has forgotten nothing: another identity than
     * this one freezes all accounts.
     */
    public void sound(String identity) {
        freezes.sound(identity);
    }

    /**
     * The store is new, or may have forgotten accounts of which nothing is known here: nothing is
     * granted, of no account, until all proxies have told what they hold.
     */
    public void freezeAll(Instant now) {
        freezes.all(now);
    }

    /**
     * @param told each time that a freeze of all accounts has ended: that of this identity of the
     *     store, as all proxies have told what they hold. It may block.
     */
    public void whenHeardAll(Consumer<String> told) {
        freezes.whenHeardAll(told);
    }

    /** The holder's connection is gone: it no longer counts as live. Its leases stay charged. */
    public void disconnected(HolderId holder) {
        early.left(holder);
        sessions.updateAndGet(s -> s.disconnected(holder));
    }

    /** Where the holder is, as far as its connections to this ledger tell. */
    public Whereabouts whereabouts(HolderId holder) {
        return sessions().whereabouts(holder);
    }

    /** Those that have registered and are connected, as they named themselves. */
    public Set<String> connected() {
        return sessions().proxies();
    }

    /**
     * Gives back what a lost holder has of a Budget, in all its accounts: what it has settled stays
     * spent, the rest may be granted again. Somebody answers for it that the holder spends nothing
     * any more, and the caller has checked that its process is not there.
     *
     * @param budget {@code namespace/name}
     * @param send takes the effects
     */
    public Reclaimed reclaim(
            String budget, HolderId holder, Instant now, Consumer<List<LedgerEffect>> send) {
        var unreadable = book.load();
        if (unreadable != null) {
            return new Reclaimed.Unavailable("ledger store: " + unreadable);
        }
        if (whereabouts(holder) instanceof Whereabouts.Connected(var proxy)) {
            return new Reclaimed.Refused("holder " + holder + " is connected, as " + proxy);
        }
        var leases = new LinkedHashMap<AccountKey, LeaseAccount>();
        for (var account : book.accounts()) {
            var lease = account.key().budget().equals(budget) ? account.lease(holder) : null;
            if (lease != null) {
                leases.put(account.key(), lease);
            }
        }
        if (leases.isEmpty()) {
            return new Reclaimed.Refused(
                    "holder " + holder + " has no lease of Budget " + budget + holders(budget));
        }
        for (var key : leases.keySet()) {
            if (freezes.isFrozen(key)) {
                return new Reclaimed.Unavailable(
                        "account " + key + " is frozen until all proxies have told what they hold");
            }
        }
        return reclaim(holder, leases, now, send);
    }

    private Reclaimed reclaim(
            HolderId holder,
            Map<AccountKey, LeaseAccount> leases,
            Instant now,
            Consumer<List<LedgerEffect>> send) {
        long settled = 0;
        long back = 0;
        boolean any = false;
        for (var entry : leases.entrySet()) {
            var effects = new ArrayList<LedgerEffect>();
            var change =
                    change(entry.getKey(), null, new AccountCommand.Reclaim(holder), now, effects);
            send.accept(effects);
            if (!(change instanceof AccountBook.Change.Done(var done))) {
                return new Reclaimed.Unavailable("the ledger's store did not answer");
            }
            var before = entry.getValue();
            var after = done.account().lease(holder);
            if (before.state() != LeaseAccount.State.RECLAIMED && after != null) {
                any = true;
                back = Math.addExact(back, after.returnedMicros() - before.returnedMicros());
            }
            settled = Math.addExact(settled, before.settledMicros());
        }
        return any ? new Reclaimed.Done(settled, back) : new Reclaimed.Before(settled);
    }

    private String holders(String budget) {
        var holders = new TreeSet<String>();
        for (var account : book.accounts()) {
            if (account.key().budget().equals(budget)) {
                account.leases().forEach(lease -> holders.add(lease.holder().toString()));
            }
        }
        return holders.isEmpty()
                ? "; nobody has"
                : "; these have: "
                        + holders.stream().limit(NAMED_MAX).collect(Collectors.joining(", "));
    }

    /** All accounts that are known, as last stored: for status and metrics. */
    public List<Account> accounts() {
        return book.accounts();
    }

    /** Accounts that give no grants because the store has forgotten something. */
    public Set<AccountKey> frozen() {
        return freezes.keys(book.accounts());
    }

    private void register(
            LedgerCommand.Register register, Instant now, List<LedgerEffect> effects) {
        var holder = register.holder();
        var unreadable = book.load();
        if (unreadable != null) {
            refuse(holder, "ledger store: " + unreadable, effects);
            return;
        }
        var known = sessions();
        var refusal = known.refusal(holder, register.proxy());
        if (refusal == null && hasLaterLease(holder)) {
            refusal = "boot epoch " + holder.bootEpoch() + " is over: a later one holds leases";
        }
        if (refusal != null) {
            refuse(holder, refusal, effects);
            return;
        }
        sessions.updateAndGet(s -> s.register(holder, register.proxy()));
        var stored = true;
        var mentioned = new HashSet<AccountKey>();
        var session = sessions().connected(holder);
        for (var totals : register.leases()) {
            var late =
                    session != null
                            && totals.bootEpoch() == holder.bootEpoch()
                            && session.closed().contains(totals.account());
            if (!late || totals.closed()) { // a doubled Register opens no closed lease again
                stored &= totals(holder, totals, now, effects);
            }
            if (totals.closed() && totals.bootEpoch() == holder.bootEpoch()) {
                sessions.updateAndGet(s -> s.closed(holder, totals.account()));
            }
            mentioned.add(totals.account());
        }
        stored &= suspectEarlier(holder, effects, now);
        if (!stored) {
            refuse(holder, "ledger store did not answer", effects);
            sessions.updateAndGet(s -> s.disconnected(holder));
            return;
        }
        effects.add(new LedgerEffect.Registered(holder, true, ""));
        for (var account : book.accounts()) {
            if (mentioned.contains(account.key()) || !isOver(account, now)) {
                effects.add(state(holder, account, now, false));
            }
        }
        for (var key : frozen()) {
            effects.add(new LedgerEffect.Freeze(holder, key, true));
        }
    }

    private static void refuse(HolderId holder, String reason, List<LedgerEffect> effects) {
        effects.add(new LedgerEffect.Registered(holder, false, reason));
    }

    private boolean hasLaterLease(HolderId holder) {
        for (var account : book.accounts()) {
            for (var lease : account.leases()) {
                if (lease.holder().logId().equals(holder.logId())
                        && lease.holder().bootEpoch() > holder.bootEpoch()) {
                    return true;
                }
            }
        }
        return false;
    }

    /** What an earlier start of the same log has not closed with proof stays charged. */
    private boolean suspectEarlier(HolderId holder, List<LedgerEffect> effects, Instant now) {
        var stored = true;
        for (var account : book.accounts()) {
            for (var lease : account.leases()) {
                if (lease.holder().logId().equals(holder.logId())
                        && lease.holder().bootEpoch() < holder.bootEpoch()
                        && lease.state() == LeaseAccount.State.OPEN) {
                    stored &=
                            change(
                                            account.key(),
                                            null,
                                            new AccountCommand.Suspect(lease.holder()),
                                            now,
                                            effects)
                                    instanceof AccountBook.Change.Done;
                }
            }
        }
        return stored;
    }

    private void acquire(LedgerCommand.Acquire acquire, Instant now, List<LedgerEffect> effects) {
        var key = acquire.account();
        var session = sessions().connected(acquire.holder());
        var entry = budgets.get(key.budget());
        if (session == null
                || entry == null
                || entry.limitMicros() == null
                || entry.period() == null
                || session.closed().contains(key)) {
            deny(acquire, DeniedReason.UNKNOWN_ACCOUNT, STORE_RETRY, effects);
            return;
        }
        if (freezes.isFrozen(key)) {
            deny(acquire, DeniedReason.FROZEN, STORE_RETRY, effects);
            return;
        }
        if (book.load() != null) {
            deny(acquire, DeniedReason.UNAVAILABLE, STORE_RETRY, effects);
            return;
        }
        var window = book.currentWindow(key.budget(), key.subject(), entry.period(), now);
        if (!Objects.equals(window.start(), key.windowStart())) {
            var current = AccountKey.of(key.budget(), key.subject(), window.start());
            var account = book.account(current);
            if (account == null) {
                account = Account.opened(current, window.end(), entry.limitMicros());
            }
            effects.add(state(acquire.holder(), account, now, false));
            deny(acquire, DeniedReason.UNKNOWN_ACCOUNT, Duration.ZERO, effects);
            return;
        }
        var opened =
                Account.opened(key, window.end(), entry.limitMicros())
                        .withReset(Resets.past(entry, now));
        var command =
                new AccountCommand.Acquire(acquire, window, entry.limitMicros(), sessions().live());
        if (change(key, opened, command, now, effects)
                instanceof AccountBook.Change.Done(var done)) {
            var got = done.effects().getFirst() instanceof LedgerEffect.Grant;
            sessions.updateAndGet(s -> s.denied(acquire.holder(), key, !got));
        } else {
            var why = freezes.isFrozen(key) ? DeniedReason.FROZEN : DeniedReason.UNAVAILABLE;
            deny(acquire, why, STORE_RETRY, effects);
        }
    }

    private static void deny(
            LedgerCommand.Acquire acquire,
            DeniedReason reason,
            Duration retry,
            List<LedgerEffect> effects) {
        effects.add(
                new LedgerEffect.Denied(
                        acquire.holder(), acquire.request(), acquire.account(), reason, retry, 0));
    }

    /** Nobody says it again, so what the store does not take now is tried again at each tick. */
    private void report(
            HolderId from, LeaseTotals totals, Instant now, List<LedgerEffect> effects) {
        var lease = new Reported(from, totals.account());
        if (totals(from, totals, now, effects)) {
            unstored.remove(lease);
        } else {
            unstored.put(lease, totals);
        }
    }

    private void storeReports(Instant now, Consumer<List<LedgerEffect>> send) {
        unstored.forEach(
                (lease, totals) ->
                        each(
                                lease.account(),
                                send,
                                effects -> storeReport(lease, totals, now, effects)));
    }

    private void storeReport(
            Reported lease, LeaseTotals totals, Instant now, List<LedgerEffect> effects) {
        var session = sessions().connected(lease.holder());
        if (session == null || session.closed().contains(lease.account())) {
            unstored.remove(lease); // what it says at its return or has closed counts
        } else if (totals(lease.holder(), totals, now, effects)) {
            unstored.remove(lease, totals);
        }
    }

    /** False: not stored. */
    private boolean totals(
            HolderId from, LeaseTotals totals, Instant now, List<LedgerEffect> effects) {
        var key = totals.account();
        var entry = budgets.get(key.budget());
        var limit = entry == null || entry.limitMicros() == null ? 0 : entry.limitMicros();
        if (tellsMore(from, totals)
                && book.readAgain(key) instanceof AccountBook.Change.Unavailable) {
            return false;
        }
        var session = sessions().connected(from);
        if (session != null
                && session.closed().contains(key)
                && !totals.closed()
                && totals.bootEpoch() == from.bootEpoch()) {
            return true; // closed meanwhile
        }
        if (book.account(key) == null && Retention.isForgotten(key, end(entry, key), now)) {
            if (totals.closed()) {
                effects.add(new LedgerEffect.Closed(from, key, totals.bootEpoch()));
            }
            return true;
        }
        var opened = Account.opened(key, end(entry, key), limit);
        if (tellsMore(from, totals)) {
            freeze(key, now, effects);
            // which resets counted is not known: of those asked for until now none does any more
            var past = Resets.past(entry, now);
            var restored =
                    change(
                            key,
                            opened,
                            new AccountCommand.Restore(
                                    from,
                                    totals,
                                    past == null ? now.truncatedTo(ChronoUnit.MILLIS) : past),
                            now,
                            effects);
            if (!(restored instanceof AccountBook.Change.Done)) {
                return false;
            }
        }
        if (spentWithoutLease(from, totals)) {
            return countOverrun(from, totals, now, effects);
        }
        // an earlier ledger may still be about to open it
        boolean fences =
                totals.closed()
                        && entry != null
                        && (key.windowStart() == null || !key.windowStart().isAfter(now));
        if (book.account(key) == null && !book.unsure(key) && !fences) {
            if (totals.closed()) {
                effects.add(new LedgerEffect.Closed(from, key, totals.bootEpoch()));
            }
            return true; // a lease that never got a grant
        }
        if (totals.closed() && totals.amountMicros() == 0) {
            // if it is missing when this is said again, it has been counted
            countedWithoutLease.add(
                    new Reported(new HolderId(from.logId(), totals.bootEpoch()), key));
        }
        var command = new AccountCommand.Totals(from, totals);
        return change(key, opened.withReset(Resets.past(entry, now)), command, now, effects)
                instanceof AccountBook.Change.Done;
    }

    private static @Nullable Instant end(@Nullable BudgetEntry entry, AccountKey key) {
        return entry == null || entry.period() == null || key.windowStart() == null
                ? null
                : Window.of(entry.period(), key.windowStart()).end();
    }

    /** Who may spend more than it has, and was never granted anything (Soft and Shadow). */
    private boolean spentWithoutLease(HolderId from, LeaseTotals totals) {
        var holder = new HolderId(from.logId(), totals.bootEpoch());
        var known = book.account(totals.account());
        return totals.amountMicros() == 0
                && totals.overrunMicros() > 0
                && (known == null || known.lease(holder) == null)
                && budgets.containsKey(totals.account().budget())
                && !countedWithoutLease.contains(new Reported(holder, totals.account()));
    }

    /**
     * Opens the lease without money first: an account that is created with more overrun than its
     * limit would be refused by the guards of the store.
     */
    private boolean countOverrun(
            HolderId from, LeaseTotals totals, Instant now, List<LedgerEffect> effects) {
        var key = totals.account();
        var entry = Objects.requireNonNull(budgets.get(key.budget()));
        var limit = Objects.requireNonNull(entry.limitMicros());
        var holder = new HolderId(from.logId(), totals.bootEpoch());
        var opened = Account.opened(key, end(entry, key), limit).withReset(Resets.past(entry, now));
        if (!(change(key, opened, new AccountCommand.Open(holder), now, effects)
                instanceof AccountBook.Change.Done)) {
            return false;
        }
        if (totals.closed()) { // from now on a lease that is missing has been counted and closed
            countedWithoutLease.add(new Reported(holder, key));
        }
        return change(key, opened, new AccountCommand.Totals(from, totals), now, effects)
                instanceof AccountBook.Change.Done;
    }

    /** The holder has seen more of the account than this ledger. */
    private boolean tellsMore(HolderId from, LeaseTotals totals) {
        var known = book.account(totals.account());
        return totals.seq() > 0 && (known == null || Ledger.regressed(known, from, totals));
    }

    /** The one way to an account; adds the effects once they may be sent. */
    private AccountBook.Change change(
            AccountKey key,
            @Nullable Account opened,
            AccountCommand command,
            Instant now,
            List<LedgerEffect> effects) {
        var change = book.change(key, opened, account -> ledger.apply(account, command, now));
        switch (change) {
            case AccountBook.Change.Done(var transition) -> {
                effects.addAll(transition.effects());
                if (transition.moneyBack()) {
                    tellOfFreeMoney(transition.account(), now, effects);
                }
            }
            case AccountBook.Change.Unavailable unavailable -> {}
            case AccountBook.Change.Regressed(var remembered) -> {
                freeze(key, now, effects);
                var limit = remembered.amountMicros();
                var rebuilt =
                        book.rebuild(
                                key,
                                Account.opened(key, remembered.windowEnd(), limit),
                                account ->
                                        ledger.apply(
                                                account,
                                                new AccountCommand.Rebuild(remembered),
                                                now));
                if (rebuilt instanceof AccountBook.Change.Done
                        && !(command instanceof AccountCommand.Acquire)) {
                    return change(key, opened, command, now, effects);
                }
            }
        }
        return change;
    }

    private void tellOfFreeMoney(Account account, Instant now, List<LedgerEffect> effects) {
        sessions()
                .byLog()
                .forEach(
                        (logId, session) -> {
                            var holder = new HolderId(logId, session.bootEpoch());
                            if (session.connected() && session.denied().contains(account.key())) {
                                effects.add(state(holder, account, now, true));
                                sessions.updateAndGet(s -> s.denied(holder, account.key(), false));
                            }
                        });
    }

    private void applyLimits(Instant now, Consumer<List<LedgerEffect>> send) {
        for (var account : book.accounts()) {
            each(account.key(), send, effects -> applyLimit(account, now, effects));
        }
    }

    private void applyLimit(Account account, Instant now, List<LedgerEffect> effects) {
        var entry = budgets.get(account.key().budget());
        var limit = entry == null ? null : entry.limitMicros();
        if (entry == null || limit == null || entry.period() == null) {
            resets.end(account.key());
            return;
        }
        boolean due = Resets.isDue(entry, account, now);
        if (!due) {
            resets.end(account.key());
        }
        if (limit == account.amountMicros() && !due) {
            return;
        }
        var window =
                book.currentWindow(
                        account.key().budget(), account.key().subject(), entry.period(), now);
        if (Objects.equals(window.start(), account.key().windowStart())) {
            var command = new AccountCommand.SetLimit(limit);
            change(account.key(), null, command, now, effects);
            reset(entry, account, now, effects);
        }
    }

    /** What was spent before counts as before: its holders are asked for it first. */
    private void reset(
            BudgetEntry entry, Account account, Instant now, List<LedgerEffect> effects) {
        var asked = Resets.asked(entry);
        switch (resets.next(entry, account, now)) {
            case NOTHING, WAIT -> {}
            case ASK_HOLDERS -> {
                for (var lease : account.leases()) {
                    if (lease.state() == LeaseAccount.State.OPEN) {
                        effects.add(new LedgerEffect.Recall(lease.holder(), account.key()));
                    }
                }
            }
            case RESET -> {
                var command = new AccountCommand.Reset(Objects.requireNonNull(asked));
                if (change(account.key(), null, command, now, effects)
                        instanceof AccountBook.Change.Done) {
                    resets.end(account.key());
                }
            }
        }
    }

    private void checkIdentity(Instant now, List<LedgerEffect> effects) {
        if (!freezes.storeChanged(store, now)) {
            return;
        }
        for (var account : book.accounts()) {
            freeze(account.key(), now, effects);
            change(
                    account.key(),
                    Account.opened(account.key(), account.windowEnd(), account.amountMicros()),
                    new AccountCommand.Rebuild(account),
                    now,
                    effects);
        }
    }

    private void freeze(AccountKey key, Instant now, List<LedgerEffect> effects) {
        if (freezes.freeze(key, now)) {
            tellAll(key, true, effects);
        }
    }

    private void thaw(Instant now, List<LedgerEffect> effects) {
        for (var key : freezes.thawed(sessions().proxies(), book.accounts(), now)) {
            tellAll(key, false, effects);
        }
    }

    private void tellAll(AccountKey key, boolean frozen, List<LedgerEffect> effects) {
        for (var holder : sessions().holders()) {
            effects.add(new LedgerEffect.Freeze(holder, key, frozen));
        }
    }

    /** Whoever spends nothing of it shows its figures all the same. */
    private void tellAll(Account account, Instant now, List<LedgerEffect> effects) {
        for (var holder : sessions().holders()) {
            effects.add(state(holder, account, now, false));
        }
    }

    private static boolean isOver(Account account, Instant now) {
        var end = account.windowEnd();
        return end != null && !now.isBefore(end);
    }

    private static LedgerEffect state(
            HolderId to, Account account, Instant now, boolean freeAgain) {
        var spent = account.spentMicros();
        var lease = account.lease(to);
        var own = lease == null ? 0 : lease.settledMicros() + lease.overrunMicros();
        return new LedgerEffect.State(
                to,
                account.key(),
                account.amountMicros(),
                spent,
                account.outstandingMicros(),
                new Window(account.key().windowStart(), account.windowEnd()).remaining(now),
                freeAgain,
                spent - own);
    }
}
