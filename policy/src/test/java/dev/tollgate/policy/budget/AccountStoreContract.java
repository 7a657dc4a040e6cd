package dev.tollgate.policy.budget;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.snapshot.BudgetBuilder;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/**
 * What every account store must do, and a ledger with it, also when it is in trouble. A store's
 * test extends it. Each test begins with an empty store.
 */
public abstract class AccountStoreContract extends SpoiltStoreContract {

    // lost and doubled, as the store's caller sees it

    @Test
    void saysUnknownWhenTheAnswerIsLostAndTakesOnceWhatIsSaidAgain() throws Exception {
        var version = create(key("a"));
        var next = account(key("a"), 2);
        faults().loseNextAnswer();
        assertThat(store().compareAndSet(key("a"), version, next))
                .isInstanceOf(AccountStore.Write.Unknown.class);
        var again = saidAgain(next, version);
        assertThat(again).isInstanceOf(AccountStore.Write.Conflict.class);
        var found = stored(key("a"));
        assertThat(found.account()).isEqualTo(next);
        written(account(key("a"), 3), found.version());
        assertThat(read(reopened(), key("a")).account()).isEqualTo(account(key("a"), 3));
    }

    @Test
    void saysUnknownWhenTheWriteIsLostAndTakesOnceWhatIsSaidAgain() throws Exception {
        var version = create(key("a"));
        var next = account(key("a"), 2);
        faults().loseNextWrite();
        assertThat(store().compareAndSet(key("a"), version, next))
                .isInstanceOf(AccountStore.Write.Unknown.class);
        assertThat(stored(key("a")).account()).isEqualTo(account(key("a"), 1));
        assertThat(read(reopened(), key("a")).account()).isEqualTo(account(key("a"), 1));
        assertThat(saidAgain(next, version)).isInstanceOf(AccountStore.Write.Ok.class);
        assertThat(saidAgain(next, version)).isInstanceOf(AccountStore.Write.Conflict.class);
        assertThat(read(reopened(), key("a")).account()).isEqualTo(next);
    }

    @Test
    void knowsNoAccountWhoseCreationIsLost() throws Exception {
        faults().loseNextWrite();
        assertThat(store().compareAndSet(key("a"), AccountStore.ABSENT, account(key("a"), 1)))
                .isInstanceOf(AccountStore.Write.Unknown.class);
        patiently().until(() -> store().read(key("a")), AccountStore.Read.Absent.class::isInstance);
        assertThat(reopened().list("")).isEqualTo(new AccountStore.Listing.Ok(List.of()));
        create(key("a"));
    }

    /** A conflict is then what the second one got. */
    @Test
    void takesOnceAWriteThatArrivesTwice() throws Exception {
        var version = create(key("a"));
        faults().doubleNextWrite();
        assertThat(store().compareAndSet(key("a"), version, account(key("a"), 2)))
                .isInstanceOfAny(AccountStore.Write.Ok.class, AccountStore.Write.Conflict.class);
        var found = stored(key("a"));
        assertThat(found.account()).isEqualTo(account(key("a"), 2));
        written(account(key("a"), 3), found.version());
        assertThat(((AccountStore.Listing.Ok) reopened().list("")).accounts())
                .extracting(AccountStore.Versioned::account)
                .containsExactly(account(key("a"), 3));
    }

    /** Until the store says whether it took it. */
    private AccountStore.Write saidAgain(Account account, String version) {
        return patiently()
                .until(
                        () -> store().compareAndSet(account.key(), version, account),
                        answer ->
                                answer instanceof AccountStore.Write.Ok
                                        || answer instanceof AccountStore.Write.Conflict);
    }

    // slow

