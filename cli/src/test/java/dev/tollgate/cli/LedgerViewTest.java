package dev.tollgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountJson;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LeaseAccount;
import java.io.PrintWriter;
import java.io.StringWriter;
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
                Set.of(ORG.toString()));
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

    @Test
    void readsTheFolderOfAGateway(@TempDir Path data) throws Exception {
        Files.createDirectories(data.resolve("accounts"));
        Files.write(data.resolve("accounts/a.json"), AccountJson.write(SPENT));
        var ended = run("ledger", "show", "monthly", "-n", "team-a", "--data", data.toString());
        assertThat(ended.code()).isZero();
        assertThat(ended.out()).contains("team-a/monthly", "gone/1");

        var none = run("ledger", "show", "daily", "--data", data.toString());
        assertThat(none.code()).isEqualTo(ExitCode.FAILED);
        assertThat(none.err()).contains("no account of Budget daily in " + data);
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
