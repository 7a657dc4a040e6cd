package dev.tollgate.operator.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.crds.valkey.DurableValkey;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.DeniedReason;
import dev.tollgate.policy.budget.FencedStore;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LeaseTotals;
import dev.tollgate.policy.budget.LedgerCommand;
import dev.tollgate.policy.budget.LedgerEffect;
import dev.tollgate.policy.budget.LedgerService;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The real ledger on a real server that loses its last second, again and again: what holders may
 * spend is never more than the limit, and in the end all of it.
 */
class ValkeyLedgerTest {

    @RegisterExtension static final DurableValkey SERVER = new DurableValkey();

    private static final AccountKey KEY = AccountKey.parse("team-a/all//lifetime");
    private static final long LIMIT = 1_000;
    private static final Duration FREEZE = Duration.ofSeconds(120);
    private static final int ROUNDS = 6;
    private static final int STEPS = 8;

    private static Vertx vertx;

    private final List<ValkeyAccountStore> stores = new ArrayList<>();
    private final List<Holder> fleet =
            List.of(new Holder("one"), new Holder("two"), new Holder("three"));
    private LedgerService ledger;
    private Instant now = Instant.parse("2026-11-21T09:00:00Z");
    private long epoch;

    /** A proxy that remembers what it was granted, and what it has done with it. */
    private final class Holder {
        final HolderId id;
        long request;
        long amount;
        long settled;
        long returned;
        long seq;

        Holder(String log) {
            id = new HolderId(log, 1);
        }

        void register() {
            var leases = amount == 0 ? List.<LeaseTotals>of() : List.of(totals());
            tell(new LedgerCommand.Register(id, id.logId(), leases));
        }

        LeaseTotals totals() {
            return new LeaseTotals(KEY, 1, amount, settled, returned, 0, 0, seq, false);
        }

        void acquire(long micros) {
            request++;
            tell(new LedgerCommand.Acquire(id, request, KEY, micros, micros, true));
        }

        void spend(long settles, long returns) {
            settled += Math.min(settles, amount - settled - returned);
            returned += Math.min(returns, amount - settled - returned);
            tell(new LedgerCommand.Report(id, List.of(totals())));
        }

        void take(LedgerEffect.Grant grant) {
            amount = Math.max(amount, grant.amountMicros());
            seq = Math.max(seq, grant.seq());
        }
    }

    private List<LedgerEffect> tell(LedgerCommand command) {
        var effects = ledger.handle(command, now);
        for (var effect : effects) {
            if (effect instanceof LedgerEffect.Grant grant) {
                fleet.stream()
                        .filter(holder -> holder.id.equals(grant.to()))
                        .forEach(holder -> holder.take(grant));
            }
        }
        assertThat(fleet.stream().mapToLong(holder -> holder.amount - holder.returned).sum())
                .as("held or spent by the fleet")
                .isLessThanOrEqualTo(LIMIT);
        return effects;
    }

    @BeforeAll
    static void vertx() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void closeVertx() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @BeforeEach
    void start() {
        startLedger();
        waitForTheFreeze();
    }

    @AfterEach
    void close() {
        stores.forEach(ValkeyAccountStore::close);
    }

    /** As an operator does. */
    private void startLedger() {
        var store =
                new ValkeyAccountStore(
                        vertx,
                        new ValkeyServer(
                                false,
                                "127.0.0.1",
                                SERVER.port(),
                                0,
                                null,
                                SERVER.password(),
                                null,
                                null),
                        "fleet");
        stores.add(store);
        assertThat(store.list("")).isInstanceOf(AccountStore.Listing.Ok.class);
        epoch++;
        ledger =
                new LedgerService(
                        new FencedStore(store, epoch, _ -> {}),
                        epoch,
                        registered -> registered.containsAll(Set.of("one", "two", "three")));
        ledger.whenHeardAll(store::proven);
        if (store.unproven()) {
            ledger.freezeAll(now);
        }
        ledger.updateBudgets(List.of(budget()), now);
        ledger.tick(now);
    }

    private static BudgetEntry budget() {
        return BudgetBuilder.budget(KEY.budget())
                .limit(LIMIT)
                .period(BudgetEntry.Period.Type.LIFETIME)
                .build();
    }

    private void waitForTheFreeze() {
        fleet.forEach(Holder::register);
        waitForItsEnd();
    }

