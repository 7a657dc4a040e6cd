package dev.tollgate.dataplane.exchange;

import static dev.tollgate.dataplane.exchange.Harness.answers;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.LimitsEntry;
import dev.tollgate.policy.snapshot.SettingsEntry;
import dev.tollgate.policy.snapshot.SettingsEntry.Unbudgeted;
import dev.tollgate.policy.snapshot.Snapshot;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Requests that no Budget with an amount counts, over real sockets. */
class UnbudgetedTest {

    private static final String SERVED = "tollgate_unbudgeted_requests_total{team=\"team-a\"} ";

    private final Harness harness = new Harness();

    @AfterEach
    void close() {
        harness.close();
    }

    private static List<BudgetEntry> budgets(String kind) {
        var amount = Snapshots.budget("1000000");
        return switch (kind) {
            case "none" -> List.of();
            case "limits" ->
                    List.of(
                            BudgetBuilder.as(amount)
                                    .limit((Long) null)
                                    .limits(new LimitsEntry(1_000L, null, null, 100))
                                    .build());
            case "ceiling" ->
                    List.of(
                            BudgetBuilder.as(amount)
                                    .limit((Long) null)
                                    .ceiling(1_000_000_000L)
                                    .build());
            case "shadow" ->
                    List.of(BudgetBuilder.as(amount).mode(BudgetEntry.Mode.SHADOW).build());
            case "soft" -> List.of(BudgetBuilder.as(amount).mode(BudgetEntry.Mode.SOFT).build());
            case "blocked" -> List.of(BudgetBuilder.as(amount).blocked("no such zone").build());
            default -> List.of(amount);
        };
    }

    private void start(Unbudgeted setting, List<BudgetEntry> budgets) {
        var provider =
                Snapshots.provider(
                        "a",
                        "openai-chat",
                        harness.upstream(answers(200, Harness.CHAT_ANSWER)).url() + "/v1");
        var all = List.of(provider);
        var plain =
                Snapshots.of(
                        all,
                        List.of(Snapshots.chain("model-1", Snapshots.retry(3, null), all)),
                        budgets,
                        List.of(Harness.clientKey()),
                        List.of());
        harness.apply(
                new Snapshot(
                        plain.schemaVersion(),
                        plain.platformNamespace(),
                        new SettingsEntry(
                                SettingsEntry.EndpointPolicy.ANY,
                                setting,
                                plain.settings().namespaces()),
                        plain.providers(),
                        plain.policies(),
                        plain.budgets(),
                        plain.clientKeys(),
                        plain.issuers()));
        harness.start();
    }

    @ParameterizedTest
    @CsvSource({
        "ALLOW, none, 200",
        "ALLOW, limits, 200",
        "BLOCK, none, 403",
        "BLOCK, limits, 403",
        "BLOCK, ceiling, 403",
        "BLOCK, shadow, 403",
        "BLOCK, soft, 200",
        "BLOCK, hard, 200",
        "DEFAULT_BUDGET, none, 403",
        "DEFAULT_BUDGET, limits, 403",
        "DEFAULT_BUDGET, hard, 200"
    })
    void areServedAsTheInstallationSays(Unbudgeted setting, String budgets, int status) {
        start(setting, budgets(budgets));
        var answer = harness.chat(Harness.chat("model-1", false));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        if (status == 403) {
            assertThat(answer.body()).contains("no Budget with an amount");
        }
    }

    @Test
    void aBudgetThatBlocksSaysItselfWhy() {
        start(Unbudgeted.BLOCK, budgets("blocked"));
        var answer = harness.chat(Harness.chat("model-1", false));
        assertThat(answer.statusCode()).isEqualTo(403);
        assertThat(answer.body()).contains("no such zone");
    }

    @ParameterizedTest
    @CsvSource({"none, true", "limits, true", "shadow, true", "hard, false"})
    void areCountedWhereTheyAreServed(String budgets, boolean counted) {
        start(Unbudgeted.ALLOW, budgets(budgets));
        assertThat(harness.chat(Harness.chat("model-1", false)).statusCode()).isEqualTo(200);
        var metrics = harness.admin("/metrics").body();
        assertThat(metrics.contains(SERVED + "1")).as(metrics).isEqualTo(counted);
    }
}
