package dev.tollgate.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A {@code tollgate simulator} process and the bill that it keeps: the referee. */
record SimulatedProvider(TollgateProcess process, int port) implements AutoCloseable {

    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final ObjectMapper JSON = new ObjectMapper();

    static SimulatedProvider start(String dialect, String script, Path folder) throws Exception {
        var file = Files.writeString(Files.createTempFile(folder, dialect, ".yaml"), script);
        var process =
                TollgateProcess.start(
                        "simulator",
                        "--port",
                        "0",
                        "--dialect",
                        dialect,
                        "--script",
                        file.toString());
        return new SimulatedProvider(process, process.port());
    }

    String url() {
        return "http://127.0.0.1:" + port;
    }

    /** From now on every call fails with this status. */
    void fail(int status) throws IOException, InterruptedException {
        send("POST", "/_sim/fail?status=" + status, "");
    }

    /** From now on it behaves like this; its bill goes on. */
    void script(String yaml) throws IOException, InterruptedException {
        send("POST", "/_sim/script", yaml);
    }

    /** Forgets its bill. */
    void clear() throws IOException, InterruptedException {
        send("POST", "/_sim/clear", "");
    }

    /** The last requests as they arrived. */
    List<JsonNode> requests() throws IOException, InterruptedException {
        return list(send("GET", "/_sim/requests?limit=10000", ""));
    }

    /** Nano-dollars of each call that cost something, in order. */
    List<Long> chargedNanos() throws IOException, InterruptedException {
        var charged = new ArrayList<Long>();
        for (var call : calls()) {
            if (call.get("nanos").longValue() > 0) {
                charged.add(call.get("nanos").longValue());
            }
        }
        return List.copyOf(charged);
    }

    long totalNanos() throws IOException, InterruptedException {
        return JSON.readTree(send("GET", "/_sim/bill", "")).get("totalNanos").longValue();
    }

    /** Each call on its bill. */
    List<JsonNode> calls() throws IOException, InterruptedException {
        return list(send("GET", "/_sim/calls?limit=100000", ""));
    }

    /** The calls for one of its models. */
    List<JsonNode> calls(String model) throws IOException, InterruptedException {
        return calls().stream().filter(c -> model.equals(c.get("model").asText())).toList();
    }

    /** The calls for one of its models that are not on its bill yet, and how far they are. */
    List<JsonNode> open(String model) throws IOException, InterruptedException {
        return list(send("GET", "/_sim/open", "")).stream()
                .filter(c -> model.equals(c.get("model").asText()))
                .toList();
    }

    private static List<JsonNode> list(String json) throws IOException {
        var items = new ArrayList<JsonNode>();
        JSON.readTree(json).forEach(items::add);
        return List.copyOf(items);
    }

    private String send(String method, String path, String body)
            throws IOException, InterruptedException {
        var request =
                HttpRequest.newBuilder(URI.create(url() + path))
                        .method(method, HttpRequest.BodyPublishers.ofString(body))
                        .build();
        var answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() / 100 != 2) {
            throw new IOException(path + ": " + answer.statusCode() + " " + answer.body());
        }
        return answer.body();
    }

    @Override
    public void close() throws InterruptedException {
        process.close();
    }
}