    /** The store's identity is looked at every 30 s: a freeze of all may begin as late as that. */
    private void waitForItsEnd() {
        now = now.plusSeconds(30);
        ledger.tick(now);
        now = now.plus(FREEZE);
        ledger.tick(now);
    }

    /** Until there is no more. */
    private void takeTheRest() {
        waitForTheFreeze();
        boolean more = true;
        while (more) {
            more = false;
            for (var holder : fleet) {
                long before = holder.amount;
                holder.acquire(1);
                more |= holder.amount > before;
            }
        }
    }

    private long held() {
        return fleet.stream().mapToLong(holder -> holder.amount - holder.returned).sum();
    }

    private void stepAtRandom(Random random) {
        var holder = fleet.get(random.nextInt(fleet.size()));
        if (random.nextInt(3) == 0) {
            holder.spend(random.nextInt(40), random.nextInt(40));
        } else {
            holder.acquire(1 + random.nextInt(60));
        }
        now = now.plusMillis(random.nextInt(2_000));
        ledger.tick(now);
    }

    @RepeatedTest(2)
    void neverGrantsWhatAServerHasForgottenThatItWasGranted() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            for (int step = 0; step < STEPS; step++) {
                stepAtRandom(random);
            }
            long mark = SERVER.fileBytes();
            for (int step = 0; step < STEPS; step++) {
                stepAtRandom(random);
            }
            SERVER.restartWithFileCutTo(mark);
            if (random.nextBoolean()) {
                startLedger(); // the operator is on the same node
                fleet.get(random.nextInt(fleet.size())).register();
            }
            for (int step = 0; step < STEPS; step++) {
                stepAtRandom(random);
            }
            waitForTheFreeze();
        }
        takeTheRest();
        assertThat(held()).as("seed %d", seed).isEqualTo(LIMIT);
    }

    @Test
    void givesNobodyWhatAnotherHoldsWhoHasNotToldYet() {
        var one = fleet.getFirst();
        var late = fleet.getLast();
        one.acquire(100);
        long mark = SERVER.fileBytes();
        one.acquire(800);
        SERVER.restartWithFileCutTo(mark);
        startLedger();
        startLedger(); // the first one has seen that the server is another run, and is gone
        late.register();
        late.acquire(500);
        assertThat(late.amount).isZero();
        assertThat(tell(new LedgerCommand.Acquire(late.id, 9, KEY, 500, 500, true)))
                .singleElement()
                .isInstanceOfSatisfying(
                        LedgerEffect.Denied.class,
                        denied -> assertThat(denied.reason()).isEqualTo(DeniedReason.FROZEN));
        takeTheRest();
        assertThat(held()).isEqualTo(LIMIT);
    }

    @Test
    void grantsOnAfterARestartThatHasLostNothing() {
        var one = fleet.getFirst();
        one.acquire(100);
        SERVER.restart();
        now = now.plusSeconds(31);
        ledger.tick(now);
        one.acquire(100);
        assertThat(one.amount).isEqualTo(200);
        assertThat(ledger.frozen()).isEmpty();
    }

    @Test
    void freezesWhenTheDatabaseIsFlushedAndRebuildsWhatItKnew() {
        var one = fleet.getFirst();
        one.acquire(400);
        one.spend(300, 0);
        SERVER.command("FLUSHALL");
        fleet.getLast().acquire(500);
        assertThat(fleet.getLast().amount).isZero();
        assertThat(ledger.frozen()).containsExactly(KEY);
        takeTheRest();
        assertThat(held()).isEqualTo(LIMIT);
        assertThat(ledger.accounts().getFirst().settledMicros()).isEqualTo(300);
    }

    /** Nobody but the ledger knows any more what a proxy held that is gone. */
    @Test
    void keepsInMindWhatIsLostWhenItCannotBeRebuiltAtOnce() {
        var gone = fleet.getFirst();
        fleet.getLast().acquire(1);
        long mark = SERVER.fileBytes();
        gone.acquire(900);
        SERVER.restartWithFileCutTo(mark);
        ledger.disconnected(gone.id);
        var late = fleet.getLast();
        SERVER.relay().refuseWrite(2); // the first meets the conflict, the second rebuilds
        late.acquire(50);
        late.acquire(50);
        assertThat(late.amount).isEqualTo(1);
        ledger.handle(new LedgerCommand.Register(gone.id, gone.id.logId(), List.of()), now);
        fleet.get(1).register();
        late.register();
        waitForItsEnd();
        late.acquire(500);
        late.acquire(50);
        assertThat(late.amount).isEqualTo(51);
    }
}
