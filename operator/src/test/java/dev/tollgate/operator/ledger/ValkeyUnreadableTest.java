package dev.tollgate.operator.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.valkey.DurableValkey;
import dev.tollgate.crds.valkey.ValkeyProcess;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LeaseAccount;
import dev.tollgate.policy.budget.LedgerCommand;
import dev.tollgate.policy.budget.LedgerEffect;
import dev.tollgate.policy.budget.LedgerService;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What somebody may have done to a Valkey by hand, and what a ledger still gives out of it. */
class ValkeyUnreadableTest {

    @RegisterExtension static final DurableValkey SERVER = new DurableValkey();

    private static final Instant NOW = Instant.parse("2026-11-21T09:00:00Z");
    private static final HolderId HOLDER = new HolderId("log-1", 1);
    private static final AccountKey A = AccountKey.parse("team-a/a//lifetime");
    private static final AccountKey B = AccountKey.parse("team-a/b//lifetime");
    private static final AccountKey C =
            AccountKey.parse("team-a/c//2026-11-01T00:00:00Z--2026-12-01T00:00:00Z");
    private static final String HASH = "{fleet}:account:" + A;
    private static final String INDEX = "{fleet}:accounts";
    private static final String STORE = "{fleet}:store";

    private static Vertx vertx;

    private final List<ValkeyAccountStore> stores = new ArrayList<>();
    private ValkeyAccountStore store;

    @BeforeAll
    static void vertx() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void closeVertx() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @BeforeEach
    void open() {
        store = reopened();
    }

    @AfterEach
    void close() {
        stores.forEach(ValkeyAccountStore::close);
    }

    private ValkeyAccountStore reopened() {
        return as(null, SERVER.password());
    }

    private ValkeyAccountStore as(@Nullable String user, String password) {
        var server =
                new ValkeyServer(false, "127.0.0.1", SERVER.port(), 0, user, password, null, null);
        var next = new ValkeyAccountStore(vertx, server, "fleet");
        stores.add(next);
        return next;
    }

    /** One lease; nothing is settled. */
    private static Account account(AccountKey key, long seq, long granted) {
        var lease = new LeaseAccount(HOLDER, granted, 0, 0, 0, 1, LeaseAccount.State.OPEN);
        return new Account(key, 1_000, 0, 0, 0, null, seq, 1, List.of(lease), List.of());
    }

    private String written(Account account, String version) {
        var write = store.compareAndSet(account.key(), version, account);
        assertThat(write).isInstanceOf(AccountStore.Write.Ok.class);
        return ((AccountStore.Write.Ok) write).version();
    }

    private static AccountStore.Listing.Ok all(AccountStore store) {
        var listing = store.list("");
        assertThat(listing).isInstanceOf(AccountStore.Listing.Ok.class);
        return (AccountStore.Listing.Ok) listing;
    }

    private static String identity(AccountStore store) {
        var identity = store.identity();
        assertThat(identity).isInstanceOf(AccountStore.Identity.Ok.class);
        return ((AccountStore.Identity.Ok) identity).id();
    }

    /** {@code A} is damaged, {@code B} is not, and the database has lost nothing. */
    private AccountStore.Damaged damaged(String identity) {
        var next = reopened();
        assertThat(identity(next)).isEqualTo(identity);
        var listing = all(next);
        assertThat(listing.accounts())
                .extracting(AccountStore.Versioned::account)
                .containsExactly(account(B, 1, 10));
        assertThat(listing.damaged()).hasSize(1);
        var damaged = listing.damaged().getFirst();
        assertThat(damaged.key()).isEqualTo(A);
        assertThat(damaged.name()).isEqualTo("hash " + HASH);
        for (var each : List.of(store, next)) {
            assertThat(each.read(A)).isEqualTo(new AccountStore.Read.Unreadable(damaged));
            assertThat(each.compareAndSet(A, AccountStore.ABSENT, account(A, 1, 0)))
                    .isInstanceOf(AccountStore.Write.Conflict.class);
        }
        return damaged;
    }

