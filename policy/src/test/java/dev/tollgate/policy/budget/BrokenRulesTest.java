package dev.tollgate.policy.budget;

import static dev.tollgate.policy.budget.LedgerModel.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tollgate.policy.budget.LedgerModel.Store;
import dev.tollgate.policy.budget.LedgerModel.StoreMood;
import dev.tollgate.policy.price.Bound;
import dev.tollgate.policy.price.BoundInput;
import dev.tollgate.policy.price.Cost;
import dev.tollgate.policy.price.TokenCounts;
import dev.tollgate.policy.price.UpperBound;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.ModelEntry;
import dev.tollgate.policy.snapshot.PriceEntry;
import dev.tollgate.policy.snapshot.Snapshots;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/**
 * Rules that are broken on purpose and that neither the search nor the simulation reaches: what
 * must hold of the real ledger is asserted, and must not hold of a broken one.
 */
class BrokenRulesTest {

    private static final long LIMIT = 10;
    private static final HolderId HERE = new HolderId("here", 1);
    private static final HolderId SILENT = new HolderId("silent", 1);
    private static final Predicate<Set<String>> FLEET = Set.of("here", "silent")::equals;

    private final Store store = new Store(Map.of(), StoreMood.WORKS);

    @Test
    void noTimeEndsAFreeze() {
        neverGivesMoreThanTheLimitWhenTheStoreForgets(FLEET);
    }

    @Test
    void catchesAFreezeThatIsEndedByTime() {
        assertThatThrownBy(() -> neverGivesMoreThanTheLimitWhenTheStoreForgets(any -> true))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("granted");
    }

    /** Two hold half of it each; one of them does not tell a ledger that knows of none. */
    private void neverGivesMoreThanTheLimitWhenTheStoreForgets(Predicate<Set<String>> complete) {
        var budget = LedgerModel.budget(LIMIT);
        var before = new LedgerService(store, 1, complete);
        before.updateBudgets(List.of(budget), NOW);
        for (var holder : List.of(HERE, SILENT)) {
            register(before, holder, List.of());
            assertThat(ask(before, holder, 1, budget, LIMIT / 2, NOW)).isEqualTo(LIMIT / 2);
        }
        var seq = store.accounts.get(LedgerModel.KEY).seq();
        store.accounts.clear();
        var after = new LedgerService(store, 2, complete);
        after.updateBudgets(List.of(budget), NOW);
        var held = new LeaseTotals(LedgerModel.KEY, 1, LIMIT / 2, 0, 0, 0, 0, seq, false);
        register(after, HERE, List.of(held));
        assertThat(after.frozen()).containsExactly(LedgerModel.KEY);

        var now = NOW;
        for (var minute = 1; minute <= 60; minute++) {
            now = NOW.plusSeconds(60L * minute);
            after.tick(now);
        }
        var mine = Math.max(LIMIT / 2, ask(after, HERE, 2, budget, LIMIT / 2, now));
        assertThat(mine + LIMIT / 2).as("granted").isLessThanOrEqualTo(LIMIT);
    }

    @Test
    void aBudgetThatIsMadeAgainHasTheAccountThatItHad() {
        givesOutTheLimitOnce(uid -> LedgerModel.budget(LIMIT).key());
    }

    @Test
    void catchesAnAccountThatIsOfOneObject() {
        assertThatThrownBy(() -> givesOutTheLimitOnce(uid -> "team-a/monthly." + uid))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("granted");
    }

    /**
     * @param key of an object's account, by the object's uid
     */
    private void givesOutTheLimitOnce(UnaryOperator<String> key) {
        var ledger = new LedgerService(store, 1);
        register(ledger, HERE, List.of());
        var granted = 0L;
        for (var uid : List.of("6f1c", "a2b9")) {
            var budget = BudgetBuilder.as(LedgerModel.budget(LIMIT), key.apply(uid)).build();
            ledger.updateBudgets(List.of(budget), NOW);
            granted += ask(ledger, HERE, 1 + (int) granted, budget, LIMIT, NOW);
            ledger.updateBudgets(List.of(), NOW);
            ledger.tick(NOW);
        }
        assertThat(granted).as("granted").isEqualTo(LIMIT);
    }

    @Test
    void holdsWhatIsBilledForAModelWhosePriceIsUnknown() {
        holdsWhatIsBilled(model -> model);
    }

    @Test
    void catchesAPriceOfZeroIfItIsUnknown() {
        assertThatThrownBy(() -> holdsWhatIsBilled(model -> priced(model, FREE)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("held");
    }

    private static final PriceEntry FREE = new PriceEntry(0, 0, 0, 0, 0, 0, 0, 0, List.of(), "");

    /**
     * @param taken for a model whose price is unknown
     */
    private static void holdsWhatIsBilled(UnaryOperator<ModelEntry> taken) {
        var model =
                new ModelEntry("m", List.of(), null, 8_192L, 1_024L, List.of("Chat"), 50, 8_192);
        var input = new BoundInput(40, 1, false, 0, 0, List.of(), OptionalLong.of(100), 1, false);
        // who cannot be bounded is not sent, and not billed
        if (UpperBound.of(taken.apply(model), input) instanceof Bound.Bounded bound) {
            var billed = Cost.of(Snapshots.PRICE, TokenCounts.of(40, 100));
            assertThat(bound.cost()).as("held").isGreaterThanOrEqualTo(billed);
        }
    }

    private static ModelEntry priced(ModelEntry model, PriceEntry price) {
        return new ModelEntry(
                model.name(),
                List.of(),
                price,
                model.contextTokens(),
                model.maxOutputTokens(),
                List.of("Chat"),
                50,
                8_192);
    }

    private static void register(LedgerService ledger, HolderId holder, List<LeaseTotals> leases) {
        ledger.handle(new LedgerCommand.Register(holder, holder.logId(), leases), NOW);
    }

    /** The lease's new amount; 0: nothing. */
    private static long ask(
            LedgerService ledger,
            HolderId holder,
            int request,
            BudgetEntry budget,
            long micros,
            Instant now) {
        var key = AccountKey.of(budget.key(), "", LedgerModel.KEY.window());
        var acquire = new LedgerCommand.Acquire(holder, request, key, micros, micros, true);
        for (var effect : ledger.handle(acquire, now)) {
            if (effect instanceof LedgerEffect.Grant grant) {
                return grant.amountMicros();
            }
        }
        return 0;
    }
}
