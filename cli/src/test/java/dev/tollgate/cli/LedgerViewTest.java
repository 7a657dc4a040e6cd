package dev.tollgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.tollgate.dataplane.budget.EmbeddedAccountStore;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountJson;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LeaseAccount;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LedgerViewTest {

    private static final AccountKey MONTHLY =
            AccountKey.parse("team-a/monthly//2026-11-01T00:00:00Z--2026-12-01T00:00:00Z");
    private static final AccountKey ORG = AccountKey.parse("tollgate-system/org/team-b/lifetime");
    private static final HolderId GONE = new HolderId("gone", 1);
    private static final HolderId HERE = new HolderId("here", 2);

    private static final Account SPENT =
            new Account(
                    MONTHLY,
                    10_000_000,
                    3_000_000,
                    8_500_000,
                    0,
                    null,
                    7,
                    1,
                    List.of(
                            new LeaseAccount(
                                    GONE,
                                    2_000_000,
                                    500_000,
                                    1_500_000,
                                    0,
                                    1,
                                    LeaseAccount.State.RECLAIMED),
                            new LeaseAccount(
                                    HERE, 1_000_000, 250_000, 0, 0, 1, LeaseAccount.State.OPEN)),
                    List.of());

    private static LedgerView view() {
        return new LedgerView(
                "here",
                List.of(SPENT, Account.opened(ORG, 5_000_000)),
                Map.of(
                        HERE,
                        new LedgerView.Holder(
                                "proxy-1", true, Instant.parse("2026-11-02T08:00:00.123Z"))),
                Set.of(ORG.toString()),
                List.of());
    }

    private static LedgerView withUnreadable() {
        return new LedgerView(
                "here",
                List.of(Account.opened(ORG, 5_000_000)),
                Map.of(),
                Set.of(),
                List.of(
                        new LedgerView.Unreadable(
                                "BudgetLedger team-a.monthly.20261101.9f3c", MONTHLY, "no lease"),
                        new LedgerView.Unreadable("BudgetLedger other", null, "no key")));
    }

    @Test
    void saysWhichAccountsCannotBeReadAndWhereAndWhy() {
        assertThat(withUnreadable().table())
                .containsExactly(
                        "tollgate-system/org for team-b, lifetime",
                        "  limit 5  spent 0  overrun 0  outstanding 0  left 5",
                        "  no leases",
                        "team-a/monthly, 2026-11-01T00:00:00Z to 2026-12-01T00:00:00Z, CANNOT BE"
                                + " READ",
                        "  BudgetLedger team-a.monthly.20261101.9f3c: no lease",
                        "an account, CANNOT BE READ",
                        "  BudgetLedger other: no key");
        var json = withUnreadable().json();
        assertThat(json.get("accounts")).hasSize(1);
        var known = json.get("unreadable").get(0);
        assertThat(known.get("budget").asText()).isEqualTo("monthly");
        assertThat(known.get("windowStart").asText()).isEqualTo("2026-11-01T00:00:00Z");
        assertThat(known.get("where").asText()).startsWith("BudgetLedger team-a.monthly");
        assertThat(known.get("reason").asText()).isEqualTo("no lease");
        assertThat(json.get("unreadable").get(1).get("budget")).isNull();
        assertThat(view().json().get("unreadable")).isEmpty();
    }

    @Test
    void whatMayBeTheAccountThatIsAskedForIsShown() {
        assertThat(withUnreadable().only("team-a", "monthly").unreadable()).hasSize(2);
        assertThat(withUnreadable().only(null, "org").unreadable())
                .extracting(LedgerView.Unreadable::where)
                .containsExactly("BudgetLedger other");
    }

    @Test
    void listsWhoHoldsWhatOfEachAccount() {
        assertThat(view().table())
                .containsExactly(
                        "team-a/monthly, 2026-11-01T00:00:00Z to 2026-12-01T00:00:00Z",
                        "  limit 10  spent 11.5  overrun 8.5  outstanding 0.75  left -2.25",
                        "  HOLDER  STATE      GRANTED  SETTLED  OUTSTANDING  PROXY    SINCE",
                        "  gone/1  Reclaimed  2        0.5      0            -        -",
                        "  here/2  Open       1        0.25     0.75         proxy-1  connected"
                                + " 2026-11-02T08:00:00Z",
                        "tollgate-system/org for team-b, lifetime, FROZEN",
                        "  limit 5  spent 0  overrun 0  outstanding 0  left 5",
                        "  no leases");
    }

    @Test
    void showsOnlyTheBudgetThatIsNamed() {
        assertThat(view().only("team-a", null).accounts()).containsExactly(SPENT);
        assertThat(view().only(null, "org").accounts()).hasSize(1);
        assertThat(view().only("team-a", "org").accounts()).isEmpty();
    }

    @Test
    void writesTheSameForScripts() {
        var json = view().only("team-a", "monthly").json().get("accounts").get(0);
        assertThat(json.get("left").asText()).isEqualTo("-2.25");
        assertThat(json.get("leases").get(0).get("state").asText()).isEqualTo("Reclaimed");
        assertThat(json.get("leases").get(0).get("proxy")).isNull();
        assertThat(json.get("leases").get(1).get("proxy").asText()).isEqualTo("proxy-1");
        assertThat(json.get("leases").get(1).get("connected").asBoolean()).isTrue();
    }

    private record Ended(int code, String out, String err) {}

    private static Ended run(String... arguments) {
        var out = new StringWriter();
        var err = new StringWriter();
        var code =
                Main.commandLine(new Settings(Map.of()), "ledger")
                        .setOut(new PrintWriter(out))
                        .setErr(new PrintWriter(err))
                        .execute(arguments);
        return new Ended(code, out.toString(), err.toString());
    }

    /** As a gateway keeps it; its file. */
    private static Path stored(Path data, Account account) throws Exception {
        var folder = data.resolve("accounts");
        try (var store = EmbeddedAccountStore.open(folder)) {
            store.compareAndSet(account.key(), AccountStore.ABSENT, account);
        }
        try (var files = Files.list(folder)) {
            var json = new String(AccountJson.write(account), StandardCharsets.UTF_8);
            for (var file : files.toList()) {
                if (Files.readString(file).equals(json)) {
                    return file;
                }
            }
        }
        throw new IllegalStateException(account.key() + ": has no file");
    }

    @Test
    void readsTheFolderOfAGateway(@TempDir Path data) throws Exception {
        stored(data, SPENT);
        var ended = run("ledger", "show", "monthly", "-n", "team-a", "--data", data.toString());
        assertThat(ended.code()).isZero();
        assertThat(ended.out()).contains("team-a/monthly", "gone/1");

        var none = run("ledger", "show", "daily", "--data", data.toString());
        assertThat(none.code()).isEqualTo(ExitCode.FAILED);
        assertThat(none.err()).contains("no account of Budget daily in " + data);
    }

    @Test
    void showsTheOthersOfAFolderInWhichFilesAreNoAccounts(@TempDir Path data) throws Exception {
        stored(data, SPENT);
        var b = stored(data, Account.opened(ORG, 5));
        var org = Files.readString(b);
        Files.writeString(b, org.replace("\"limitMicros\":5,", ""));
        var c = Files.writeString(b.resolveSibling("c.json"), org);

        var all = run("ledger", "show", "--data", data.toString());
        assertThat(all.code()).isZero();
        assertThat(all.out())
                .contains(
                        "limit 10  spent 11.5",
                        "tollgate-system/org for team-b, lifetime, CANNOT BE READ\n  "
                                + b
                                + ": account: unreadable: limitMicros: null",
                        "an account, CANNOT BE READ\n  "
                                + c
                                + ": account: unreadable: it is "
                                + ORG
                                + ", which belongs in "
                                + b.getFileName());
        assertThat(all.err()).isEmpty();

        var spoilt = run("ledger", "show", "org", "--data", data.toString());
        assertThat(spoilt.code()).as("nothing of it can be shown").isEqualTo(ExitCode.FAILED);
        assertThat(spoilt.out()).contains(b.toString(), "c.json").doesNotContain("monthly");
    }

    @Test
    void showsWhatAnOperatorCannotRead() throws Exception {
        var body =
                "{\"accounts\":["
                        + new String(AccountJson.write(SPENT), StandardCharsets.UTF_8)
                        + "],\"holders\":[],\"frozen\":[],\"unreadable\":["
                        + "{\"name\":\"BudgetLedger x\",\"account\":\""
                        + ORG
                        + "\",\"reason\":\"no lease\"},"
                        + "{\"name\":\"hash {fleet}:account:y\",\"account\":null,\"reason\":\"no key\"}]}";
        var server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext(
                "/ledger",
                exchange -> {
                    var bytes = body.getBytes(StandardCharsets.UTF_8);
                    exchange.sendResponseHeaders(200, bytes.length);
                    exchange.getResponseBody().write(bytes);
                    exchange.close();
                });
        server.start();
        try {
            var ended =
                    run(
                            "ledger",
                            "show",
                            "--admin=http://127.0.0.1:" + server.getAddress().getPort());
            assertThat(ended.code()).isZero();
            assertThat(ended.out())
                    .contains(
                            "limit 10  spent 11.5",
                            "tollgate-system/org for team-b, lifetime, CANNOT BE READ\n"
                                    + "  BudgetLedger x: no lease",
                            "an account, CANNOT BE READ\n  hash {fleet}:account:y: no key");
        } finally {
            server.stop(0);
        }
    }

    @Test
    void saysWhatIsMissing(@TempDir Path data) {
        assertThat(run("ledger").code()).isEqualTo(ExitCode.USAGE);
        assertThat(run("ledger", "show", "--data", data.toString()))
                .matches(ended -> ended.code() == ExitCode.USAGE)
                .matches(ended -> ended.err().contains("expected: that of a gateway"));
        assertThat(run("ledger", "reclaim", "monthly").err()).contains("--holder", "--reason");
        assertThat(
                        run(
                                "ledger",
                                "reclaim",
                                "monthly",
                                "--holder=x/1",
                                "--reason=y",
                                "--kubeconfig=nowhere"))
                .matches(ended -> ended.code() == ExitCode.USAGE)
                .matches(ended -> ended.err().contains("nowhere is no kubeconfig"));
        assertThat(run("ledger", "show", "--admin=http://127.0.0.1:1").code())
                .isEqualTo(ExitCode.FAILED);
    }
}