    private enum Spoil {
        CUT_SHORT("account: unreadable"),
        WITHOUT_LEASES("leases"),
        WITHOUT_WHAT_IS_SETTLED("settledMicros"),
        LESS_THAN_NOTHING_SETTLED("settledMicros"),
        IN_A_STATE_OF_ANOTHER_VERSION("Shut"),
        ANOTHER_ACCOUNT("it is account team-a/x//lifetime"),
        AN_EARLIER_ONE("its seq is 1 (expected: 2");

        private final String why;

        Spoil(String why) {
            this.why = why;
        }

        String of(String json) {
            return switch (this) {
                case CUT_SHORT -> json.substring(0, json.length() - 9);
                case WITHOUT_LEASES -> json.replaceFirst("\"leases\":\\[.*?],", "");
                case WITHOUT_WHAT_IS_SETTLED -> json.replaceFirst(",\"settledMicros\":0}$", "}");
                case LESS_THAN_NOTHING_SETTLED ->
                        json.replaceFirst(",\"settledMicros\":0}$", ",\"settledMicros\":-9}");
                case IN_A_STATE_OF_ANOTHER_VERSION -> json.replace("\"Open\"", "\"Shut\"");
                case ANOTHER_ACCOUNT -> json.replace("\"name\":\"a\"", "\"name\":\"x\"");
                case AN_EARLIER_ONE -> json.replace("\"seq\":2", "\"seq\":1");
            };
        }
    }

    private static void put(String json) {
        SERVER.command("HSET " + HASH + " account '" + json + "'");
    }

    private static String json() {
        return SERVER.command("HGET " + HASH + " account").lines().toList().get(1);
    }

