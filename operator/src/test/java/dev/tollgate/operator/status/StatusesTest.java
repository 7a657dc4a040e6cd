package dev.tollgate.operator.status;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.tollgate.crds.budget.BudgetStatus;
import dev.tollgate.crds.budget.ReclaimStatus;
import dev.tollgate.crds.budget.ViolationStatus;
import dev.tollgate.crds.resource.Condition;
import dev.tollgate.crds.resource.Condition.Status;
import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.crds.resource.ConditionType;
import dev.tollgate.crds.resource.Kind;
import dev.tollgate.crds.resource.LimitsStatus;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.operator.event.Notice;
import dev.tollgate.operator.event.Transitions;
import dev.tollgate.operator.push.Fleet;
import dev.tollgate.operator.push.Release;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LeaseAccount;
import dev.tollgate.policy.compile.Figures;
import dev.tollgate.policy.compile.Finding;
import dev.tollgate.policy.compile.Verdict;
import dev.tollgate.policy.push.RateStore;
import dev.tollgate.policy.share.LimitKey;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.RevisionNumber;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class StatusesTest {

    private static final ResourceKey MONTHLY = new ResourceKey(Kind.BUDGET, "team-a", "monthly");
    private static final Instant START = Instant.parse("2026-11-01T00:00:00Z");
    private static final Instant NOW = Instant.parse("2026-11-21T09:00:00Z");

    private static Finding accepted(boolean yes) {
        return yes
                ? new Finding(
                        ConditionType.ACCEPTED, Status.TRUE, ConditionReason.ACCEPTED, "valid")
                : new Finding(
                        ConditionType.ACCEPTED,
                        Status.FALSE,
                        ConditionReason.UNSUPPORTED_VALUE,
                        "spec.tags: not yet");
    }

    private static Verdict verdict(long generation, @Nullable Long served, boolean ok) {
        return new Verdict(
                MONTHLY,
                generation,
                served,
                List.of(accepted(ok)),
                ok,
                List.of(),
                new Figures.OfBudget());
    }

    private static final BudgetEntry ENTRY =
            BudgetBuilder.budget("team-a/monthly").limit(10_000_000).build();

    private static Account account(long settledMicros) {
        return account(settledMicros, 0);
    }

    private static Account account(long settledMicros, long overrunMicros) {
        return new Account(
                AccountKey.parse("team-a/monthly//2026-11-01T00:00:00Z--2026-12-01T00:00:00Z"),
                10_000_000,
                settledMicros,
                overrunMicros,
                0,
                null,
                1,
                1,
                List.of(),
                List.of());
    }

    private static Account fullAccount() {
        var account = account(1_000_000);
        var leases = new ArrayList<LeaseAccount>();
        for (var i = 0; i < Account.MAX_LEASES; i++) {
            leases.add(
                    new LeaseAccount(
                            new HolderId("log" + i, 1), 1, 0, 0, 0, 1, LeaseAccount.State.OPEN));
        }
        return new Account(
                account.key(),
                account.limitMicros(),
                account.settledMicros(),
                0,
                0,
                null,
                1,
                1,
                leases,
                List.of());
    }

    private static final Instant SEEN = NOW.minusSeconds(1);

    private static Optional<BudgetStatus> violated(
            BudgetEntry entry, @Nullable BudgetStatus before, @Nullable Instant written) {
        return violated(entry, before, written, true);
    }

    private static Optional<BudgetStatus> violated(
            BudgetEntry entry,
            @Nullable BudgetStatus before,
            @Nullable Instant written,
            boolean stops) {
        return statuses(
                        verdict(1, 1L, true),
                        Map.of("team-a/monthly", entry),
                        account(1_000_000),
                        NOW,
                        Map.of(),
                        Map.of(
                                "team-a/monthly",
                                new ViolationStatus(SEEN, "req_1", "0.5", "0.2", "proxy-1", stops)))
                .budget(MONTHLY, 1, before, written);
    }

    @Test
    void tellsAtOnceWhatWasBilledAboveItsBoundAndThatItIsAcknowledged() {
        var before = first(1_000_000);
        assertThat(before.conditions())
                .extracting(Condition::type)
                .doesNotContain(ConditionType.BOUND_VIOLATION);

        var status = violated(ENTRY, before, NOW).orElseThrow();
        var open = condition(status, ConditionType.BOUND_VIOLATION);
        assertThat(open.status()).isEqualTo(Status.TRUE);
        assertThat(open.reason()).isEqualTo(ConditionReason.BOUND_VIOLATION);
        assertThat(open.message())
                .contains("req_1", "0.5 USD", "0.2 USD", "every request is refused")
                .contains("tollgate.dev/violation-acknowledged-at=" + SEEN);
        assertThat(status.lastViolation().proxy()).isEqualTo("proxy-1");
        assertThat(condition(status, ConditionType.READY).status()).isEqualTo(Status.TRUE);
        assertThat(violated(ENTRY, status, NOW)).isEmpty();

        var early = BudgetBuilder.as(ENTRY).acknowledgedAt(SEEN.minusMillis(1)).build();
        assertThat(violated(early, status, NOW)).isEmpty();
        var acknowledged = BudgetBuilder.as(ENTRY).acknowledgedAt(SEEN).build();
        var over =
                condition(
                        violated(acknowledged, status, NOW).orElseThrow(),
                        ConditionType.BOUND_VIOLATION);
        assertThat(over.status()).isEqualTo(Status.FALSE);
        assertThat(over.reason()).isEqualTo(ConditionReason.ACKNOWLEDGED);
    }

    @Test
    void saysThatASoftBudgetIsNotStoppedByAViolation() {
        var soft = BudgetBuilder.as(ENTRY).mode(BudgetEntry.Mode.SOFT).build();
        var status = violated(soft, first(1_000_000), NOW).orElseThrow();
        assertThat(condition(status, ConditionType.BOUND_VIOLATION).message())
                .contains("nothing is refused");
    }

    @Test
    void saysThatAViolationOfAnotherNamespacesProviderStopsNothing() {
        var status = violated(ENTRY, first(1_000_000), NOW, false).orElseThrow();
        var condition = condition(status, ConditionType.BOUND_VIOLATION);
        assertThat(condition.status()).isEqualTo(Status.TRUE);
        assertThat(condition.message())
                .contains("nothing is refused", "the provider is another namespace's");
        assertThat(status.lastViolation().stops()).isFalse();
    }

    @Test
    void saysWhenProxiesThatAreNewGetNoMore() {
        var status = of(ENTRY, fullAccount());

        var exhausted = condition(status, ConditionType.EXHAUSTED);
        assertThat(exhausted.status()).isEqualTo(Status.TRUE);
        assertThat(exhausted.reason()).isEqualTo(ConditionReason.LEDGER_FULL);
        assertThat(exhausted.message())
                .contains("256", "or the window ends", "ledger show", "ledger reclaim");
    }

    @Test
    void saysOfAFullLifetimeBudgetThatNoWindowEnds() {
        var full = fullAccount();
        var account = lifetimeAccount(1_000_000, full.leases());
        var status =
                statuses(verdict(1, 1L, true), LIFETIME, account, NOW)
                        .budget(MONTHLY, 1, null, null)
                        .orElseThrow();
        var exhausted = condition(status, ConditionType.EXHAUSTED);
        assertThat(exhausted.reason()).isEqualTo(ConditionReason.LEDGER_FULL);
        assertThat(exhausted.message())
                .contains("create another Budget", "ledger reclaim")
                .doesNotContain("or the window ends");
    }

    private static Statuses frozen(BudgetEntry entry, Account account) {
        return statuses(
                verdict(1, 1L, true),
                Map.of("team-a/monthly", entry),
                account,
                NOW,
                Map.of(),
                Map.of(),
                Map.of(),
                Set.of(account.key()));
    }

    @Test
    void saysThatNothingIsGrantedOfAFrozenAccountAndThatThereIsMoneyAgain() {
        var before = first(1_000_000);
        var status =
                frozen(ENTRY, account(1_000_000)).budget(MONTHLY, 1, before, NOW).orElseThrow();

        var exhausted = condition(status, ConditionType.EXHAUSTED);
        assertThat(exhausted.status()).isEqualTo(Status.TRUE);
        assertThat(exhausted.reason()).isEqualTo(ConditionReason.LEDGER_FROZEN);
        assertThat(exhausted.message())
                .startsWith("nothing is granted until all proxies have told what they hold: ")
                .doesNotContain("256");
        assertThat(Transitions.of(before, status))
                .containsExactly(new Notice(Notice.Reason.BUDGET_EXHAUSTED, exhausted.message()));
        assertThat(frozen(ENTRY, account(1_000_000)).budget(MONTHLY, 1, status, NOW))
                .as("said once")
                .isEmpty();

        var thawed =
                statuses(verdict(1, 1L, true), 1_000_000, NOW)
                        .budget(MONTHLY, 1, status, NOW)
                        .orElseThrow();
        assertThat(condition(thawed, ConditionType.EXHAUSTED).status()).isEqualTo(Status.FALSE);
        assertThat(Transitions.of(status, thawed))
                .containsExactly(new Notice(Notice.Reason.BUDGET_RESET, "there is money again"));
    }

    @Test
    void saysWhyAFullAccountStaysFrozen() {
        var told = exhausted(frozen(ENTRY, fullAccount()));
        assertThat(told.reason()).isEqualTo(ConditionReason.LEDGER_FROZEN);
        assertThat(told.message())
                .contains("256 leases are counted", "no room until another one is closed")
                .contains("ledger show", "ledger reclaim");
    }

    @Test
    void saysThatAFreezeRefusesNobodyWhoIsServedAllTheSame() {
        for (var mode : List.of(BudgetEntry.Mode.SOFT, BudgetEntry.Mode.SHADOW)) {
            var entry = BudgetBuilder.as(ENTRY).mode(mode).build();
            assertThat(exhausted(frozen(entry, account(1_000_000))).message())
                    .contains(mode == BudgetEntry.Mode.SOFT ? "mode Soft" : "nothing is refused");
        }
        assertThat(exhausted(frozen(ENTRY, account(10_000_000))).reason())
                .as("it would be spent without")
                .isEqualTo(ConditionReason.EXHAUSTED);
    }

    private static Statuses unreadable(List<AccountStore.Damaged> damaged) {
        var accounts = damaged.isEmpty() ? List.of(account(2_000_000)) : List.<Account>of();
        var entry = BudgetBuilder.as(ENTRY).resetAt(NOW.minusSeconds(60)).build();
        return new Statuses(
                new Picture(
                        Map.of(MONTHLY, verdict(1, 1L, true)),
                        Map.of(),
                        fleet(1, NOW),
                        Map.of("team-a/monthly", entry),
                        new LedgerFigures(accounts, damaged, Set.of(), Map.of(), Map.of()),
                        Map.of(),
                        Map.of(),
                        Map.of(),
                        Set.of(),
                        Map.of(),
                        Map.of(),
                        Map.of()),
                NOW);
    }

    @Test
    void saysThatNothingIsGrantedBecauseTheAccountCannotBeRead() {
        var damaged =
                new AccountStore.Damaged(
                        account(0).key(),
                        "BudgetLedger team-a.monthly.20261101.9f3c",
                        1,
                        "its lease is none");
        var before = unreadable(List.of()).budget(MONTHLY, 1, null, null).orElseThrow();
        assertThat(before.spent()).isEqualTo("2");

        var hidden = unreadable(List.of(damaged));
        var status = hidden.budget(MONTHLY, 1, before, NOW).orElseThrow();
        var exhausted = condition(status, ConditionType.EXHAUSTED);
        assertThat(exhausted.status()).isEqualTo(Status.TRUE);
        assertThat(exhausted.reason()).isEqualTo(ConditionReason.LEDGER_UNREADABLE);
        assertThat(exhausted.message()).contains(damaged.name(), "its lease is none");
        assertThat(status.spent()).as("as last known").isEqualTo("2");
        assertThat(status.lastHandledReset()).as("nobody knows").isNull();
        assertThat(hidden.budget(MONTHLY, 1, status, NOW)).as("said once").isEmpty();

        var first = hidden.budget(MONTHLY, 1, null, null).orElseThrow();
        assertThat(first.spent()).as("no figure for what nobody knows").isNull();
        assertThat(condition(first, ConditionType.EXHAUSTED).reason())
                .isEqualTo(ConditionReason.LEDGER_UNREADABLE);

        var otherWindow = AccountKey.parse("team-a/monthly//lifetime");
        var old = new AccountStore.Damaged(otherWindow, "old", 1, "its lease is none");
        assertThat(exhausted(unreadable(List.of(old))).status()).isEqualTo(Status.FALSE);
    }

    private static Fleet fleet(long generation, Instant now) {
        var release =
                new Release(
                        new RevisionNumber(1, 1),
                        "digest",
                        ByteString.EMPTY,
                        1,
                        Map.of(MONTHLY, generation));
        return Fleet.restored(release, List.of("one"), now);
    }

    private static Statuses statuses(Verdict verdict, long settledMicros, Instant now) {
        return statuses(verdict, ENTRY, account(settledMicros), now);
    }

    private static Statuses statuses(
            Verdict verdict, BudgetEntry entry, Account account, Instant now) {
        return statuses(verdict, entry, account, now, Map.of());
    }

    private static Statuses statuses(
            Verdict verdict,
            BudgetEntry entry,
            Account account,
            Instant now,
            Map<String, ReclaimStatus> reclaims) {
        return statuses(verdict, Map.of("team-a/monthly", entry), account, now, reclaims);
    }

    private static Statuses statuses(
            Verdict verdict,
            Map<String, BudgetEntry> entries,
            Account account,
            Instant now,
            Map<String, ReclaimStatus> reclaims) {
        return statuses(verdict, entries, account, now, reclaims, Map.of());
    }

    private static Statuses statuses(
            Verdict verdict,
            Map<String, BudgetEntry> entries,
            Account account,
            Instant now,
            Map<String, ReclaimStatus> reclaims,
            Map<String, ViolationStatus> violations) {
        return statuses(verdict, entries, account, now, reclaims, violations, Map.of(), Set.of());
    }

    private static Statuses statuses(
            Verdict verdict,
            Map<String, BudgetEntry> entries,
            Account account,
            Instant now,
            Map<String, ReclaimStatus> reclaims,
            Map<String, ViolationStatus> violations,
            Map<AccountKey, Long> paces,
            Set<AccountKey> frozen) {
        return new Statuses(
                new Picture(
                        Map.of(MONTHLY, verdict),
                        Map.of(),
                        fleet(verdict.generation(), now),
                        entries,
                        new LedgerFigures(List.of(account), List.of(), frozen, Map.of(), paces),
                        Map.of(),
                        Map.of(),
                        Map.of(),
                        Set.of(),
                        Map.of(),
                        reclaims,
                        violations),
                now);
    }

    @Test
    void whatWasSpentBeforeAnAccountWasRestoredIsNotTakenForTheSpendOfSeconds() {
        var told = account(4_000_000);
        var restored =
                new Account(
                        told.key(),
                        told.limitMicros(),
                        told.settledMicros(),
                        0,
                        0,
                        NOW.minusSeconds(10),
                        1,
                        1,
                        List.of(),
                        List.of());
        assertThat(
                        statuses(verdict(1, 1L, true), ENTRY, restored, NOW)
                                .budget(MONTHLY, 1, null, null))
                .isEqualTo(
                        statuses(verdict(1, 1L, true), ENTRY, told, NOW)
                                .budget(MONTHLY, 1, null, null));
    }

    private static BudgetStatus first(long settledMicros) {
        return statuses(verdict(1, 1L, true), settledMicros, NOW)
                .budget(MONTHLY, 1, null, null)
                .orElseThrow();
    }

    private static Condition condition(BudgetStatus status, ConditionType type) {
        return status.conditions().stream().filter(c -> c.type() == type).findFirst().orElseThrow();
    }

    @Test
    void reportsWhatTheLedgerSays() {
        var status = first(3_120_000);
        assertThat(status.spent()).isEqualTo("3.12");
        assertThat(status.remaining()).isEqualTo("6.88");
        assertThat(status.usedPercent()).isEqualTo(31);
        assertThat(status.periodStart()).isEqualTo(START);
        assertThat(status.resets()).isEqualTo("2026-12-01T00:00:00Z");
        assertThat(condition(status, ConditionType.READY).status()).isEqualTo(Status.TRUE);
        assertThat(condition(status, ConditionType.EXHAUSTED).status()).isEqualTo(Status.FALSE);
    }

    @Test
    void writesNothingForTheSameAgain() {
        assertThat(
                        statuses(verdict(1, 1L, true), 3_120_000, NOW.plusSeconds(90))
                                .budget(MONTHLY, 1, first(3_120_000), NOW))
                .isEmpty();
    }

    @Test
    void writesNoFiguresThatMoveByLessThanOnePercent() {
        assertThat(
                        statuses(verdict(1, 1L, true), 3_190_000, NOW.plusSeconds(90))
                                .budget(MONTHLY, 1, first(3_120_000), NOW))
                .isEmpty();
    }

    @Test
    void writesMovedFiguresAtMostEachThirtySeconds() {
        var before = first(3_120_000);
        assertThat(
                        statuses(verdict(1, 1L, true), 5_000_000, NOW.plusSeconds(29))
                                .budget(MONTHLY, 1, before, NOW))
                .isEmpty();
        assertThat(
                        statuses(verdict(1, 1L, true), 5_000_000, NOW.plusSeconds(30))
                                .budget(MONTHLY, 1, before, NOW))
                .get()
                .extracting(BudgetStatus::usedPercent)
                .isEqualTo(50);
    }

    private static Map<String, BudgetEntry> thousand() {
        var many = new HashMap<String, BudgetEntry>();
        for (int i = 0; i < 1_000; i++) {
            many.put("team-b/budget-" + i, ENTRY);
        }
        many.put("team-a/monthly", ENTRY);
        return many;
    }

    private static boolean written(
            Map<String, BudgetEntry> budgets, Account account, BudgetStatus before, int seconds) {
        return statuses(verdict(1, 1L, true), budgets, account, NOW.plusSeconds(seconds), Map.of())
                .budget(MONTHLY, 1, before, NOW)
                .isPresent();
    }

    /**
     * How many of a thousand Budgets, which all were written just now, have a write of figures in
     * each ten seconds, looked at every two.
     */
    private static List<Integer> writesOfAThousand(Account account, int seconds) {
        var before = first(3_120_000);
        var report = report(ENTRY, account);
        var written = new HashMap<String, Instant>();
        thousand().keySet().forEach(budget -> written.put(budget, NOW));
        var writes = new ArrayList<Integer>();
        for (int from = 0; from < seconds; from += 10) {
            int count = 0;
            for (int second = from; second < from + 10; second += 2) {
                var now = NOW.plusSeconds(second);
                for (var each : written.entrySet()) {
                    if (report.due(each.getKey(), before, each.getValue(), 1_000, now)) {
                        each.setValue(now);
                        count++;
                    }
                }
            }
            writes.add(count);
        }
        return writes;
    }

    @Test
    void writesFiguresOfManyBudgetsAtThreeASecondAlsoIfAllWereWrittenTogether() {
        for (var account : List.of(account(3_121_000), account(5_000_000))) {
            var writes = writesOfAThousand(account, 2_000);
            assertThat(writes.subList(0, 3)).containsOnly(0);
            assertThat(writes.get(3)).as("turns that came within thirty seconds").isLessThan(150);
            assertThat(writes.subList(4, 200)).allMatch(count -> count <= 60);
            int all = writes.stream().mapToInt(Integer::intValue).sum();
            assertThat(all).as("six turns of each").isBetween(5_500, 6_100);
        }
    }

    private static Account held(long micros) {
        var account = account(3_120_000);
        return new Account(
                account.key(),
                account.limitMicros(),
                account.settledMicros(),
                0,
                0,
                null,
                2,
                1,
                List.of(
                        new LeaseAccount(
                                new HolderId("one", 1),
                                micros,
                                0,
                                0,
                                0,
                                1,
                                LeaseAccount.State.OPEN)),
                List.of());
    }

    @Test
    void writesWhatProxiesHoldWhenItMovesByOnePercentOfTheAmount() {
        var one = Map.of("team-a/monthly", ENTRY);
        var before = of(ENTRY, held(200_000));
        assertThat(before.reserved()).isEqualTo("0.2");
        assertThat(written(one, held(100_001), before, 30)).isFalse();
        assertThat(written(one, held(100_000), before, 29)).isFalse();
        assertThat(written(one, held(100_000), before, 30)).isTrue();
        assertThat(written(one, held(299_999), before, 30)).isFalse();
        assertThat(written(one, held(300_000), before, 30)).isTrue();
    }

    @Test
    void noFigureIsOlderThanFiveMinutes() {
        var one = Map.of("team-a/monthly", ENTRY);
        var before = of(ENTRY, held(1));
        assertThat(written(one, held(0), before, 299)).isFalse();
        assertThat(written(one, held(0), before, 300)).isTrue();
        assertThat(written(one, account(3_120_001), first(3_120_000), 299)).isFalse();
        assertThat(written(one, account(3_120_001), first(3_120_000), 300)).isTrue();
    }

    @Test
    void writesTheMeanOfADayAgainWhenItMovedByOnePercent() {
        var one = Map.of("team-a/monthly", ENTRY);
        var before = first(3_120_000);
        // NOW is in the 21st day: the mean of as much moves by a percent in less than five hours
        assertThat(written(one, account(3_120_000), before, 4 * 3_600)).isFalse();
        var status =
                statuses(verdict(1, 1L, true), 3_120_000, NOW.plusSeconds(5 * 3_600))
                        .budget(MONTHLY, 1, before, NOW)
                        .orElseThrow();
        assertThat(new BigDecimal(status.burnPerDay()))
                .isLessThan(new BigDecimal(before.burnPerDay()));
    }

    private static final BudgetEntry LIFETIME =
            BudgetBuilder.as(ENTRY).period(BudgetEntry.Period.Type.LIFETIME).build();

    private static Account lifetimeAccount(long settledMicros, List<LeaseAccount> leases) {
        return new Account(
                AccountKey.parse("team-a/monthly//lifetime"),
                10_000_000,
                settledMicros,
                0,
                0,
                null,
                1,
                1,
                leases,
                List.of());
    }

    private static Optional<BudgetStatus> lifetime(
            long settledMicros, @Nullable Long perDay, @Nullable BudgetStatus before, Instant now) {
        var spent = lifetimeAccount(settledMicros, List.of());
        var paces = perDay == null ? Map.<AccountKey, Long>of() : Map.of(spent.key(), perDay);
        return statuses(
                        verdict(1, 1L, true),
                        Map.of("team-a/monthly", LIFETIME),
                        spent,
                        now,
                        Map.of(),
                        Map.of(),
                        paces,
                        Set.of())
                .budget(MONTHLY, 1, before, before == null ? null : NOW);
    }

    @Test
    void tellsWhenALifetimeBudgetIsEmptyAtThePaceOfLate() {
        var status = lifetime(4_000_000, 1_500_000L, null, NOW).orElseThrow();
        assertThat(status.burnPerDay()).isEqualTo("1.5");
        assertThat(status.emptyAt()).isEqualTo(NOW.plus(Duration.ofDays(4)));
        assertThat(status.resets()).isNull();

        var idle = lifetime(4_000_000, 0L, null, NOW).orElseThrow();
        assertThat(idle.burnPerDay()).isEqualTo("0");
        assertThat(idle.emptyAt()).isNull();
        assertThat(lifetime(4_000_000, 1L, null, NOW).orElseThrow().emptyAt())
                .as("in 16,000 years")
                .isNull();
        assertThat(lifetime(10_000_000, 1_500_000L, null, NOW).orElseThrow().emptyAt())
                .as("it is empty")
                .isNull();
    }

    @Test
    void saysNothingOfAPaceThatNobodyHasSeenAndKeepsWhatAnEarlierOperatorSaw() {
        var unknown = lifetime(4_000_000, null, null, NOW).orElseThrow();
        assertThat(unknown.burnPerDay()).isNull();
        assertThat(unknown.emptyAt()).isNull();
        var known = lifetime(4_000_000, 1_500_000L, unknown, NOW.plusSeconds(600)).orElseThrow();
        assertThat(known.burnPerDay()).isEqualTo("1.5");

        var again = lifetime(5_000_000, null, known, NOW.plusSeconds(900)).orElseThrow();
        assertThat(again.spent()).isEqualTo("5");
        assertThat(again.burnPerDay()).isEqualTo("1.5");
        assertThat(again.emptyAt()).isEqualTo(known.emptyAt());
        assertThat(lifetime(5_000_000, null, again, NOW.plusSeconds(3_600))).isEmpty();

        var month = first(4_000_000);
        assertThat(lifetime(4_000_000, null, month, NOW).orElseThrow().burnPerDay())
                .as("of another window")
                .isNull();
    }

    /** How often it would be written in so many seconds, looked at every 2 s. */
    private static int turns(Map<String, BudgetEntry> budgets, Account account, int seconds) {
        var before = first(3_120_000);
        int turns = 0;
        for (int second = 0; second < seconds; second += 2) {
            var now = NOW.plusSeconds(second);
            var status =
                    statuses(verdict(1, 1L, true), budgets, account, now, Map.of())
                            .budget(MONTHLY, 1, before, null);
            turns += status.isPresent() ? 1 : 0;
        }
        return turns;
    }

    @Test
    void anOperatorThatHasJustBegunSpreadsWhatItWrites() {
        var one = Map.of("team-a/monthly", ENTRY);
        var little = account(3_121_000);
        var much = account(5_000_000);
        assertThat(turns(one, little, 300)).as("in ten of 300 s").isEqualTo(5);
        assertThat(turns(thousand(), little, 333)).as("of a thousand").isBetween(4, 6);
        assertThat(turns(thousand(), much, 333)).as("if it moved far").isBetween(4, 6);
        assertThat(turns(one, much, 30)).as("of few, at once").isEqualTo(15);
    }

    /** Of a Budget of which somebody needed that much and was refused. */
    private Statuses refused(
            BudgetEntry entry, long generation, Account account, long needed, Instant now) {
        var picture =
                new Picture(
                        Map.of(MONTHLY, verdict(generation, generation, true)),
                        Map.of(),
                        fleet(generation, now),
                        Map.of("team-a/monthly", entry),
                        new LedgerFigures(
                                List.of(account),
                                List.of(),
                                Set.of(),
                                needed == 0 ? Map.of() : Map.of(account.key(), needed),
                                Map.of()),
                        Map.of(),
                        Map.of(),
                        Map.of(),
                        Set.of(),
                        Map.of(),
                        Map.of(),
                        Map.of());
        return new Statuses(picture, now, told::put);
    }

    /** Of which accounts an earlier operator has refused more than is left. */
    private final Map<AccountKey, Long> told = new HashMap<>();

    private static Condition exhausted(Statuses statuses) {
        var status = statuses.budget(MONTHLY, 1, null, null).orElseThrow();
        return condition(status, ConditionType.EXHAUSTED);
    }

    private static Status exhausted(
            Statuses statuses, long generation, BudgetStatus before, @Nullable Instant written) {
        var status = statuses.budget(MONTHLY, generation, before, written).orElse(before);
        return condition(status, ConditionType.EXHAUSTED).status();
    }

    private static Account leased(long settledMicros, long micros, LeaseAccount.State state) {
        var account = account(settledMicros);
        return new Account(
                account.key(),
                account.limitMicros(),
                settledMicros,
                0,
                0,
                null,
                1,
                1,
                List.of(new LeaseAccount(new HolderId("one", 1), micros, 0, 0, 0, 1, state)),
                List.of());
    }

    @Test
    void saysThatABudgetIsExhaustedThoughALittleIsLeftThatNoRequestCanUse() {
        var little = account(9_999_900);
        assertThat(exhausted(refused(ENTRY, 1, little, 100, NOW)).status()).isEqualTo(Status.FALSE);
        var refused = exhausted(refused(ENTRY, 1, little, 101, NOW));
        assertThat(refused.status()).isEqualTo(Status.TRUE);
        assertThat(refused.reason()).isEqualTo(ConditionReason.EXHAUSTED);
        assertThat(refused.message()).contains("less is left", "2026-12-01T00:00:00Z");
        assertThat(exhausted(refused(ENTRY, 1, account(9_000_000), 101, NOW)).status())
                .isEqualTo(Status.FALSE);
        assertThat(exhausted(refused(ENTRY, 1, account(0), 10_000_001, NOW)).status())
                .as("no amount could ever serve it")
                .isEqualTo(Status.FALSE);
    }

    @Test
    void saysSoNoMoreWhenTheAmountIsRaisedOrTheWindowResets() {
        var little = account(9_999_900);
        var said = refused(ENTRY, 1, little, 101, NOW).budget(MONTHLY, 1, null, null).orElseThrow();
        var raised = BudgetBuilder.as(ENTRY).limit(10_000_001).build();
        assertThat(exhausted(refused(raised, 2, little, 101, NOW), 2, said, NOW))
                .isEqualTo(Status.FALSE);
        var december = Instant.parse("2026-12-01T00:00:01Z");
        assertThat(exhausted(refused(ENTRY, 1, little, 101, december), 1, said, NOW))
                .isEqualTo(Status.FALSE);
        assertThat(exhausted(refused(ENTRY, 1, little, 101, december), 1, said, null))
                .as("of an operator that has just begun")
                .isEqualTo(Status.FALSE);
    }

    @Test
    void countsWhatALostProxyHoldsAsGoneAndWhatOthersHoldAsLeft() {
        var open = leased(9_000_000, 900_000, LeaseAccount.State.OPEN);
        var lost = leased(9_000_000, 900_000, LeaseAccount.State.SUSPECT);
        assertThat(exhausted(refused(ENTRY, 1, open, 100_001, NOW)).status())
                .isEqualTo(Status.FALSE);
        assertThat(exhausted(refused(ENTRY, 1, lost, 100_000, NOW)).status())
                .isEqualTo(Status.FALSE);
        assertThat(exhausted(refused(ENTRY, 1, lost, 100_001, NOW)).status())
                .isEqualTo(Status.TRUE);
        assertThat(exhausted(refused(ENTRY, 1, lost, 0, NOW)).status())
                .as("nobody was refused")
                .isEqualTo(Status.FALSE);
    }

    @Test
    void anotherOperatorGoesOnSayingSoUntilSomethingComesBack() {
        var little = account(9_999_900);
        var said = refused(ENTRY, 1, little, 101, NOW).budget(MONTHLY, 1, null, null).orElseThrow();
        told.clear();
        assertThat(exhausted(refused(ENTRY, 1, little, 0, NOW), 1, said, null))
                .isEqualTo(Status.TRUE);
        assertThat(told)
                .as("so that it is known when it is written")
                .containsOnly(Map.entry(little.key(), 101L));
        assertThat(exhausted(refused(ENTRY, 1, account(9_999_950), 0, NOW), 1, said, null))
                .isEqualTo(Status.TRUE);
        told.clear();
        assertThat(exhausted(refused(ENTRY, 1, little, 0, NOW), 1, said, NOW))
                .as("it has written, and by now it knows itself")
                .isEqualTo(Status.FALSE);
        assertThat(exhausted(refused(ENTRY, 1, account(9_999_899), 0, NOW), 1, said, null))
                .as("it was reset")
                .isEqualTo(Status.FALSE);
        assertThat(exhausted(refused(ENTRY, 2, little, 0, NOW), 2, said, null))
                .as("the Budget is another one")
                .isEqualTo(Status.FALSE);
        var money = first(9_999_900);
        assertThat(exhausted(refused(ENTRY, 1, little, 0, NOW), 1, money, null))
                .isEqualTo(Status.FALSE);
        assertThat(told).isEmpty();
    }

    @Test
    void saysOnceThatItIsExhaustedWhateverIsGrantedAndReturnedSince() {
        var before = first(9_000_000);
        var courses =
                List.of(
                        refused(ENTRY, 1, account(9_900_000), 100_001, NOW),
                        refused(
                                ENTRY,
                                1,
                                leased(9_900_000, 90_000, LeaseAccount.State.OPEN),
                                100_001,
                                NOW.plusSeconds(2)),
                        refused(ENTRY, 1, account(9_901_000), 100_001, NOW.plusSeconds(4)));
        var writes = 0;
        var notices = new ArrayList<Notice>();
        for (var statuses : courses) {
            var next = statuses.budget(MONTHLY, 1, before, NOW);
            if (next.isPresent()) {
                writes++;
                notices.addAll(Transitions.of(before, next.get()));
                before = next.get();
            }
        }
        assertThat(writes).isEqualTo(1);
        assertThat(notices)
                .extracting(Notice::reason)
                .containsExactly(Notice.Reason.BUDGET_EXHAUSTED);
    }

    @Test
    void saysAtOnceThatABudgetIsExhausted() {
        var status =
                statuses(verdict(1, 1L, true), 10_000_000, NOW.plusSeconds(1))
                        .budget(MONTHLY, 1, first(3_120_000), NOW)
                        .orElseThrow();
        assertThat(condition(status, ConditionType.EXHAUSTED).status()).isEqualTo(Status.TRUE);
        assertThat(condition(status, ConditionType.EXHAUSTED).message())
                .contains("2026-12-01T00:00:00Z");
        assertThat(status.usedPercent()).isEqualTo(100);
        // information, never part of Ready
        assertThat(condition(status, ConditionType.READY).status()).isEqualTo(Status.TRUE);
    }

    /** A bound that was broken is one cause of many: the proxies know it, the account does not. */
    @Test
    void anOverrunCountsAsSpentAndIsNoAlarm() {
        var status = of(ENTRY, account(3_120_000, 15_000));
        assertThat(status.spent()).isEqualTo("3.135");
        assertThat(status.conditions())
                .usingRecursiveFieldByFieldElementComparatorIgnoringFields("lastTransitionTime")
                .isEqualTo(of(ENTRY, account(3_135_000, 0)).conditions());
    }

    private static BudgetEntry with(List<BudgetEntry.Step> steps, @Nullable Instant resetAt) {
        return BudgetBuilder.as(ENTRY).steps(steps).resetAt(resetAt).build();
    }

    private static final List<BudgetEntry.Step> LADDER =
            List.of(
                    new BudgetEntry.Step("warn", 30, BudgetEntry.Step.Action.ALERT, null, null),
                    new BudgetEntry.Step(
                            "save", 60, BudgetEntry.Step.Action.DOWNGRADE, "cheap", null));

    private static BudgetStatus of(BudgetEntry entry, Account account) {
        return statuses(verdict(1, 1L, true), entry, account, NOW)
                .budget(MONTHLY, 1, null, null)
                .orElseThrow();
    }

    @Test
    void namesTheStepsOfTheLadderThatAreInForce() {
        var below = of(with(LADDER, null), account(2_999_999, 0));
        assertThat(below.activeSteps()).isEmpty();
        assertThat(condition(below, ConditionType.THRESHOLD_REACHED).status())
                .isEqualTo(Status.FALSE);
        var above = of(with(LADDER, null), account(6_000_000, 0));
        assertThat(above.activeSteps()).containsExactly("warn", "save");
        var reached = condition(above, ConditionType.THRESHOLD_REACHED);
        assertThat(reached.status()).isEqualTo(Status.TRUE);
        assertThat(reached.message()).contains("warn at 30 %", "save at 60 % (cheap serves)");
        assertThat(condition(above, ConditionType.READY).status())
                .as("it informs, and is no fault")
                .isEqualTo(Status.TRUE);
    }

    private static final List<BudgetEntry.Step> ACTING =
            List.of(
                    new BudgetEntry.Step("warn", 30, BudgetEntry.Step.Action.ALERT, null, null),
                    new BudgetEntry.Step(
                            "save", 60, BudgetEntry.Step.Action.DOWNGRADE, "cheap", null),
                    new BudgetEntry.Step("trim", 70, BudgetEntry.Step.Action.CAP_OUTPUT, null, 4L),
                    new BudgetEntry.Step("stop", 80, BudgetEntry.Step.Action.BLOCK, null, null));

    private static String reached(BudgetEntry.Mode mode) {
        var entry = BudgetBuilder.as(ENTRY).mode(mode).steps(ACTING).build();
        return condition(of(entry, account(9_000_000)), ConditionType.THRESHOLD_REACHED).message();
    }

    @Test
    void saysThatStepsOfAShadowAreOnlyTold() {
        assertThat(reached(BudgetEntry.Mode.SHADOW))
                .isEqualTo(
                        "reached, and only told in mode Shadow: warn at 30 % (only told); save at"
                                + " 60 % (cheap would serve); trim at 70 % (at most 4 output"
                                + " tokens); stop at 80 % (would refuse)");
        assertThat(reached(BudgetEntry.Mode.SOFT))
                .as("its ladder acts")
                .isEqualTo(reached(BudgetEntry.Mode.HARD))
                .contains("stop at 80 % (refuses)");
    }

    @Test
    void saysOfWhatIsSpentWhatTheModeDoes() {
        var soft = BudgetBuilder.as(ENTRY).mode(BudgetEntry.Mode.SOFT).build();
        var shadow = BudgetBuilder.as(ENTRY).mode(BudgetEntry.Mode.SHADOW).build();
        assertThat(exhausted(refused(soft, 1, account(10_000_000), 0, NOW)).message())
                .isEqualTo(
                        "the amount is spent until 2026-12-01T00:00:00Z; mode Soft refuses new"
                                + " requests, those in flight go on");
        assertThat(exhausted(refused(shadow, 1, account(10_000_000), 0, NOW)).message())
                .isEqualTo(
                        "the amount is spent until 2026-12-01T00:00:00Z; nothing is refused in"
                                + " mode Shadow");
        assertThat(exhausted(refused(shadow, 1, fullAccount(), 0, NOW)).message())
                .endsWith("; nothing is refused in mode Shadow");
    }

    @Test
    void whatIsNotGrantedIsRefusedByAHardBudgetAlone() {
        var soft = BudgetBuilder.as(ENTRY).mode(BudgetEntry.Mode.SOFT).build();
        var shadow = BudgetBuilder.as(ENTRY).mode(BudgetEntry.Mode.SHADOW).build();
        var little = account(9_999_900);
        assertThat(exhausted(refused(soft, 1, little, 101, NOW)).status())
                .as("it serves until all is spent")
                .isEqualTo(Status.FALSE);
        assertThat(exhausted(refused(shadow, 1, little, 101, NOW)).message())
                .isEqualTo(
                        "less is left than a request needs until 2026-12-01T00:00:00Z; nothing is"
                                + " refused in mode Shadow");
    }

    @Test
    void tellsTheMeanOfADayAndWhenTheRestIsSpentAtThatPace() {
        // NOW is in the third week of the month
        var status = of(with(List.of(), null), account(9_900_000, 0));
        assertThat(new BigDecimal(status.burnPerDay()))
                .isBetween(new BigDecimal("0.1"), BigDecimal.ONE);
        assertThat(status.emptyAt()).isBetween(NOW, NOW.plus(Duration.ofDays(1)));
        assertThat(of(with(List.of(), null), account(1_000, 0)).emptyAt())
                .as("not before the window ends")
                .isNull();
    }

    @Test
    void echoesAResetOnceItIsDoneAndCountsFromThere() {
        var asked = NOW.minusSeconds(5);
        var open = of(with(List.of(), asked), account(3_000_000, 0));
        assertThat(open.lastHandledReset()).isNull();
        var before = account(3_000_000, 0);
        var after =
                new Account(
                        before.key(),
                        13_000_000,
                        3_000_000,
                        0,
                        3_000_000,
                        asked,
                        2,
                        1,
                        List.of(),
                        List.of());
        var done = of(with(List.of(), asked), after);
        assertThat(done.lastHandledReset()).isEqualTo(asked.toString());
        assertThat(done.spent()).isEqualTo("0");
        assertThat(done.remaining()).isEqualTo("10");
    }

    @Test
    void keepsWhatCameOfTheLastReclaim() {
        var reclaimed =
                new ReclaimStatus(
                        "lost/1 by bob: node gone",
                        ReclaimStatus.Outcome.RETURNED,
                        "lost/1",
                        "bob",
                        "node gone",
                        "4",
                        NOW,
                        "$4 may be granted again");
        var before = first(0);
        var told =
                statuses(
                                verdict(1, 1L, true),
                                ENTRY,
                                account(0),
                                NOW,
                                Map.of("team-a/monthly", reclaimed))
                        .budget(MONTHLY, 1, before, NOW)
                        .orElseThrow();
        assertThat(told.lastReclaim()).isEqualTo(reclaimed);

        var later =
                statuses(verdict(2, 2L, true), 0, NOW).budget(MONTHLY, 2, told, NOW).orElseThrow();
        assertThat(later.lastReclaim())
                .as("of an operator that was started again")
                .isEqualTo(reclaimed);
        assertThat(statuses(verdict(1, 1L, true), 0, NOW).budget(MONTHLY, 1, told, NOW)).isEmpty();
    }

    @Test
    void isNeverAtAHundredPercentWhileMoneyIsLeft() {
        assertThat(first(9_999_999).usedPercent()).isEqualTo(99);
    }

    @Test
    void beginsANewWindowAtOnce() {
        var december = Instant.parse("2026-12-01T00:00:01Z");
        var status =
                statuses(verdict(1, 1L, true), 3_120_000, december)
                        .budget(MONTHLY, 1, first(3_120_000), december.minusSeconds(5))
                        .orElseThrow();
        assertThat(status.spent()).isEqualTo("0");
        assertThat(status.resets()).isEqualTo("2027-01-01T00:00:00Z");
    }

    @Test
    void anAccountOfAllNamespacesTogetherIsNoneOfEach() {
        var shared = account(3_120_000);
        var one =
                new Account(
                        AccountKey.parse(
                                "team-a/monthly/team-b/2026-11-01T00:00:00Z--2026-12-01T00:00:00Z"),
                        10_000_000,
                        1_000_000,
                        0,
                        0,
                        null,
                        1,
                        1,
                        List.of(),
                        List.of());
        var apart = BudgetBuilder.as(ENTRY).perNamespace(true).build();
        assertThat(spent(apart, shared, one)).isEqualTo("1");
        assertThat(spent(ENTRY, shared, one)).isEqualTo("3.12");
        assertThat(spent(apart, shared)).isEqualTo("0");
    }

    private static final BudgetEntry APART =
            BudgetBuilder.as(ENTRY).perNamespace(true).steps(LADDER).build();

    private static Account of(String namespace, long settledMicros) {
        return new Account(
                AccountKey.parse(
                        "team-a/monthly/"
                                + namespace
                                + "/2026-11-01T00:00:00Z--2026-12-01T00:00:00Z"),
                10_000_000,
                settledMicros,
                0,
                0,
                null,
                1,
                1,
                List.of(),
                List.of());
    }

    /** Of a Budget that counts each namespace apart. */
    private Statuses apart(Map<AccountKey, Long> needed, List<Account> accounts) {
        return new Statuses(
                new Picture(
                        Map.of(MONTHLY, verdict(1, 1L, true)),
                        Map.of(),
                        fleet(1, NOW),
                        Map.of("team-a/monthly", APART),
                        new LedgerFigures(accounts, List.of(), Set.of(), needed, Map.of()),
                        Map.of(),
                        Map.of(),
                        Map.of(),
                        Set.of(),
                        Map.of(),
                        Map.of(),
                        Map.of()),
                NOW,
                told::put);
    }

    private BudgetStatus apart(Account... accounts) {
        return apart(Map.of(), List.of(accounts)).budget(MONTHLY, 1, null, null).orElseThrow();
    }

    @Test
    void namesTheNamespacesOfABudgetThatCountsEachApart() {
        var status =
                apart(
                        of("team-d", 2_000_000),
                        of("team-c", 4_000_000),
                        of("team-b", 10_000_000),
                        of("team-a", 7_000_000));
        assertThat(condition(status, ConditionType.EXHAUSTED).message())
                .isEqualTo("the amount is spent in namespace team-b until 2026-12-01T00:00:00Z");
        assertThat(condition(status, ConditionType.THRESHOLD_REACHED).message())
                .isEqualTo(
                        "reached: warn at 30 % (only told) in namespaces team-a, team-b, team-c;"
                                + " save at 60 % (cheap serves) in namespaces team-a, team-b");
    }

    @Test
    void namesFewNamespacesAndHowManyOthers() {
        var accounts = new ArrayList<Account>();
        for (var name : List.of("g", "f", "e", "d", "c", "b", "a")) {
            accounts.add(of(name, 10_000_000));
        }
        assertThat(condition(apart(accounts.toArray(Account[]::new)), ConditionType.EXHAUSTED))
                .extracting(Condition::message)
                .isEqualTo(
                        "the amount is spent in namespaces a, b, c, d, e and 2 more until"
                                + " 2026-12-01T00:00:00Z");
    }

    @Test
    void namesOfNamespacesDoNotHideASteps() {
        var accounts = new ArrayList<Account>();
        for (var name : List.of("a", "b", "c", "d", "e")) {
            accounts.add(of(name.repeat(63), 10_000_000));
        }
        var steps = new ArrayList<BudgetEntry.Step>();
        for (int i = 1; i <= 4; i++) {
            var action = BudgetEntry.Step.Action.values()[i - 1];
            steps.add(new BudgetEntry.Step("s" + i, i, action, "cheap", 4L));
        }
        var entry = BudgetBuilder.as(APART).steps(steps).build();
        var report = report(entry, accounts.toArray(Account[]::new));
        assertThat(report.thresholdReached(entry).orElseThrow().message())
                .isEqualTo(
                        "reached: s1 at 1 % (only told) in 5 namespaces; s2 at 2 % (cheap serves)"
                                + " in 5 namespaces; s3 at 3 % (at most 4 output tokens) in 5"
                                + " namespaces; s4 at 4 % (refuses) in 5 namespaces");
    }

    @Test
    void sayingWhoseItIsCostsNoWriteWhileFiguresMove() {
        var before = apart(of("team-a", 9_000_000), of("team-b", 8_990_000));
        assertThat(
                        apart(Map.of(), List.of(of("team-a", 9_000_000), of("team-b", 9_010_000)))
                                .budget(MONTHLY, 1, before, NOW))
                .isEmpty();
    }

    @Test
    void tellsOfEachNamespaceThatReachesAStepOrSpendsAll() {
        var before = apart(of("team-a", 10_000_000), of("team-b", 1_000_000));
        var courses =
                List.of(
                        List.of(of("team-a", 10_000_000), of("team-b", 3_000_000)),
                        List.of(of("team-a", 10_000_000), of("team-b", 6_000_000)),
                        List.of(of("team-a", 10_000_000), of("team-b", 10_000_000)));
        var notices = new ArrayList<Notice>();
        for (var accounts : courses) {
            var next = apart(Map.of(), accounts).budget(MONTHLY, 1, before, NOW).orElseThrow();
            notices.addAll(Transitions.of(before, next));
            before = next;
            assertThat(apart(Map.of(), accounts).budget(MONTHLY, 1, before, null))
                    .as("of another operator")
                    .isEmpty();
        }
        assertThat(notices)
                .containsExactly(
                        new Notice(
                                Notice.Reason.BUDGET_THRESHOLD,
                                "reached: warn at 30 % (only told) in namespaces team-a, team-b;"
                                        + " save at 60 % (cheap serves) in namespace team-a"),
                        new Notice(
                                Notice.Reason.BUDGET_THRESHOLD,
                                "reached: warn at 30 % (only told) in namespaces team-a, team-b;"
                                        + " save at 60 % (cheap serves) in namespaces team-a,"
                                        + " team-b"),
                        new Notice(
                                Notice.Reason.BUDGET_EXHAUSTED,
                                "the amount is spent in namespaces team-a, team-b until"
                                        + " 2026-12-01T00:00:00Z"));
    }

    @Test
    void tellsOfTwentyNamespacesThatSpendAllAndThatThereAreMore() {
        var accounts = new ArrayList<Account>();
        var before = apart();
        var notes = new ArrayList<String>();
        for (int i = 99; i > 49; i--) {
            accounts.add(of("team-" + i, 10_000_000));
            var next = apart(Map.of(), accounts).budget(MONTHLY, 1, before, NOW);
            if (next.isPresent()) {
                Transitions.of(before, next.get()).stream()
                        .filter(n -> n.reason() == Notice.Reason.BUDGET_EXHAUSTED)
                        .forEach(n -> notes.add(n.note()));
                before = next.get();
            }
        }
        assertThat(notes).hasSize(21).doesNotHaveDuplicates();
        assertThat(notes.getLast())
                .isEqualTo(
                        "the amount is spent in more than 20 namespaces until"
                                + " 2026-12-01T00:00:00Z");
    }

    @Test
    void anotherOperatorGoesOnSayingWhoWasRefused() {
        var accounts =
                List.of(of("team-a", 10_000_000), of("team-b", 9_999_900), of("team-c", 9_999_900));
        var needed = Map.of(accounts.get(1).key(), 101L);
        var said = apart(needed, accounts).budget(MONTHLY, 1, null, null).orElseThrow();
        assertThat(condition(said, ConditionType.EXHAUSTED).message())
                .isEqualTo(
                        "the amount is spent in namespace team-a; less is left than a refused"
                                + " request needs in namespace team-b until 2026-12-01T00:00:00Z");
        told.clear();
        assertThat(apart(Map.of(), accounts).budget(MONTHLY, 1, said, null)).isEmpty();
        assertThat(told).containsOnly(Map.entry(accounts.get(1).key(), 101L));
    }

    @Test
    void anotherOperatorGoesOnSayingThatMoreWereRefusedThanAreNamed() {
        var accounts = IntStream.range(0, 21).mapToObj(i -> of("team-" + i, 9_999_900)).toList();
        var needed = accounts.stream().collect(Collectors.toMap(Account::key, account -> 101L));
        var said = apart(needed, accounts).budget(MONTHLY, 1, null, null).orElseThrow();
        assertThat(condition(said, ConditionType.EXHAUSTED).message())
                .contains("in more than 20 namespaces");
        var next = apart(Map.of(), accounts).budget(MONTHLY, 1, said, null).orElse(said);
        assertThat(condition(next, ConditionType.EXHAUSTED).status()).isEqualTo(Status.TRUE);
    }

    @Test
    void namesTheNamespaceWhoseProxiesGetNoMore() {
        var full = fullAccount();
        var account =
                new Account(
                        of("team-b", 0).key(),
                        full.limitMicros(),
                        full.settledMicros(),
                        0,
                        0,
                        null,
                        1,
                        1,
                        full.leases(),
                        List.of());
        assertThat(condition(apart(account), ConditionType.EXHAUSTED).message())
                .startsWith(
                        "money is left, but none for proxies that have no lease yet in"
                                + " namespace team-b: 256 are counted");
    }

    @Test
    void namesTheNamespaceWhoseAccountCannotBeRead() {
        var damaged =
                new AccountStore.Damaged(
                        of("team-b", 0).key(), "BudgetLedger x.9f3c", 1, "no number");
        var report =
                Objects.requireNonNull(
                        BudgetReport.of(
                                APART,
                                new LedgerFigures(
                                        List.of(), List.of(damaged), Set.of(), Map.of(), Map.of()),
                                NOW));
        assertThat(report.exhausted(BudgetEntry.Mode.HARD, Set.of()).message())
                .isEqualTo(
                        "nothing is granted in namespace team-b until somebody mends its account:"
                                + " BudgetLedger x.9f3c: no number");
    }

    private static String spent(BudgetEntry entry, Account... accounts) {
        return BudgetReport.dollars(report(entry, accounts).spentMicros());
    }

    private static BudgetReport report(BudgetEntry entry, Account... accounts) {
        return Objects.requireNonNull(
                BudgetReport.of(
                        entry,
                        new LedgerFigures(
                                List.of(accounts), List.of(), Set.of(), Map.of(), Map.of()),
                        NOW));
    }

    @Test
    void saysNothingOfAGenerationThatWasNotCompiledYet() {
        assertThat(statuses(verdict(1, 1L, true), 0, NOW).budget(MONTHLY, 2, null, null)).isEmpty();
    }

    @Test
    void changesATransitionTimeOnlyWhenTheStatusFlips() {
        var before = first(0);
        var later = NOW.plus(Duration.ofHours(1));
        var edited =
                statuses(verdict(2, 2L, true), 0, later)
                        .budget(MONTHLY, 2, before, NOW)
                        .orElseThrow();
        assertThat(condition(edited, ConditionType.ACCEPTED).observedGeneration()).isEqualTo(2);
        assertThat(condition(edited, ConditionType.ACCEPTED).lastTransitionTime()).isEqualTo(NOW);
        var broken =
                statuses(verdict(3, 2L, false), 0, later)
                        .budget(MONTHLY, 3, edited, NOW)
                        .orElseThrow();
        assertThat(condition(broken, ConditionType.ACCEPTED).lastTransitionTime()).isEqualTo(later);
    }

    @Test
    void namesTheGenerationThatGoesOnServingWhenTheNextIsInvalid() {
        var status =
                statuses(verdict(3, 2L, false), 0, NOW)
                        .budget(MONTHLY, 3, null, null)
                        .orElseThrow();
        assertThat(condition(status, ConditionType.PROGRAMMED).message())
                .contains("generation 2 is served", "spec.tags: not yet");
        assertThat(condition(status, ConditionType.STALLED).status()).isEqualTo(Status.TRUE);
        assertThat(condition(status, ConditionType.READY).reason())
                .isEqualTo(ConditionReason.UNSUPPORTED_VALUE);
        assertThat(status.conditions()).noneMatch(c -> c.type() == ConditionType.RECONCILING);
    }

    @Test
    void saysHowTheFleetKeepsToLimitsWhereThereAreAny() {
        assertThat(first(0).limits()).isNull();
        var verdict = verdict(1, 1L, true);
        var picture =
                new Picture(
                        Map.of(MONTHLY, verdict),
                        Map.of(),
                        fleet(1, NOW),
                        Map.of("team-a/monthly", ENTRY),
                        LedgerFigures.NONE,
                        Map.of(),
                        Map.of(),
                        Map.of(),
                        Set.of(LimitKey.budget("team-a/monthly", "")),
                        Map.of("one", RateStore.MEMORY),
                        Map.of(),
                        Map.of());
        var status = new Statuses(picture, NOW).budget(MONTHLY, 1, null, null).orElseThrow();
        assertThat(status.limits())
                .isEqualTo(
                        new LimitsStatus(
                                LimitsStatus.Mode.SHARES,
                                1,
                                "divided by demand among 1 live proxy"));
    }
}
