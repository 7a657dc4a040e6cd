package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Streams that are not read to their end. Clients read little of them and leave, while the provider
 * waits for them with megabytes on the way, or somewhere in a stream that comes at a usual pace; or
 * the provider's connection breaks. Each byte of these streams is a token, so that nothing but what
 * the gateway adds covers what it has not read. The providers' bills must be covered by the usage
 * records, and these by the Budget's amount.
 */
class SlowReaderE2E {

    private static final Duration SOON = Duration.ofSeconds(60);
    private static final Duration A_WHILE = Duration.ofMillis(250);

    /** The gateway and a provider have turned so often, and nothing has moved. */
    private static final int TURNS = 20;

    private static final int FLOOD_TOKENS = 1_000_000;

    /** More than 45 MB: no buffers between a provider and a client take as much. */
    private static final int FLOOD_CHUNKS = 400_000;

    /** Of four floods, and not of one token of use more. */
    private static final String FLOOD_AMOUNT = "2.4003";

    private static final int FLOODS = 4;

    private static final int PACE_TOKENS = 400;
    private static final int PACE_CLIENTS = 9;
    private static final String PACE_AMOUNT = "10.00";

    /** Those who stop reading leave when so much was written. */
    private static final int PACE_CHUNKS = 100;

    private static final int AN_EVENT_BYTES = 200;

    private static final int CUT_CLIENTS = 3;
    private static final int CUT_TOKENS = 4_000;
    private static final String CUT_AMOUNT = "5.00";

    enum Shape {
        OPENAI("OpenAI", "/v1"),
        ANTHROPIC("Anthropic", ""),
        /** Bills on when nobody reads. */
        GEMINI("Gemini", "/v1beta");

        private final String type;
        private final String path;

        Shape(String type, String path) {
            this.type = type;
            this.path = path;
        }

        String dialect() {
            return name().toLowerCase(Locale.ROOT);
        }

        String model(String what) {
            return dialect() + "-" + what;
        }

        String path(String model) {
            return switch (this) {
                case OPENAI -> "/v1/chat/completions";
                case ANTHROPIC -> "/v1/messages";
                case GEMINI -> "/v1beta/models/" + model + ":streamGenerateContent?alt=sse";
            };
        }

        String body(String model, int tokens) {
            return switch (this) {
                case OPENAI, ANTHROPIC ->
                        "{\"model\":\"%s\",\"stream\":true,\"max_tokens\":%d,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
                                .formatted(model, tokens);
                case GEMINI ->
                        "{\"generationConfig\":{\"maxOutputTokens\":%d},\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"hi\"}]}]}"
                                .formatted(tokens);
            };
        }
    }

    /** How a client leaves. */
    enum Leave {
        CLOSE,
        RESET,
        HALF_CLOSE;

        /** In turn. */
        static Leave of(int client) {
            return values()[client % values().length];
        }

        void by(Raw client) throws Exception {
            switch (this) {
                case CLOSE -> client.close();
                case RESET -> client.reset();
                case HALF_CLOSE -> client.halfClose();
            }
        }
    }

    @TempDir static Path folder;
    static final Map<Shape, SimulatedProvider> PROVIDERS = new EnumMap<>(Shape.class);
    static Standalone gateway;

