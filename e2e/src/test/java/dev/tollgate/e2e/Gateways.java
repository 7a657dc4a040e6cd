package dev.tollgate.e2e;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** One standalone gateway, or the proxies of a fleet. */
record Gateways(List<TollgateProcess> processes) {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static final Duration SOON = Duration.ofSeconds(60);

    Gateways {
        processes = List.copyOf(processes);
    }

    int size() {
        return processes.size();
    }

    /**
     * A chat completion through one of them.
     *
     * @param headers name, value, name, value
     */
    HttpResponse<String> ask(int gateway, String key, String body, String... headers)
            throws Exception {
        var address = "http://127.0.0.1:" + processes.get(gateway).port() + "/v1/chat/completions";
        var request =
                HttpRequest.newBuilder(URI.create(address))
                        .header("authorization", "Bearer " + key)
                        .header("content-type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    /**
     * Until each has a configuration. Before that the operator may not know of it, and what it says
     * of all proxies is not said of that one.
     */
    void awaitReady() {
        for (var process : processes) {
            await().atMost(SOON)
                    .ignoreExceptions()
                    .until(() -> status(process).get("ready").asBoolean());
        }
    }

    /** Until each knows how many they are: limits are shared by that number. */
    void awaitEachOther() {
        for (var process : processes) {
            await().atMost(SOON)
                    .ignoreExceptions()
                    .until(() -> status(process).get("live_proxies").asInt() == size());
        }
    }

    private static JsonNode status(TollgateProcess process) throws Exception {
        var address = "http://127.0.0.1:" + process.adminPort() + "/status";
        var request = HttpRequest.newBuilder(URI.create(address)).build();
        return JSON.readTree(HTTP.send(request, HttpResponse.BodyHandlers.ofString()).body());
    }

    /** Usage records of requests for a model name, of all of them. */
    List<JsonNode> records(String model) throws Exception {
        var asked = "\"model_requested\":\"" + model + "\"";
        var records = new ArrayList<JsonNode>();
        for (var process : processes) {
            for (var line : process.usageRecords()) {
                if (line.contains(asked)) {
                    records.add(JSON.readTree(line));
                }
            }
        }
        return records;
    }
}