    @Test
    void losesNothingWhileItStandsStillAndGoesOn() throws Exception {
        var versions = new LinkedHashMap<AccountKey, String>();
        for (var writer = 0; writer < WRITERS; writer++) {
            versions.put(key("a" + writer), create(key("a" + writer)));
        }
        var answers = new LinkedHashMap<AccountKey, Future<AccountStore.Write>>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            faults().stall();
            try {
                versions.forEach(
                        (key, version) -> {
                            var next = account(key, 2);
                            Callable<AccountStore.Write> write =
                                    () -> store().compareAndSet(key, version, next);
                            answers.put(key, threads.submit(write));
                        });
                patiently()
                        .until(
                                () ->
                                        faults().keepsAWriterWaiting()
                                                || answers.values().stream()
                                                        .allMatch(Future::isDone));
                for (var answer : answers.values()) {
                    if (answer.isDone()) {
                        assertThat(answer.get())
                                .isInstanceOfAny(
                                        AccountStore.Write.Unknown.class,
                                        AccountStore.Write.Unavailable.class);
                    }
                }
            } finally {
                faults().resume();
            }
        }
        for (var answer : answers.entrySet()) {
            takesOnce(answer.getKey(), versions.get(answer.getKey()), answer.getValue().get());
        }
        assertThat(((AccountStore.Listing.Ok) reopened().list("")).accounts())
                .extracting(versioned -> versioned.account().seq())
                .hasSize(WRITERS)
                .containsOnly(3L);
    }

    /** The second write of an account, of which {@code said} was said. */
    private void takesOnce(AccountKey key, String version, AccountStore.Write said) {
        switch (said) {
            case AccountStore.Write.Ok _ -> {}
            case AccountStore.Write.Unknown _ -> saidAgain(account(key, 2), version);
            case AccountStore.Write.Unavailable _ ->
                    assertThat(saidAgain(account(key, 2), version))
                            .as("nothing had changed")
                            .isInstanceOf(AccountStore.Write.Ok.class);
            case AccountStore.Write.Conflict _ ->
                    throw new AssertionError(key + ": nobody else has written it");
        }
        var found = stored(key);
        assertThat(found.account()).isEqualTo(account(key, 2));
        written(account(key, 3), found.version());
    }

    // a ledger on the store

    private LedgerService ledger(long epoch, LeaseTotals... held) {
        var ledger = new LedgerService(present(), epoch);
        var budget = BudgetBuilder.budget("team-a/a").limit(LIMIT).build();
        ledger.updateBudgets(List.of(budget), NOW);
        var register = new LedgerCommand.Register(HOLDER, "pod-0", List.of(held));
        patiently()
                .until(
                        () -> ledger.handle(register, NOW),
                        told -> told.contains(new LedgerEffect.Registered(HOLDER, true, "")));
        ledger.tick(NOW);
        return ledger;
    }

    /** The answer to one Acquire, said again until the store is there to answer. */
    private static LedgerEffect asked(LedgerService ledger, int request, long micros, Instant now) {
        var acquire = new LedgerCommand.Acquire(HOLDER, request, key("a"), micros, micros, true);
        Predicate<LedgerEffect> answers =
                effect ->
                        effect instanceof LedgerEffect.Grant
                                || effect instanceof LedgerEffect.Denied denied
                                        && denied.reason() != DeniedReason.UNAVAILABLE;
        return patiently()
                .until(
                        () -> ledger.handle(acquire, now).stream().filter(answers).toList(),
                        told -> !told.isEmpty())
                .getFirst();
    }

    private static void granted(LedgerService ledger, int request, long micros, long amount) {
        var answer = asked(ledger, request, micros, NOW);
        assertThat(answer).isInstanceOf(LedgerEffect.Grant.class);
        assertThat(((LedgerEffect.Grant) answer).amountMicros()).isEqualTo(amount);
    }

    @Test
    void lendsMoneyOnceWhateverBecomesOfTheWrites() {
        var ledger = ledger(1);
        granted(ledger, 1, 100, 100);
        faults().loseNextAnswer();
        granted(ledger, 2, 100, 200);
        faults().loseNextWrite();
        granted(ledger, 3, 100, 300);
        faults().doubleNextWrite();
        granted(ledger, 4, 100, 400);
        assertThat(stored(key("a")).account().outstandingMicros()).isEqualTo(400);
        lendsTheRestOnly(ledger, 5, LIMIT - 400, NOW);
    }

    private void lendsTheRestOnly(LedgerService ledger, int request, long rest, Instant now) {
        assertThat(asked(ledger, request, rest + 1, now))
                .as("%d are left", rest)
                .isInstanceOf(LedgerEffect.Denied.class);
        assertThat(asked(ledger, request + 1, rest, now)).isInstanceOf(LedgerEffect.Grant.class);
        assertThat(stored(key("a")).account().remainingMicros()).isZero();
    }

    // the store comes back older than what it has acknowledged

    @Test
    void lendsNoMoneyTwiceWhenItComesBackOlderUnderALedger() throws Exception {
        var ledger = ledger(1);
        granted(ledger, 1, 100, 100);
        faults().backUp();
        granted(ledger, 2, 100, 200);
        granted(ledger, 3, 100, 300);
        faults().regress();
        frozenUntilAllIsTold(ledger, 4);
        assertThat(stored(key("a")).account().outstandingMicros()).isEqualTo(300);
        lendsTheRestOnly(
                ledger, 6, LIMIT - 300, NOW.plus(LedgerService.FREEZE_MIN.multipliedBy(2)));
    }

    @Test
    void lendsNoMoneyTwiceWhenItComesBackOlderToANewLedgerThatAHolderTellsOfMore()
            throws Exception {
        var first = ledger(1);
        granted(first, 1, 100, 100);
        faults().backUp();
        for (var request = 2; request <= 7; request++) {
            granted(first, request, 100, 100L * request);
        }
        long seq = stored(key("a")).account().seq();
        faults().regress();
        reopened();

        var next = ledger(2, new LeaseTotals(key("a"), 1, 700, 650, 0, 0, 0, seq, false));
        var rebuilt = stored(key("a")).account();
        assertThat(rebuilt.seq()).isGreaterThanOrEqualTo(seq);
        assertThat(rebuilt.settledMicros()).isEqualTo(650);
        assertThat(rebuilt.outstandingMicros()).isEqualTo(50);
        frozenUntilAllIsTold(next, 8);
        lendsTheRestOnly(next, 10, LIMIT - 700, NOW.plus(LedgerService.FREEZE_MIN.multipliedBy(2)));
    }

    /** The one that froze the account did not live to hear all. */
    @Test
    void keepsAnAccountFrozenForTheLedgerThatComesInTheFreeze() throws Exception {
        var first = ledger(1);
        granted(first, 1, 100, 100);
        faults().backUp();
        for (var request = 2; request <= 7; request++) {
            granted(first, request, 100, 100L * request);
        }
        long seq = stored(key("a")).account().seq();
        faults().regress();
        reopened();
        var before = stored(key("a")).account();
        assertThat(before.isFrozen()).isFalse();
        ledger(2, new LeaseTotals(key("a"), 1, 700, 650, 0, 0, 0, seq, false));
        var rebuilt = read(reopened(), key("a")).account();
        assertThat(rebuilt.frozenAtSeq()).isEqualTo(before.seq());
        assertThat(((AccountStore.Listing.Ok) store().list("")).accounts())
                .extracting(AccountStore.Versioned::account)
                .containsExactly(rebuilt);

        var next = ledger(3);
        frozenUntilAllIsTold(next, 8);
        assertThat(read(reopened(), key("a")).account().isFrozen()).isFalse();
        lendsTheRestOnly(next, 10, LIMIT - 700, NOW.plus(LedgerService.FREEZE_MIN.multipliedBy(2)));
    }

    /** The freeze is over after twice its time: the store's identity is asked now and then. */
    private static void frozenUntilAllIsTold(LedgerService ledger, int request) {
        var frozen = asked(ledger, request, 100, NOW);
        assertThat(frozen).isInstanceOf(LedgerEffect.Denied.class);
        assertThat(((LedgerEffect.Denied) frozen).reason()).isEqualTo(DeniedReason.FROZEN);
        assertThat(ledger.frozen()).containsExactly(key("a"));
        var end = NOW.plus(LedgerService.FREEZE_MIN.multipliedBy(2));
        for (var now = NOW; !now.isAfter(end); now = now.plusSeconds(15)) {
            assertThat(
                            ledger.frozen().isEmpty()
                                    && now.isBefore(NOW.plus(LedgerService.FREEZE_MIN)))
                    .as("thawed too early, at %s", now)
                    .isFalse();
            ledger.tick(now);
        }
        assertThat(ledger.frozen()).isEmpty();
    }
}