    @BeforeAll
    static void start() throws Exception {
        var resources = new StringBuilder(Resources.namespace("team-a"));
        resources.append(Resources.secret("team-a", "keys", "sk-simulated"));
        resources.append(Resources.clientKey("team-a", Standalone.KEY));
        for (var shape : Shape.values()) {
            var provider = SimulatedProvider.start(shape.dialect(), script(shape), folder);
            PROVIDERS.put(shape, provider);
            var flood = shape.model("flood");
            var pace = shape.model("pace");
            var cut = shape.model("cut");
            resources.append(
                    Resources.provider(
                                    "team-a",
                                    shape.dialect(),
                                    shape.type,
                                    provider.url() + shape.path,
                                    List.of(flood, pace, cut))
                            .replace("contextTokens: 100000", "contextTokens: 2000000")
                            .replace(
                                    "maxOutputTokens: 4096}",
                                    "maxOutputTokens: 4096, capabilities: [Chat, Streaming]}")
                            .replace("maxOutputTokens: 4096", "maxOutputTokens: " + FLOOD_TOKENS));
            resources.append(budget(flood, FLOOD_AMOUNT));
            resources.append(budget(pace, PACE_AMOUNT));
            resources.append(budget(cut, CUT_AMOUNT));
        }
        // one, so that what another request of ours has waited for has come to all streams
        gateway = Standalone.serve(folder, resources.toString(), "--event-loops=1");
    }

    private static String script(Shape shape) {
        var text = new StringBuilder("prices:\n");
        for (var what : List.of("flood", "pace", "cut")) {
            text.append(
                    "  %s: {inputPer1M: \"0.15\", cachedInputPer1M: \"0.075\", outputPer1M: \"0.60\"}\n"
                            .formatted(shape.model(what)));
        }
        text.append("billingStops: ").append(shape != Shape.GEMINI).append("\nrules:\n");
        text.append(rule(shape.model("flood"), FLOOD_TOKENS, FLOOD_CHUNKS, "gapMs: 0"));
        text.append(rule(shape.model("pace"), PACE_TOKENS, PACE_TOKENS, "gapMs: 10"));
        text.append(
                rule(
                        shape.model("cut"),
                        CUT_TOKENS,
                        CUT_TOKENS / 10,
                        "cut: {at: afterChunks, chunks: 20, how: rst}"));
        return text.toString();
    }

    private static String rule(String model, int tokens, int chunks, String more) {
        return "- {when: {model: %s}, do: {inputTokens: 20, outputTokens: %d, chunks: %d, %s, text: %s}}\n"
                .formatted(model, tokens, chunks, more, "x".repeat(tokens));
    }

    private static String budget(String model, String amount) {
        return """
               ---
               apiVersion: tollgate.dev/v1alpha1
               kind: Budget
               metadata: {name: %s, namespace: team-a}
               spec: {amount: "%s", period: {type: Lifetime}, models: [%s]}
               """
                .formatted(model, amount, model);
    }

