package dev.tollgate.dataplane.exchange;

import static dev.tollgate.dataplane.exchange.Harness.answers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Game days: a provider that works is made to fail. */
class DrillsTest {

    private final Harness harness = new Harness();

    @BeforeEach
    void serve() {
        var a = harness.upstream(answers(200, Harness.CHAT_ANSWER));
        var b = harness.upstream(answers(200, Harness.CHAT_ANSWER));
        var providers =
                List.of(
                        Snapshots.provider("a", "openai-chat", a.url() + "/v1"),
                        Snapshots.provider("b", "openai-chat", b.url() + "/v1"));
        harness.apply(
                Snapshots.of(
                        providers,
                        List.of(Snapshots.chain("model-1", Snapshots.retry(3, null), providers)),
                        List.of(Snapshots.budget("1000000")),
                        List.of(Harness.clientKey()),
                        List.of()));
        harness.start();
    }

    @AfterEach
    void close() {
        harness.close();
    }

    private HttpResponse<String> begin(String provider, String seconds) {
        return harness.send(asked(provider, seconds).header("x-tollgate-drill", "begin"));
    }

    private HttpRequest.Builder asked(String provider, String seconds) {
        var path = "/drill?provider=" + provider + "&seconds=" + seconds;
        return HttpRequest.newBuilder(URI.create(harness.adminUrl(path)))
                .POST(HttpRequest.BodyPublishers.noBody());
    }

    private JsonObject report(String provider) {
        return new JsonObject(harness.admin("/drill").body()).getJsonObject(provider);
    }

    private String servedBy() {
        var answer = harness.chat(Harness.chat("model-1", false));
        return answer.headers().firstValue("x-tollgate-provider").orElse("none");
    }

    @Test
    void showsThatTheChainHoldsAndEndsByItself() {
        assertThat(servedBy()).isEqualTo("a");
        assertThat(begin("platform/a", "600").statusCode()).isEqualTo(200);
        assertThat(servedBy()).isEqualTo("b");
        assertThat(harness.record(2).getJsonArray("attempts").getJsonObject(0).getString("outcome"))
                .isEqualTo("drill");
        assertThat(report("platform/a").getInteger("calls")).isEqualTo(1);
        await().until(() -> report("platform/a").getInteger("served") == 1);
        assertThat(report("platform/a").getInteger("failed")).isZero();
        assertThat(begin("platform/a", "1").statusCode()).isEqualTo(200);
        await().until(() -> servedBy().equals("a"));
        assertThat(report("platform/a").getInteger("seconds_left")).isZero();
    }

    @Test
    void countsRequestsThatNoOtherTargetServes() {
        begin("platform/a", "60");
        begin("platform/b", "60");
        var answer = harness.chat(Harness.chat("model-1", false));
        assertThat(answer.statusCode()).isGreaterThanOrEqualTo(500);
        await().until(() -> report("platform/a").getInteger("failed") == 1);
        assertThat(report("platform/a").getInteger("served")).isZero();
    }

    private static Drills.Order order(String provider, long id, long millis) {
        return new Drills.Order(provider, id, Duration.ofMillis(millis));
    }

    private List<String> told() {
        return harness.proxy().drills().ordered().stream()
                .map(
                        told ->
                                told.provider()
                                        + " "
                                        + told.id()
                                        + " "
                                        + told.report().served()
                                        + "/"
                                        + told.report().failed())
                .toList();
    }

    @Test
    void followsTheControlPlaneAndEndsWithoutIt() {
        var drills = harness.proxy().drills();
        drills.ordered(List.of(order("platform/a", 7, 60_000)));
        assertThat(servedBy()).isEqualTo("b");
        await().until(() -> told().equals(List.of("platform/a 7 1/0")));
        drills.ordered(List.of(order("platform/a", 7, 59_000)));
        assertThat(told()).as("the same drill").containsExactly("platform/a 7 1/0");
        drills.ordered(List.of());
        await().until(() -> servedBy().equals("a"));
        assertThat(told()).as("its report stays").containsExactly("platform/a 7 1/0");
        drills.ordered(List.of(order("platform/a", 8, 600_000)));
        assertThat(told()).as("another drill").containsExactly("platform/a 8 0/0");
        assertThat(servedBy()).isEqualTo("b");
        drills.ordered(List.of(order("platform/a", 8, 1_000)));
        await("nobody calls it off").until(() -> servedBy().equals("a"));
    }

    @Test
    void leavesDrillsThatWereBegunHereAndHoldsNoneForLongerThanAnHour() {
        begin("platform/a", "60");
        var drills = harness.proxy().drills();
        drills.ordered(List.of());
        assertThat(report("platform/a").getInteger("seconds_left")).isPositive();
        assertThat(told()).isEmpty();
        drills.ordered(List.of(order("platform/b", 1, 100 * 3_600_000L)));
        assertThat(report("platform/b").getInteger("seconds_left")).isLessThanOrEqualTo(3_600);
    }

    @Test
    void makesRoomForNewDrillsByForgettingThoseThatAreOver() {
        var drills = new Drills();
        for (int i = 0; i < 100; i++) {
            assertThat(drills.begin("p/" + i, Duration.ofNanos(1))).isTrue();
        }
        assertThat(drills.begin("p/more", Duration.ofMinutes(1))).isTrue();
        assertThat(drills.reports()).containsOnlyKeys("p/more");
        for (int i = 0; i < 99; i++) {
            assertThat(drills.begin("p/" + i, Duration.ofMinutes(1))).isTrue();
        }
        assertThat(drills.begin("p/one too many", Duration.ofMinutes(1))).isFalse();
    }

    @Test
    void refusesDrillsOfUnknownProvidersAndForeverAndOtherWrites() {
        assertThat(begin("platform/c", "60").statusCode()).isEqualTo(404);
        assertThat(begin("platform/a", "0").statusCode()).isEqualTo(400);
        assertThat(begin("platform/a", "3601").statusCode()).isEqualTo(400);
        assertThat(begin("platform/a", "soon").statusCode()).isEqualTo(400);
        assertThat(harness.send(asked("platform/a", "60")).statusCode())
                .as("a page in a browser cannot send the header")
                .isEqualTo(403);
        var other =
                HttpRequest.newBuilder(URI.create(harness.adminUrl("/status")))
                        .POST(HttpRequest.BodyPublishers.noBody());
        assertThat(harness.send(other).statusCode()).isEqualTo(405);
        assertThat(servedBy()).isEqualTo("a");
    }
}
