package dev.tollgate.policy.budget;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;

/** The holders that are connected, and what they are told of accounts. Any thread. */
final class Audience {

    private final AtomicReference<Sessions> sessions;

    Audience(Sessions sessions) {
        this.sessions = new AtomicReference<>(sessions);
    }

    Sessions sessions() {
        return Objects.requireNonNull(sessions.get());
    }

    void update(UnaryOperator<Sessions> step) {
        sessions.updateAndGet(step);
    }

    /** Those that were refused money of this account, which has some again. */
    void tellOfFreeMoney(Account account, Instant now, List<LedgerEffect> effects) {
        sessions()
                .byLog()
                .forEach(
                        (logId, session) -> {
                            var holder = new HolderId(logId, session.bootEpoch());
                            if (session.connected() && session.denied().contains(account.key())) {
                                effects.add(state(holder, account, now, true));
                                update(s -> s.denied(holder, account.key(), false));
                            }
                        });
    }

    /** Whoever spends nothing of it shows its figures all the same. */
    void tellAll(Account account, Instant now, List<LedgerEffect> effects) {
        for (var holder : sessions().holders()) {
            effects.add(state(holder, account, now));
        }
    }

    void tellAll(AccountKey key, boolean frozen, List<LedgerEffect> effects) {
        for (var holder : sessions().holders()) {
            effects.add(new LedgerEffect.Freeze(holder, key, frozen));
        }
    }

    /** To one that has just registered: what it has named, what goes on, and what is frozen. */
    void welcome(
            HolderId holder,
            List<Account> accounts,
            Set<AccountKey> named,
            Set<AccountKey> frozen,
            Instant now,
            List<LedgerEffect> effects) {
        for (var account : accounts) {
            if (named.contains(account.key())
                    || account.isEntered(now) && !account.key().window().isOver(now)) {
                effects.add(state(holder, account, now));
            }
        }
        for (var key : frozen) {
            effects.add(new LedgerEffect.Freeze(holder, key, true));
        }
    }

    static LedgerEffect state(HolderId to, Account account, Instant now) {
        return state(to, account, now, false);
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
                account.windowRemaining(now),
                freeAgain,
                spent - own);
    }
}
