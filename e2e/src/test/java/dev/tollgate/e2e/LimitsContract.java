package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Limits of providers and teams, and failover, through each gateway of a standalone server or a
 * fleet. A fleet shares a limit by demand: its sum is never exceeded, and a burst may find a part
 * of it in the hands of a proxy that does not need it. Tokens are known when a call has ended, so
 * each proxy may exceed a limit of tokens by the calls that run when it is reached: by one here.
 */
abstract class LimitsContract {

    private static final int LIMIT = 30;
    private static final int TOKENS = 600;
    private static final int SLOTS = 6;

    /** Of one call, input and output. */
    private static final int MOST_TOKENS = 40;

    abstract Gateways gateways();

    abstract Referees referees();

    final Round round(String model, String... targets) {
        return new Round(gateways(), referees(), model, targets);
    }

    final int size() {
        return gateways().size();
    }

    private static long served(List<HttpResponse<String>> answers) {
        return answers.stream().filter(answer -> answer.statusCode() == 200).count();
    }

    private static void assertAllServed(List<HttpResponse<String>> answers) {
        assertThat(answers)
                .allSatisfy(
                        answer -> assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200));
    }

    private void assertIsKept(long used, long limit) {
        assertThat(used).isBetween(size() == 1 ? limit : limit / 2, limit);
    }

    private long tokens(String model) throws Exception {
        long sum = 0;
        for (var call : referees().calls(model)) {
            sum += call.get("tokens").get("input").asLong();
            sum += call.get("tokens").get("output").asLong();
        }
        return sum;
    }

    @Test
    void aProvidersRequestsAMinuteAreNeverExceededAndTheRestGoesElsewhere() throws Exception {
        gateways().awaitEachOther();
        var round = round("requests", "requests-main", "requests-spare");
        assertAllServed(round.atOnce(2 * LIMIT, Standalone.KEY));
        assertIsKept(round.calls("requests-main"), LIMIT);
        assertThat(round.calls("requests-spare"))
                .isEqualTo(2 * LIMIT - round.calls("requests-main"));
        round.settled(2 * LIMIT);
    }

    @Test
    void aProvidersTokensAMinuteAreKeptToWithinOneCallOfEachProxy() throws Exception {
        gateways().awaitEachOther();
        var round = round("tokens", "tokens-main", "tokens-spare");
        round.serve(60);
        assertThat(tokens("tokens-main"))
                .isBetween((long) TOKENS / 2, (long) TOKENS + size() * MOST_TOKENS);
        assertThat(round.calls("tokens-spare")).isPositive();
        round.settled(60);
    }

    @Test
    void aProviderGetsNoMoreCallsAtATimeThanItTakes() throws Exception {
        gateways().awaitEachOther();
        var round = round("slots", "slots-main", "slots-spare");
        assertAllServed(round.atOnce(4 * SLOTS, Standalone.KEY));
        // all were asked before the first was answered: its answers take longer than the asking
        assertIsKept(round.calls("slots-main"), SLOTS);
        round.settled(4 * SLOTS);
    }

    @Test
    void whoFindsEveryTargetAtItsLimitIsToldToComeBack() throws Exception {
        gateways().awaitEachOther();
        var round = round("alone", "alone-main");
        var answers = round.atOnce(4 * SLOTS, Standalone.KEY);
        assertIsKept(served(answers), SLOTS);
        for (var answer : answers) {
            if (answer.statusCode() != 200) {
                assertThat(answer.statusCode()).as(answer.body()).isEqualTo(429);
                assertThat(answer.headers().firstValue("retry-after")).isPresent();
            }
        }
        round.settled(4 * SLOTS);
    }

    @Test
    void aTeamsRequestsAMinuteAreNeverExceededAndNobodyIsAskedForTheRest() throws Exception {
        gateways().awaitEachOther();
        var round = round("team", "team-main");
        int before = round.calls("team-main");
        var answers = round.atOnce(2 * LIMIT, StrategyResources.REQUESTS_KEY);
        assertIsKept(served(answers), LIMIT);
        assertThat(round.calls("team-main") - before).isEqualTo((int) served(answers));
        for (var answer : answers) {
            if (answer.statusCode() != 200) {
                assertThat(answer.statusCode()).isEqualTo(429);
                assertThat(answer.body()).contains("team-requests/rate", "requestsPerMinute");
                assertThat(answer.headers().firstValueAsLong("retry-after").orElse(0))
                        .isBetween(1L, 60L);
            }
        }
    }

    @Test
    void aTeamsTokensAMinuteAreKeptToWithinOneCallOfEachProxy() throws Exception {
        gateways().awaitEachOther();
        var round = round("team", "team-main");
        long before = tokens("team-main");
        int refused = 0;
        for (int i = 0; i < 60; i++) {
            var answer =
                    gateways()
                            .ask(i % size(), StrategyResources.TOKENS_KEY, Round.question("team"));
            refused += answer.statusCode() == 429 ? 1 : 0;
        }
        assertThat(refused).isPositive();
        assertThat(tokens("team-main") - before)
                .isBetween((long) TOKENS / 2, (long) TOKENS + size() * MOST_TOKENS);
        assertThat(round.calls("team-main")).isPositive();
    }

    @Test
    void aTeamHasNoMoreCallsAtATimeThanItMay() throws Exception {
        gateways().awaitEachOther();
        var round = round("team", "team-main");
        int before = round.calls("team-main");
        referees().script("team-main", "latencyMs: 4000");
        var answers = round.atOnce(4 * SLOTS, StrategyResources.SLOTS_KEY);
        referees().script("team-main", "");
        assertIsKept(served(answers), SLOTS);
        assertThat(round.calls("team-main") - before).isEqualTo((int) served(answers));
    }

    @Test
    void failoverHidesAnOutageOpensTheCircuitsAndComesBack() throws Exception {
        var round = round("failover", "failover-main", "failover-spare");
        for (var answer : round.serve(20 * size())) {
            assertThat(Round.servedBy(answer)).isEqualTo("failover-spare");
        }
        // three failures in a row open a circuit, and each proxy has its own; probes may follow
        assertThat(round.calls("failover-main")).isBetween(3 * size(), 5 * size());
        referees().script("failover-main", "");
        int[] asked = {20 * size()};
        await().pollInterval(Duration.ofMillis(300))
                .until(
                        () -> {
                            asked[0] += size();
                            return round.serve(size()).stream()
                                    .allMatch(a -> Round.servedBy(a).equals("failover-main"));
                        });
        var failed =
                round.settled(asked[0]).stream()
                        .filter(r -> r.get("fallback_used").asBoolean())
                        .count();
        assertThat(failed).isBetween(3L * size(), 8L * size());
    }
}
