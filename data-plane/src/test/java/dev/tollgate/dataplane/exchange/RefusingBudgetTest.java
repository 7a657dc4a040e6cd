package dev.tollgate.dataplane.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dataplane.budget.Admission.RefusalKind;
import dev.tollgate.dataplane.budget.Admission.Refused;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Step;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the client of a refused request is told of the Budget of one dollar that refuses it. */
class RefusingBudgetTest {

    private static final BudgetEntry MONTHLY = Snapshots.budget("1000000");

    private final Harness harness = new Harness();

    @AfterEach
    void close() {
        harness.close();
    }

    private void start(Handler<HttpServerRequest> behaviour, BudgetEntry... budgets) {
        var upstream = harness.upstream(behaviour);
        var providers = List.of(Snapshots.provider("a", "openai-chat", upstream.url() + "/v1"));
        harness.apply(
                Snapshots.of(
                        providers,
                        List.of(Snapshots.chain("fast", Snapshots.retry(3, null), providers)),
                        List.of(budgets),
                        List.of(Harness.clientKey()),
                        List.of()));
        harness.start();
    }

    private void start(BudgetEntry... budgets) {
        start(Harness.answers(200, Harness.CHAT_ANSWER), budgets);
    }

    private static Refused refused(RefusalKind kind, String budget, @Nullable String remaining) {
        return new Refused(
                kind,
                budget,
                Money.parse("1"),
                remaining == null ? null : Money.parse(remaining),
                null,
                Duration.ofSeconds(2),
                "Budget " + budget + " refuses");
    }

    /** Of a Budget that is short less is asked for once. */
    private void refuse(Refused refused) {
        harness.gate.refusals.addAll(List.of(refused, refused));
    }

    private HttpResponse<String> ask() {
        return harness.chat(Harness.chat("fast", false));
    }

    private static String budget(HttpResponse<String> answer) {
        return String.join("; ", answer.headers().allValues("x-tollgate-budget"));
    }

    @ParameterizedTest
    @CsvSource({
        "/v1/chat/completions, EXHAUSTED, 429",
        "/v1/responses, EXHAUSTED, 429",
        "/v1/messages, EXHAUSTED, 429",
        "/v1beta/models/fast:generateContent, EXHAUSTED, 429",
        "/v1/chat/completions, RESERVED, 429",
        "/v1/messages, RESERVED, 429",
        "/v1/chat/completions, CEILING, 429",
        "/v1/chat/completions, LEDGER_UNAVAILABLE, 503",
        "/v1/messages, LEDGER_UNAVAILABLE, 503",
        "/v1beta/models/fast:generateContent, LEDGER_UNAVAILABLE, 503",
        "/v1/chat/completions, FROZEN, 503",
        "/v1/chat/completions, LOG_UNAVAILABLE, 503"
    })
    void isNamedInTheHeaderInEachDialect(String path, RefusalKind kind, int status) {
        start(MONTHLY);
        harness.gate.spent = Money.parse("0.25");
        refuse(refused(kind, "team-a/monthly", "0.75"));
        var body =
                switch (path) {
                    case "/v1/responses" -> "{\"model\":\"fast\",\"input\":\"Hi\"}";
                    case "/v1/messages" ->
                            "{\"model\":\"fast\",\"max_tokens\":64,\"messages\":[{\"role\":\"user\","
                                    + "\"content\":\"Hi\"}]}";
                    case "/v1/chat/completions" -> Harness.chat("fast", true);
                    default -> "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Hi\"}]}]}";
                };
        var answer = harness.send(harness.post(path, body));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(budget(answer)).isEqualTo("team-a/monthly remaining=0.75 limit=1.00");
    }

    @ParameterizedTest
    @CsvSource({
        // what the ledger said, which knows of others
        "EXHAUSTED, 0.12, 0.25, 0.12",
        "EXHAUSTED, 0.12, 0.95, 0.05",
        "RESERVED, 0, 0.25, 0.00",
        // the ledger was not asked, or has not answered yet
        "RESERVED, , 0.25, 0.75",
        "CEILING, 0, 0.25, 0.75",
        "LEDGER_UNAVAILABLE, 0, 0.25, 0.75",
        "FROZEN, 0, 1.50, 0.00",
        "LOG_UNAVAILABLE, 0, 0.25, 0.75"
    })
    void hasLeftWhatCouldHaveBeenHadOrWhatIsNotSpent(
            RefusalKind kind, @Nullable String told, String spent, String remaining) {
        start(MONTHLY);
        harness.gate.spent = Money.parse(spent);
        refuse(refused(kind, "team-a/monthly", told));
        assertThat(budget(ask()))
                .isEqualTo("team-a/monthly remaining=" + remaining + " limit=1.00");
    }

    @Test
    void hasLeftWhatItsBlockingStepKeeps() {
        var step = new Step("stop", 80, Step.Action.BLOCK, null, null);
        start(BudgetBuilder.as(MONTHLY).steps(List.of(step)).build());
        harness.gate.spent = Money.parse("0.85");
        refuse(refused(RefusalKind.EXHAUSTED, "team-a/monthly", "0"));
        assertThat(budget(ask())).isEqualTo("team-a/monthly remaining=0.15 limit=1.00");
    }

    @Test
    void hasLeftWhatIsNotSpentWhenItIsSuspended() {
        start(BudgetBuilder.as(MONTHLY).suspended(true).build());
        harness.gate.spent = Money.parse("0.25");
        var answer = ask();
        assertThat(answer.statusCode()).isEqualTo(403);
        assertThat(budget(answer)).isEqualTo("team-a/monthly remaining=0.75 limit=1.00");
    }

    @Test
    void isNamedAloneThoughAnEarlierTryChargedOthersToo() {
        start(
                request -> {
                    refuse(refused(RefusalKind.EXHAUSTED, "team-a/other", "0.30"));
                    Harness.answers(500, "{\"error\":{\"message\":\"down\"}}").handle(request);
                },
                MONTHLY,
                BudgetBuilder.as(MONTHLY, "team-a/other").build());
        var answer = ask();
        assertThat(answer.statusCode()).isEqualTo(429);
        assertThat(answer.headers().firstValue("x-tollgate-attempts")).hasValue("1");
        assertThat(budget(answer)).isEqualTo("team-a/other remaining=0.30 limit=1.00");
    }

    @Test
    void tellsNoFiguresWithoutAnAmount() {
        start(BudgetBuilder.budget("team-a/monthly").build());
        refuse(refused(RefusalKind.CEILING, "team-a/monthly", "0"));
        var answer = ask();
        assertThat(answer.statusCode()).isEqualTo(429);
        assertThat(budget(answer)).isEmpty();
    }
}
