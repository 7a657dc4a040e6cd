package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.apiserver.ApiServer;
import dev.tollgate.e2e.Crowd.End;
import dev.tollgate.e2e.Teams.Team;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two operators, three proxies, and a team that asks all the time of a Hard Budget: the operator
 * that leads is killed with -9, then the next one is stopped (SIGSTOP) and continued. The other one
 * takes over within 20 s, and no client notices any of it.
 */
class StandbyE2E {

    @RegisterExtension static final ApiServer API = new ApiServer();

    private static final Duration TAKEOVER = Duration.ofSeconds(20);

    /** Until proxies see that an operator is silent, and find the other one. */
    private static final Duration NOTICED = Duration.ofSeconds(60);

    private static final Duration SOON = Duration.ofSeconds(60);
    private static final Duration SLICES_WITHIN = Duration.ofMinutes(3);
    private static final String KEY = "tg-7123456789012345678901234567890123456789abc";
    private static final String AMOUNT = "20.00";
    private static final int CLIENTS = 6;
    private static final int FENCED = 1;

    private static final int SOME = 10 * CLIENTS;

    /** A slice is two minutes of the pace, once that is known, and never less than one. */
    private static final int SLICE_SECONDS = 60;

    /** More than a request of a {@link Crowd} costs on average. */
    private static final long REQUEST_MICROS = 400;

    private static final Teams.Behaviour BEHAVIOUR =
            new Teams.Behaviour(
                    "default: {latencyMs: 200, gapMs: 20, chunks: 8, outputTokens: 1000}",
                    "default: {latencyMs: 200, gapMs: 20, chunks: 8, outputTokens: 1000}",
                    "");

    @TempDir Path folder;

    @Test
    void nobodyNoticesThatTheOperatorThatLeadsIsKilledOrStopped() throws Exception {
        API.installCrds();
        var team = new Team("busy", KEY, AMOUNT);
        try (var teams = Teams.start(folder, "standby", List.of(team), BEHAVIOUR)) {
            assertThat(API.kubectl(teams.foundation(), "apply", "-f", "-").ok()).isTrue();
            try (var fleet = new Fleet(API, folder, "standby", teams.namespaces(), List.of());
                    var clients = new Crowd(fleet, KEY)) {
                fleet.startProxies(3);
                fleet.kubectl(teams.resources("1000.00"), "apply", "-f", "-");
                fleet.awaitProgrammed(teams.namespace(team), "rpol,bud");
                var first = fleet.operator();
                var second = fleet.launchOperator(1);
                awaitStandby(second);
                var over = new AtomicBoolean();
                var asking =
                        new FutureTask<Void>(
                                () -> {
                                    clients.askUntil(CLIENTS, over::get);
                                    return null;
                                });
                Thread.ofVirtual().start(asking);
                awaitSlices(fleet, clients);

                first.kill();
                awaitLeads(fleet, second, 2);

                var third = fleet.launchOperator(0);
                awaitStandby(third);
                awaitSlices(fleet, clients);
                second.pause();
                awaitLeads(fleet, third, 3);
                awaitServed(clients, SOME);
                second.proceed();
                assertThat(second.awaitExit(SOON)).as(second.tail()).isEqualTo(FENCED);
                awaitServed(clients, SOME);

                over.set(true);
                asking.get();
                assertThat(clients.count(End.SERVED) + clients.count(End.LEFT))
                        .as("all of " + clients.told())
                        .isEqualTo(asked(clients));
                fleet.awaitQuiet();
                fleet.stopProxies();
                var bill = Bill.of(teams.referees(), team.name() + "-");
                var records = fleet.records().values();
                bill.assertRecorded(records);
                assertThat(
                                fleet.account(teams.namespace(team), "all")
                                        .get("settledMicros")
                                        .asLong())
                        .isBetween(
                                Math.ceilDiv(Bill.recorded(records), 1_000L),
                                Math.ceilDiv(Bill.recorded(records), 1_000L) + fleet.starts());
            }
        }
    }

    private static long asked(Crowd clients) {
        long sum = 0;
        for (var end : End.values()) {
            sum += clients.count(end);
        }
        return sum;
    }

    private static void awaitServed(Crowd clients, int more) {
        long before = clients.count(End.SERVED);
        await().atMost(SOON).until(() -> clients.count(End.SERVED) >= before + more);
    }

    /** Until each proxy has money for a minute at the pace of the last seconds. */
    private static void awaitSlices(Fleet fleet, Crowd clients) {
        var begin = System.nanoTime();
        long before = clients.count(End.SERVED);
        awaitServed(clients, SOME);
        await().atMost(SLICES_WITHIN)
                .untilAsserted(
                        () -> {
                            double seconds = (System.nanoTime() - begin) / 1e9;
                            double pace = (clients.count(End.SERVED) - before) / seconds;
                            double needed = SLICE_SECONDS * pace * REQUEST_MICROS / fleet.size();
                            for (int i = 0; i < fleet.size(); i++) {
                                var budgets = fleet.status(i).get("budgets");
                                assertThat(budgets).isNotEmpty();
                                for (var budget : budgets) {
                                    assertThat(budget.get("free_usd").asDouble() * 1e6)
                                            .isGreaterThan(needed);
                                }
                            }
                        });
    }

    private static void awaitStandby(TollgateProcess operator) {
        await().atMost(SOON)
                .until(
                        () ->
                                operator.err().stream()
                                        .anyMatch(line -> line.contains("standing by")));
    }

    /** It leads in time, and all proxies are with it, as the epoch of what they serve says. */
    private static void awaitLeads(Fleet fleet, TollgateProcess operator, int epoch) {
        await().atMost(TAKEOVER)
                .until(
                        () ->
                                operator.err().stream()
                                        .anyMatch(line -> line.contains("operator serves")));
        await().atMost(NOTICED)
                .untilAsserted(
                        () -> {
                            for (int i = 0; i < fleet.size(); i++) {
                                var status = fleet.status(i);
                                assertThat(status.get("revision").asText()).startsWith(epoch + ".");
                                for (var budget : status.get("budgets")) {
                                    assertThat(budget.get("ledger_connected").asBoolean()).isTrue();
                                }
                            }
                        });
    }
}
