package dev.tollgate.operator.compile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.budget.BudgetSpec;
import dev.tollgate.crds.budget.BudgetStatus;
import dev.tollgate.crds.budget.Period;
import dev.tollgate.crds.budget.ViolationStatus;
import dev.tollgate.crds.resource.Budget;
import dev.tollgate.crds.resource.Bytes;
import dev.tollgate.crds.resource.Metadata;
import dev.tollgate.crds.resource.Resources;
import dev.tollgate.operator.push.ControlSecurity;
import dev.tollgate.operator.push.Fleet;
import dev.tollgate.operator.push.LedgerEndpoint;
import dev.tollgate.operator.push.PushServer;
import dev.tollgate.operator.status.LedgerFigures;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.push.FromLedger;
import dev.tollgate.policy.push.ToLedger;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.IssuerEntry;
import dev.tollgate.policy.snapshot.SettingsEntry;
import dev.tollgate.policy.violation.Violation;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a new operator makes of the violations that statuses show. */
class ViolationRestoreTest {

    private static final Instant NOW = Instant.now();
    private static final Instant SEEN = Instant.parse("2026-11-02T08:00:00.250Z");

    private final Vertx vertx = Vertx.vertx();
    private ControlLoop loop;

    private static Budget budget(String name, boolean violated) {
        var spec =
                new BudgetSpec(
                        "1",
                        null,
                        new Period(Period.Type.MONTH, null, null),
                        null,
                        null,
                        null,
                        List.of(),
                        List.of(),
                        List.of(),
                        null,
                        null,
                        null);
        var last = violated ? new ViolationStatus(SEEN, "req_0", "2", "1", "proxy-0", true) : null;
        var status =
                new BudgetStatus(
                        1, null, null, null, null, null, null, null, null, List.of(), List.of(),
                        null, null, last, null, List.of());
        return new Budget(Metadata.of("team-a", name), spec, status);
    }

    private static final Sources SOURCES =
            new Sources() {
                @Override
                public Resources resources() {
                    return new Resources(
                            List.of(),
                            List.of(),
                            List.of(budget("stopped", true), budget("sound", false)),
                            List.of(),
                            List.of(),
                            List.of(),
                            List.of());
                }

                @Override
                public List<IssuerEntry> issuers() {
                    return List.of();
                }

                @Override
                public Set<String> unreadIssuers() {
                    return Set.of();
                }

                @Override
                public Optional<Bytes> secret(String reference) {
                    return Optional.empty();
                }
            };

    private static final ControlLoop.Outputs NOWHERE =
            new ControlLoop.Outputs() {
                @Override
                public void budgets(List<BudgetEntry> budgets) {}

                @Override
                public void statuses() {}

                @Override
                public void remember(Memory memory) {}

                @Override
                public void outrun(long epoch) {}
            };

    private static final class NoLedger implements LedgerEndpoint {
        @Override
        public Session open(Consumer<FromLedger> send) {
            return new Session() {
                @Override
                public void received(ToLedger message) {}

                @Override
                public void closed() {}
            };
        }
    }

    @BeforeEach
    void start() throws Exception {
        loop =
                new ControlLoop(
                        SOURCES,
                        new ControlLoop.Settings(
                                "tollgate-system",
                                SettingsEntry.EndpointPolicy.PUBLIC,
                                SettingsEntry.Unbudgeted.ALLOW),
                        NOWHERE,
                        1,
                        Memory.NOTHING,
                        Clock.systemUTC());
        var server =
                PushServer.start(
                                vertx,
                                "127.0.0.1",
                                0,
                                new ControlSecurity.None(),
                                Fleet.empty(),
                                1,
                                loop,
                                new NoLedger(),
                                Clock.systemUTC())
                        .toCompletionStage()
                        .toCompletableFuture()
                        .get(10, TimeUnit.SECONDS);
        loop.start(server);
        await().until(() -> loop.compiles() > 0);
    }

    @AfterEach
    void stop() throws Exception {
        loop.close();
        vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    private BudgetEntry entry(String name) {
        return loop.picture(LedgerFigures.NONE, Map.of()).budgets().get("team-a/" + name);
    }

    @Test
    void theFirstCompileStopsWhatAStatusShowsAsViolated() {
        assertThat(entry("stopped").violated()).isTrue();
        assertThat(entry("stopped").violatedAtMillis()).isEqualTo(SEEN.toEpochMilli());
        assertThat(entry("sound").violatedAtMillis()).isNull();
    }

    @Test
    void whatAProxyTellsStopsUnlessItIsMoreThanADayAhead() {
        loop.violated("proxy-1", List.of(violation(NOW.plusSeconds(3 * 86_400))));
        loop.violated("proxy-1", List.of(violation(NOW)));
        await().until(() -> entry("sound").violated());
        assertThat(entry("sound").violatedAtMillis()).isEqualTo(NOW.toEpochMilli());
    }

    private static Violation violation(Instant at) {
        return new Violation(
                "team-a/sound", at, "req_1", Money.parse("0.5"), Money.parse("0.2"), true);
    }
}
