package dev.tollgate.dataplane.exchange;

import static dev.tollgate.dataplane.exchange.Harness.answers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.policy.snapshot.HealthCheckEntry;
import dev.tollgate.policy.snapshot.ProviderEntry;
import io.vertx.core.http.HttpMethod;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Active checks of a provider, over real sockets. */
class HealthChecksTest {

    private static final HealthCheckEntry OFTEN = new HealthCheckEntry(null, 100, 300, 2, 1);

    private final Harness harness = new Harness();
    private final AtomicInteger status = new AtomicInteger(200);
    private final List<String> checks = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() {
        harness.close();
    }

    private Harness.Upstream checked() {
        return harness.upstream(
                request -> {
                    if (request.method() == HttpMethod.GET) {
                        checks.add(request.uri() + " " + request.getHeader("authorization"));
                        if (status.get() > 0) {
                            request.response().setStatusCode(status.get()).end("{\"data\":[]}");
                        }
                    } else {
                        answers(200, Harness.CHAT_ANSWER).handle(request);
                    }
                });
    }

    private static ProviderEntry with(Harness.Upstream upstream, HealthCheckEntry check) {
        var entry = Snapshots.provider("a", "openai-chat", upstream.url() + "/v1");
        return Snapshots.guarded(entry, null, check);
    }

    private void serve(ProviderEntry... providers) {
        var all = List.of(providers);
        harness.apply(
                Snapshots.of(
                        all,
                        List.of(Snapshots.chain("model-1", Snapshots.retry(3, null), all)),
                        List.of(Snapshots.budget("1000000")),
                        List.of(Harness.clientKey()),
                        List.of()));
    }

    private String servedBy() {
        var answer = harness.chat(Harness.chat("model-1", false));
        return answer.headers().firstValue("x-tollgate-provider").orElse("none");
    }

    @Test
    void takesAProviderThatFailsItsChecksOutAndBackIn() {
        var b = harness.upstream(answers(200, Harness.CHAT_ANSWER));
        serve(with(checked(), OFTEN), Snapshots.provider("b", "openai-chat", b.url() + "/v1"));
        harness.start();
        await().until(() -> checks.contains("/v1/models Bearer sk-a"));
        assertThat(servedBy()).isEqualTo("a");
        status.set(503);
        await().until(() -> servedBy().equals("b"));
        assertThat(harness.proxy().lastMinute())
                .anyMatch(seen -> seen.provider().equals("platform/a") && seen.unhealthy());
        status.set(200);
        await().until(() -> servedBy().equals("a"));
    }

    @Test
    void countsSilenceAndARefusedKeyAsFailuresButNotAMissingList() {
        serve(with(checked(), OFTEN));
        harness.start();
        status.set(404);
        await().until(() -> checks.size() > 3);
        assertThat(servedBy()).isEqualTo("a");
        status.set(401);
        await().until(() -> servedBy().equals("none"));
        status.set(200);
        await().until(() -> servedBy().equals("a"));
        status.set(0);
        await().until(() -> servedBy().equals("none"));
    }

    @Test
    void forgetsWhatChecksSaidWhenThereAreNoneAnyMore() {
        status.set(500);
        var upstream = checked();
        serve(with(upstream, OFTEN));
        harness.start();
        await().until(() -> servedBy().equals("none"));
        serve(Snapshots.provider("a", "openai-chat", upstream.url() + "/v1"));
        await().until(() -> servedBy().equals("a"));
    }
}