    @AfterAll
    static void stop() throws Exception {
        gateway.close();
        for (var provider : PROVIDERS.values()) {
            provider.close();
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatAProviderWroteAndNobodyReadIsCharged(Shape shape) throws Exception {
        var model = shape.model("flood");
        var clients = new ArrayList<Raw>();
        try {
            int refused = 0;
            while (refused == 0) {
                assertThat(clients.size()).as("clients that were let in").isLessThan(2 * FLOODS);
                var client = ask(shape, model, FLOOD_TOKENS);
                clients.add(client);
                var status = Raw.status(client.readHead());
                refused = status == 200 ? 0 : status;
            }
            assertThat(refused).isEqualTo(429);
            clients.removeLast().close();
            assertThat(clients).hasSize(FLOODS);
            awaitStandstill(shape, model, clients.size());
            for (int i = 0; i < clients.size(); i++) {
                Leave.of(i).by(clients.get(i));
            }
            assertCovered(shape, model, FLOOD_AMOUNT, clients.size());
        } finally {
            closeAll(clients);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aStreamIsChargedWhereverItsClientLeaves(Shape shape) throws Exception {
        var model = shape.model("pace");
        var clients = new ArrayList<Raw>();
        try {
            for (int i = 0; i < PACE_CLIENTS; i++) {
                clients.add(ask(shape, model, PACE_TOKENS));
            }
            var provider = PROVIDERS.get(shape);
            await().atMost(SOON).until(() -> provider.open(model).size() == PACE_CLIENTS);
            for (int i = 0; i < PACE_CLIENTS / 3; i++) {
                Leave.of(i).by(clients.get(i)); // without a look at the answer
            }
            for (int i = PACE_CLIENTS / 3; i < PACE_CLIENTS; i++) {
                assertThat(Raw.status(clients.get(i).readHead())).isEqualTo(200);
                clients.get(i).readAtLeast(i * AN_EVENT_BYTES);
                if (i % 2 == 0) {
                    Leave.of(i).by(clients.get(i)); // what has come is read
                }
            }
            await().atMost(SOON)
                    .until(
                            () ->
                                    provider.open(model).stream()
                                            .mapToInt(call -> call.get("chunks").asInt())
                                            .allMatch(chunks -> chunks >= PACE_CHUNKS));
            for (int i = PACE_CLIENTS / 3; i < PACE_CLIENTS; i++) {
                if (i % 2 == 1) {
                    Leave.of(i).by(clients.get(i));
                }
            }
            assertCovered(shape, model, PACE_AMOUNT, PACE_CLIENTS);
        } finally {
            closeAll(clients);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aStreamThatBreaksIsChargedWhatItsProviderMayBill(Shape shape) throws Exception {
        var model = shape.model("cut");
        for (int i = 0; i < CUT_CLIENTS; i++) {
            try (var client = ask(shape, model, CUT_TOKENS)) {
                assertThat(Raw.status(client.readHead())).isEqualTo(200);
                assertThat(client.readChunks().whole()).isFalse();
            }
        }
        assertCovered(shape, model, CUT_AMOUNT, CUT_CLIENTS);
    }

    private static Raw ask(Shape shape, String model, int tokens) throws Exception {
        return Raw.narrow(gateway.process().port())
                .post(shape.path(model), shape.body(model, tokens));
    }

    /** Until the provider waits for the gateway, and the gateway for its clients. */
    private static void awaitStandstill(Shape shape, String model, int calls) throws Exception {
        var provider = PROVIDERS.get(shape);
        await().atMost(SOON)
                .pollInterval(A_WHILE)
                .until(
                        () -> {
                            var before = provider.open(model);
                            assertThat(before).as("none is at its end").hasSize(calls);
                            boolean still = before.stream().allMatch(SlowReaderE2E::hasBegun);
                            for (int i = 0; i < TURNS && still; i++) {
                                gateway.get("/v1/models");
                                still = provider.open(model).equals(before);
                            }
                            return still;
                        });
    }

    private static boolean hasBegun(JsonNode call) {
        return call.get("chunks").asInt() > 0;
    }

    private static void assertCovered(Shape shape, String model, String amount, int requests)
            throws Exception {
        await().atMost(SOON).until(() -> records(model).size() == requests);
        var provider = PROVIDERS.get(shape);
        await().atMost(SOON).until(() -> provider.open(model).isEmpty());
        var bill = Bill.of(List.of(provider), model);
        var records = records(model);
        var recorded = Bill.recorded(records);
        System.out.printf(
                "slow readers: %s, billed %s, recorded %s, of %s%n",
                model,
                bill.billed(),
                records.stream().map(Standalone::nanos).toList(),
                Standalone.nanos(amount));
        bill.assertRecorded(records);
        assertThat(bill.totalNanos()).isLessThanOrEqualTo(recorded);
        assertThat(recorded).isLessThanOrEqualTo(Standalone.nanos(amount));
        await().atMost(SOON)
                .until(() -> gateway.metric("tollgate_budget_held_usd", "team-a/" + model) == 0);
        assertThat(gateway.metric("tollgate_invariant_violations_total")).isZero();
    }

    /** Of requests that were let in. */
    private static List<JsonNode> records(String model) throws Exception {
        return gateway.records().stream()
                .filter(record -> record.get("model_requested").asText().equals(model))
                .filter(record -> !record.get("attempts").isEmpty())
                .toList();
    }

    private static void closeAll(List<Raw> clients) throws Exception {
        for (var client : clients) {
            client.close();
        }
    }
}
