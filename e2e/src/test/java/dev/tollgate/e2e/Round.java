package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * What one test asks of one policy, in turn through every gateway, and the bills of the policy's
 * targets. No other test asks for them.
 */
final class Round {

    private static final Duration SOON = Duration.ofSeconds(60);

    private final Gateways gateways;
    private final Referees referees;
    private final String model;
    private final List<String> targets;
    private int asked;

    /**
     * @param model that clients ask for
     * @param targets models that may serve it
     */
    Round(Gateways gateways, Referees referees, String model, String... targets) {
        this.gateways = gateways;
        this.referees = referees;
        this.model = model;
        this.targets = List.of(targets);
    }

    static String question(String model) {
        return Standalone.chatBody(model);
    }

    /** One question, through the next gateway. */
    HttpResponse<String> ask(String... headers) throws Exception {
        return askAt(asked % gateways.size(), question(model), headers);
    }

    HttpResponse<String> askAt(int gateway, String body, String... headers) throws Exception {
        asked++;
        return gateways.ask(gateway, Standalone.KEY, body, headers);
    }

    /** So many questions one after the other, all of which must be answered. */
    List<HttpResponse<String>> serve(int times, String... headers) throws Exception {
        var answers = new ArrayList<HttpResponse<String>>();
        for (int i = 0; i < times; i++) {
            var answer = ask(headers);
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            answers.add(answer);
        }
        return answers;
    }

    /** So many questions at once. */
    List<HttpResponse<String>> atOnce(int times, String key) throws Exception {
        asked += times;
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var pending = new ArrayList<Future<HttpResponse<String>>>();
            for (int i = 0; i < times; i++) {
                int gateway = i % gateways.size();
                pending.add(threads.submit(() -> gateways.ask(gateway, key, question(model))));
            }
            var answers = new ArrayList<HttpResponse<String>>();
            for (var one : pending) {
                answers.add(one.get());
            }
            return answers;
        }
    }

    /** How often this target was called, by its own count. */
    int calls(String target) throws Exception {
        return referees.calls(target).size();
    }

    /** Which target answered. */
    static String servedBy(HttpResponse<?> answer) {
        return answer.headers().firstValue("x-tollgate-model").orElse("none");
    }

    /**
     * The records, once there are so many and every one of the referees' charges is an attempt of
     * theirs, and the other way around.
     */
    List<JsonNode> settled(int records) throws Exception {
        await().atMost(SOON)
                .untilAsserted(
                        () -> {
                            assertThat(gateways.records(model)).hasSize(records);
                            assertThat(charges(gateways.records(model)))
                                    .containsExactlyInAnyOrderElementsOf(referees.charges(targets));
                        });
        return gateways.records(model);
    }

    private static List<String> charges(List<JsonNode> records) {
        var charges = new ArrayList<String>();
        for (var record : records) {
            long sum = 0;
            for (var attempt : record.get("attempts")) {
                long nanos = Standalone.nanos(attempt);
                sum += nanos;
                if (nanos > 0) {
                    charges.add(attempt.get("model").asText() + "=" + nanos);
                }
            }
            assertThat(Standalone.nanos(record)).as(record.toString()).isEqualTo(sum);
        }
        return charges;
    }
}