    @ParameterizedTest
    @EnumSource(Spoil.class)
    void aTextThatIsNoAccountKeepsNobodyFromTheOthers(Spoil spoil) {
        written(account(B, 1, 10), AccountStore.ABSENT);
        var version = written(account(A, 2, 10), written(account(A, 1, 5), AccountStore.ABSENT));
        var identity = identity(store);
        all(store);
        var whole = json();
        var spoilt = spoil.of(whole);
        assertThat(spoilt).isNotEqualTo(whole);
        put(spoilt);

        var damaged = damaged(identity);
        assertThat(damaged.reason()).contains(spoil.why);
        assertThat(damaged.epoch()).isEqualTo(1);
        assertThat(store.compareAndSet(A, version, account(A, 3, 10)))
                .as("whoever has written it knows no more than others now")
                .isInstanceOf(AccountStore.Write.Conflict.class);
        assertThat(json()).isEqualTo(spoilt);

        put(whole);
        assertThat(store.read(A))
                .isEqualTo(
                        new AccountStore.Read.Ok(
                                new AccountStore.Versioned(account(A, 2, 10), version)));
        assertThat(all(reopened()).damaged()).isEmpty();
        written(account(A, 3, 10), version);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "DEL {fleet}:account:team-a/a//lifetime          | it is gone, and {fleet}:accounts",
                "HDEL {fleet}:account:team-a/a//lifetime version | its hash has no version",
                "HDEL {fleet}:account:team-a/a//lifetime account | its hash has no account",
                "SET {fleet}:account:team-a/a//lifetime x        | WRONGTYPE",
                "HSET {fleet}:accounts team-a/a//lifetime x      | its seq in {fleet}:accounts is x",
            })
    void whatIsNotAsALedgerWritesItKeepsNobodyFromTheOthers(String command, String why) {
        written(account(B, 1, 10), AccountStore.ABSENT);
        var version = written(account(A, 1, 10), AccountStore.ABSENT);
        var identity = identity(store);
        all(store);
        var before = json();
        SERVER.command(command);

        assertThat(damaged(identity).reason()).contains(why);

        SERVER.command("DEL " + HASH);
        SERVER.command("HSET " + HASH + " version " + stored(version) + " seq 1");
        put(before);
        SERVER.command("HSET " + INDEX + " " + A + " 1");
        assertThat(all(reopened()).damaged()).isEmpty();
        assertThat(identity(store)).isEqualTo(identity);
        written(account(A, 2, 10), version);
    }

    /** Without the digest of the text. */
    private static String stored(String version) {
        return version.substring(0, version.lastIndexOf('.'));
    }

    @Test
    void anEntryOfTheIndexThatIsNoKeyIsInNobodysWay() {
        written(account(B, 1, 10), AccountStore.ABSENT);
        SERVER.command("HSET " + INDEX + " none 1");
        var listing = all(reopened());
        assertThat(listing.accounts()).hasSize(1);
        assertThat(listing.damaged())
                .singleElement()
                .satisfies(
                        damaged -> {
                            assertThat(damaged.key()).isNull();
                            assertThat(damaged.name()).isEqualTo("hash {fleet}:account:none");
                        });
        assertThat(identity(store)).isEqualTo(identity(reopened()));
        assertThat(store.read(A)).isInstanceOf(AccountStore.Read.Absent.class);
        written(account(A, 1, 10), AccountStore.ABSENT);
    }

    /** An earlier version of it can be read then, and what was spent since would be there again. */
    @Test
    void seesThatTheServerHasForgottenWhatCouldNotBeRead() {
        var version = written(account(A, 1, 10), AccountStore.ABSENT);
        long mark = SERVER.fileBytes();
        written(account(A, 2, 900), version);
        put("none");
        var later = reopened();
        assertThat(all(later).damaged()).hasSize(1);
        var identity = identity(later);
        SERVER.restartWithFileCutTo(mark);

        await().until(() -> later.read(A) instanceof AccountStore.Read.Ok);
        assertThat(identity(later)).isNotEqualTo(identity);
        assertThat(later.unproven()).isTrue();
    }

    /** The index alone says what it was, so nobody knows what the server has forgotten. */
    @Test
    void isUnprovenAfterARestartIfTheIndexCouldNotBeRead() {
        written(account(A, 1, 10), AccountStore.ABSENT);
        SERVER.command("HSET " + INDEX + " " + A + " x");
        var later = reopened();
        assertThat(all(later).damaged()).hasSize(1);
        var identity = identity(later);
        SERVER.restart();
        assertThat(identity(later)).isNotEqualTo(identity);
    }

    @Test
    void aLedgerThatKnewItGivesNothingOfItAndWritesNothingOverIt() {
        var ledger = new LedgerService(store, 1);
        ledger.updateBudgets(List.of(lifetime("team-a/a"), lifetime("team-a/b")), NOW);
        ledger.handle(new LedgerCommand.Register(HOLDER, "pod", List.of()), NOW);
        assertThat(ask(ledger, A, 1)).isInstanceOf(LedgerEffect.Grant.class);
        var whole = json();
        var spoilt = whole.replace("\"Open\"", "\"Shut\"");
        put(spoilt);

        assertThat(ask(ledger, A, 2)).isInstanceOf(LedgerEffect.Denied.class);
        assertThat(ledger.unreadable()).extracting(AccountStore.Damaged::key).containsExactly(A);
        assertThat(ask(ledger, B, 1)).isInstanceOf(LedgerEffect.Grant.class);
        assertThat(json()).isEqualTo(spoilt);

        put(whole);
        assertThat(ask(ledger, A, 3)).isInstanceOf(LedgerEffect.Grant.class);
        assertThat(ledger.unreadable()).isEmpty();
    }

    private static BudgetEntry lifetime(String key) {
        return BudgetBuilder.budget(key)
                .period(BudgetEntry.Period.Type.LIFETIME)
                .limit(1_000)
                .build();
    }

    private static LedgerEffect ask(LedgerService ledger, AccountKey key, long request) {
        return ledger
                .handle(new LedgerCommand.Acquire(HOLDER, request, key, 10, 10, true), NOW)
                .stream()
                .filter(
                        effect ->
                                effect instanceof LedgerEffect.Grant
                                        || effect instanceof LedgerEffect.Denied)
                .findFirst()
                .orElseThrow();
    }

    /** WAITAOF, the last one, is asked of the relay where the server has none. */
    @Test
    void needsNoCommandsButThoseThatAreDocumented() throws IOException {
        written(account(B, 1, 10), AccountStore.ABSENT);
        written(account(A, 1, 10), AccountStore.ABSENT);
        SERVER.command("HDEL " + HASH + " version account");
        SERVER.command(
                "ACL SETUSER few on >word ~{fleet}:* +eval +info +select +hset +hget +hmget +hdel +hexists"
                        + " +hgetall +hincrby +del"
                        + (ValkeyProcess.isOlderThan72() ? "" : " +waitaof"));
        store = as("few", "word");
        assertThat(store.refusal()).isNull();
        assertThat(all(store).damaged()).hasSize(1);
        var version = written(account(C, 1, 0), AccountStore.ABSENT);
        assertThat(store.delete(C, version)).isInstanceOf(AccountStore.Write.Unavailable.class);
        assertThat(store.identity()).isInstanceOf(AccountStore.Identity.Ok.class);

        SERVER.command("ACL SETUSER few -hmget");
        assertThat(store.list("")).isInstanceOf(AccountStore.Listing.Unavailable.class);
        assertThat(store.read(B))
                .as("its store cannot be asked; it may well be whole")
                .isInstanceOf(AccountStore.Read.Unavailable.class);
        assertThat(as("few", "word").refusal())
                .contains("command")
                .as("nothing is to be mended there")
                .doesNotContain("UNREADABLE");
    }

    /** What says which database it is, and what it has forgotten: then no ledger begins. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "HSET {fleet}:store nodes x            | nodes is x (expected: a number",
                "HSET {fleet}:store deleted 1e9        | deleted is 1e9 (expected: a number",
                "HSET {fleet}:store reads x            | reads is x (expected: a number",
                "HSET {fleet}:store reads 1234567890123456 | reads is 1234567890123456",
                "SET {fleet}:store x                   | WRONGTYPE",
                "SET {fleet}:accounts x                | index of all accounts: WRONGTYPE",
            })
    void noLedgerBeginsIfTheDatabaseDoesNotSayWhatItIs(String command, String why) {
        written(account(A, 1, 10), AccountStore.ABSENT);
        SERVER.command(command);
        assertThat(reopened().refusal()).contains("UNREADABLE {fleet}:", why, "expected: ");
        assertThat(reopened().list("")).isInstanceOf(AccountStore.Listing.Unavailable.class);
        assertThat(reopened().read(A)).isInstanceOf(AccountStore.Read.Unavailable.class);
        assertThat(store.list(""))
                .isInstanceOfSatisfying(
                        AccountStore.Listing.Unavailable.class,
                        list -> assertThat(list.reason()).contains(why));
        assertThat(store.identity()).isInstanceOf(AccountStore.Identity.Unavailable.class);
    }

    @Test
    void theDatabaseCountsAsNewIfItsRecordIsDeleted() {
        written(account(A, 1, 10), AccountStore.ABSENT);
        var identity = identity(store);
        store.proven(identity);
        SERVER.command("SET " + STORE + " x");
        SERVER.command("DEL " + STORE);
        var next = reopened();
        assertThat(identity(next)).isNotEqualTo(identity);
        assertThat(next.unproven()).isTrue();
        assertThat(all(next).accounts()).hasSize(1);
    }

    @Test
    void isUnprovenUnlessTheRecordSaysThatItIsNot() {
        store.proven(identity(store));
        SERVER.command("HSET " + STORE + " unproven yes");
        var next = reopened();
        identity(next);
        assertThat(next.unproven()).isTrue();
    }
}
