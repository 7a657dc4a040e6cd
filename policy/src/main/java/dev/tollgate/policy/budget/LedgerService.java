package dev.tollgate.policy.budget;

import dev.tollgate.policy.snapshot.BudgetEntry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The ledger: takes what holders say, moves the accounts by {@link Ledger}, and answers with what
 * must be sent to whom. It has no thread and no clock; every call may block as long as the store
 * does, and may come from any thread: calls on one account follow one another, and nothing is
 * answered before the store has acknowledged it.
 *
 * <p>Whoever owns it calls {@link #updateBudgets} with each snapshot, {@link #takeIn} for each
 * message, {@link #turn} for the accounts that it names and, at a pace, for those that are {@link
 * #next} in line ({@link #handle} is all of it), {@link #disconnected} when a holder's connection
 * ends, and {@link #tick} about once a second; and sends the effects.
 *
 * <p>Its parts: {@link Registrations} take holders on, {@link Grants} answer who asks for money,
 * {@link Reports} take in what is spent, {@link Amounts} what Budgets say now, {@link Reclaims}
 * give back what is lost. All of them change accounts through the {@link Bookkeeper} and nowhere
 * else, and the {@link Audience} is who is told of it.
 */
public final class LedgerService {

    /** Before a freeze may end. */
    static final Duration FREEZE_MIN = Freezes.AT_LEAST;

    private final CappedBudgets budgets = new CappedBudgets();
    private final Turns turns = new Turns();
    private final Inbox inbox = new Inbox();
    private final Retention retention = new Retention();
    private final Departures departures = new Departures();
    private final ConcurrentHashMap<AccountKey, Account> pushed = new ConcurrentHashMap<>();
    private final Audience audience;
    private final Freezes freezes;
    private final Bookkeeper keeper;
    private final AccountBook book;
    private final Grants grants;
    private final Reports reports;
    private final AccountTurn turn;
    private final Registrations registrations;
    private final Amounts amounts;
    private final Reclaims reclaims;

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
        this.audience = new Audience(sessions);
        this.freezes = new Freezes(fleetComplete);
        this.keeper = new Bookkeeper(store, epoch, audience, freezes);
        this.book = keeper.book;
        this.reports = new Reports(keeper, budgets, audience, inbox);
        this.grants = new Grants(keeper, budgets, audience, inbox, reports);
        this.turn = new AccountTurn(turns, keeper, grants, reports, audience, inbox);
        this.registrations = new Registrations(keeper, reports, audience, turn, turns);
        this.amounts = new Amounts(keeper, budgets, turn);
        this.reclaims = new Reclaims(keeper, turn, audience);
    }

    Sessions sessions() {
        return audience.sessions();
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
        budgets.replace(entries);
        registrations.budgetsAreKnown(now, send);
        if (book.load() != null) {
            return; // each Acquire brings the limit in force, and tick sets the rest
        }
        amounts.apply(turns, now, send);
    }

    /** Takes it in, and gives each account that it names its turn at once. */
    public List<LedgerEffect> handle(LedgerCommand command, Instant now) {
        var effects = new ArrayList<LedgerEffect>();
        takeIn(command, now, effects::addAll);
        for (var account : named(command)) {
            turn(account, now, effects::addAll);
        }
        return effects;
    }

    private static List<AccountKey> named(LedgerCommand command) {
        return switch (command) {
            case LedgerCommand.Register register -> accounts(register.leases());
            case LedgerCommand.Acquire acquire -> List.of(acquire.account());
            case LedgerCommand.Report report -> accounts(report.leases());
            case LedgerCommand.Close close -> List.of(close.totals().account());
        };
    }

    private static List<AccountKey> accounts(List<LeaseTotals> leases) {
        return leases.stream().map(LeaseTotals::account).distinct().toList();
    }

    /**
     * Takes in what a holder says. A Register is answered at once; what is said of accounts is
     * written, and answered, in their {@link #turn}.
     *
     * @param send takes the effects
     * @return the accounts whose turn is to be now, as somebody waits for it. The others stand in
     *     line: see {@link #next}
     */
    public List<AccountKey> takeIn(
            LedgerCommand command, Instant now, Consumer<List<LedgerEffect>> send) {
        return switch (command) {
            case LedgerCommand.Register register -> {
                registrations.register(register, now, send);
                yield List.of();
            }
            case LedgerCommand.Acquire acquire ->
                    grants.takeIn(acquire) ? List.of(acquire.account()) : List.of();
            case LedgerCommand.Report report -> reports.takeIn(report);
            case LedgerCommand.Close close -> reports.takeIn(close, now);
        };
    }

    /** The accounts that have stood in line for the longest, at most so many; they leave it. */
    public List<AccountKey> next(int most) {
        return inbox.next(most);
    }

    /**
     * Writes all that was said of the account since its last turn, as one write if that can be.
     *
     * @param send takes the effects, once the store has acknowledged what they tell
     */
    public void turn(AccountKey account, Instant now, Consumer<List<LedgerEffect>> send) {
        Turns.sending(send, effects -> turn.of(account, now, effects));
    }

    /**
     * Time passes: pushes states that changed to all holders, checks the store's identity, ends
     * freezes, and lets what the store has refused be tried again.
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
        inbox.tick();
        if (book.load() != null) {
            return;
        }
        Turns.sending(send, effects -> keeper.checkIdentity(now, effects));
        keeper.rebuildLost(turns, now, send);
        amounts.apply(turns, now, send);
        book.lookAgain(now);
        Turns.sending(send, effects -> keeper.inheritFreezes(now, effects));
        for (var account : book.accounts()) {
            if (!account.isEntered(now)) {
                continue;
            }
            var before = pushed.put(account.key(), account);
            if (!account.equals(before)) {
                Turns.sending(send, effects -> tellAll(before, account, now, effects));
            }
        }
        registrations.tick(now, send);
        endFreezes(now, send);
        for (var key : retention.due(book.accounts(), now)) {
            turns.each(key, send, effects -> forget(key, now));
        }
        if (reports.unstored.accounts().isEmpty() && book.damaged().isEmpty()) { // all is known
            var sessions = audience.sessions();
            for (var holder : departures.due(sessions, book::accounts, inbox::logs, now)) {
                audience.update(s -> s.without(holder));
            }
        }
    }

    /** Those of which all is known that proxies hold. */
    void endFreezes(Instant now, Consumer<List<LedgerEffect>> send) {
        var due = new ArrayList<AccountKey>();
        registrations.whileNobodyRegisters(
                () -> due.addAll(keeper.dueToThaw(reports.unstored.accounts(), now)));
        for (var key : due) {
            turns.each(key, send, effects -> keeper.thaw(key, now, effects));
        }
    }

    /** Money that came back by a write without an answer, or by another ledger's, is told here. */
    private void tellAll(
            @Nullable Account before, Account account, Instant now, List<LedgerEffect> effects) {
        if (before != null && account.remainingMicros() > before.remainingMicros()) {
            audience.tellOfFreeMoney(account, now, effects);
        }
        audience.tellAll(account, now, effects);
    }

    private void forget(AccountKey key, Instant now) {
        if (keeper.isFrozen(key) || !book.forget(key, a -> Retention.isOld(a, now))) {
            return;
        }
        pushed.remove(key);
        amounts.forget(key);
        grants.needs.forget(key);
        inbox.forget(key);
        reports.unstored.forget(key);
        audience.update(s -> s.forgotten(key));
    }

    /**
     * @param told of an account whose turn has failed in {@link #tick} or {@link #updateBudgets},
     *     and why; the others go on. Without it the failure is thrown
     */
    public void whenFailed(BiConsumer<AccountKey, RuntimeException> told) {
        turns.whenFailed(told);
    }

    /**
     * @param told of a holder that was refused since its Register has failed, and why. Without it
     *     the failure is thrown
     */
    public void whenRegisterFailed(BiConsumer<HolderId, RuntimeException> told) {
        registrations.whenFailed(told);
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
        registrations.left(holder);
    }

    /** Where the holder is, as far as its connections to this ledger tell. */
    public Whereabouts whereabouts(HolderId holder) {
        return audience.sessions().whereabouts(holder);
    }

    /** Those that have registered and are connected, as they named themselves. */
    public Set<String> connected() {
        return audience.sessions().proxies();
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
        return reclaims.reclaim(budget, holder, now, send);
    }

    /** All accounts that are known, as last stored: for status and metrics. */
    public List<Account> accounts() {
        return book.accounts();
    }

    /**
     * Accounts of present windows that do not have the amounts of these Budgets, as last stored.
     */
    List<Account> without(CappedBudgets amounts, Instant now) {
        var behind = new ArrayList<Account>();
        for (var account : book.accounts()) {
            var key = account.key();
            var budget = amounts.of(key);
            if (budget != null
                    && budget.amountMicros() != account.amountMicros()
                    && !key.window().isOver(now)
                    && book.currentWindow(key.budget(), key.subject(), budget.period(), now)
                            .equals(key.window())) {
                behind.add(account);
            }
        }
        return behind;
    }

    /**
     * Micro-dollars, by account: the most that a request needed that was refused for good. What
     * needs as much is refused while less is left, until the amount is raised or reset.
     */
    public Map<AccountKey, Long> refused() {
        return grants.needs.all();
    }

    /**
     * What an earlier ledger has refused, as far as somebody knows; what this one refused counts.
     */
    public void refusedBefore(AccountKey account, long neededMicros) {
        grants.needs.refusedBefore(account, neededMicros);
    }

    /** Accounts that give no grants because the store does not take what holders told of them. */
    public Set<AccountKey> unstored() {
        return reports.unstored.accounts();
    }

    /** What the store has and cannot be read: such accounts give no grants until it can. */
    public List<AccountStore.Damaged> unreadable() {
        return book.damaged();
    }

    /** Accounts that give no grants because the store has forgotten something. */
    public Set<AccountKey> frozen() {
        return freezes.keys(book.accounts());
    }
}
