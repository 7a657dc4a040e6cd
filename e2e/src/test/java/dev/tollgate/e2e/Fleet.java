package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tollgate.crds.apiserver.ApiServer;
import dev.tollgate.crds.loopback.FreePort;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Operators and their proxies as processes, each of which may be killed, stopped and started again
 * on its own folder; and what all their lives have written: usage records by request id. A proxy
 * has another port in each life. Operators share a port, each at an address of its own on loopback,
 * and proxies dial a name of all of these.
 */
final class Fleet implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration SOON = Duration.ofSeconds(60);

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static final String OPERATORS = "localhost";
    private static final int OPERATORS_MAX = 2;

    private final ApiServer api;
    private final Path folder;
    private final String platform;
    private final List<String> operatorArguments;
    private final Path hosts;
    private final int operatorPort = FreePort.next();
    private final List<List<TollgateProcess>> lives = new CopyOnWriteArrayList<>();
    private final Map<String, JsonNode> inLogs = new LinkedHashMap<>();
    private final List<TollgateProcess> operators = new CopyOnWriteArrayList<>();
    private volatile List<URI> addresses = List.of();

    /**
     * @param platform the platform namespace
     * @param teams the other namespaces
     */
    Fleet(ApiServer api, Path folder, String platform, List<String> teams, List<String> more)
            throws Exception {
        this.api = api;
        this.folder = folder;
        this.platform = platform;
        var namespaces = platform + "," + String.join(",", teams);
        this.operatorArguments = new ArrayList<>();
        operatorArguments.add("operator");
        operatorArguments.add("--kubeconfig=" + api.kubeconfig());
        operatorArguments.add("--push-port=" + operatorPort);
        operatorArguments.add("--admin-port=0");
        operatorArguments.add("--control-security=none");
        operatorArguments.add("--platform-namespace=" + platform);
        operatorArguments.add("--namespaces=" + namespaces);
        operatorArguments.add("--secret-namespaces=" + namespaces);
        operatorArguments.add("--endpoint-policy=any");
        operatorArguments.addAll(more);
        hosts = Files.write(folder.resolve("hosts"), hosts());
        startOperator();
    }

    private static List<String> hosts() {
        var lines = new ArrayList<String>();
        for (int i = 0; i < OPERATORS_MAX; i++) {
            lines.add(host(i) + " " + OPERATORS);
        }
        return lines;
    }

    private static String host(int operator) {
        return "127.0.0." + (2 + operator);
    }

    void startOperator() throws Exception {
        launchOperator(0).port();
    }

    /**
     * Starts another one beside the first, which stands by as long as that leads, or the first one
     * again.
     *
     * @param number 0 or 1: its address and folder
     */
    TollgateProcess launchOperator(int number) throws IOException {
        var arguments = new ArrayList<>(operatorArguments);
        arguments.add("--push-host=" + host(number));
        arguments.add("--data=" + folder.resolve("operator-" + number));
        var next = TollgateProcess.start(arguments.toArray(String[]::new));
        operators.add(next);
        return next;
    }

    TollgateProcess operator() {
        return operators.getLast();
    }

    /** Starts proxies until there are so many, and waits until they listen. */
    void startProxies(int count) throws Exception {
        for (int i = lives.size(); i < count; i++) {
            lives.add(new CopyOnWriteArrayList<>(List.of(launch(i))));
        }
        refresh();
    }

    private TollgateProcess launch(int proxy) throws IOException {
        return TollgateProcess.start(
                // with options of its own, tollgate would start it without the cache of its classes
                Map.of("JDK_JAVA_OPTIONS", "-Djdk.net.hosts.file=" + hosts),
                "proxy",
                "--operator=" + OPERATORS + ":" + operatorPort,
                "--port=0",
                "--admin-port=0",
                "--control-security=none",
                "--proxy-name=proxy-" + proxy,
                "--data=" + folder.resolve("proxy-" + proxy));
    }

    private synchronized void refresh() throws Exception {
        var now = new ArrayList<URI>();
        for (int i = 0; i < lives.size(); i++) {
            now.add(URI.create("http://127.0.0.1:" + proxy(i).port() + "/v1/chat/completions"));
        }
        addresses = List.copyOf(now);
    }

    int size() {
        return lives.size();
    }

    TollgateProcess proxy(int index) {
        return lives.get(index).getLast();
    }

    /** How often proxies were started, all together. */
    int starts() {
        return lives.stream().mapToInt(List::size).sum();
    }

    /** Where chat completions are asked for, a proxy each. */
    List<URI> addresses() {
        return addresses;
    }

    /** Starts a proxy again that was killed, on its folder, and reads what its log holds. */
    void restart(int index) throws Exception {
        var next = launch(index);
        next.port();
        lives.get(index).add(next);
        refresh();
        readLog(index);
    }

    /** The log keeps what a kill took from stdout. */
    private void readLog(int index) throws Exception {
        var lines = admin(index, "/usage?limit=1000").split("\n");
        synchronized (inLogs) {
            var ids = new ArrayList<String>();
            for (var line : lines) {
                if (!line.isBlank()) {
                    var record = JSON.readTree(line);
                    ids.add(record.get("request_id").textValue());
                    inLogs.put(ids.getLast(), record);
                }
            }
            assertThat(ids).as("records in the log of proxy " + index).doesNotHaveDuplicates();
        }
    }

    String admin(int index, String path) throws Exception {
        var address = "http://127.0.0.1:" + proxy(index).adminPort() + path;
        var request = HttpRequest.newBuilder(URI.create(address)).timeout(SOON).build();
        return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
    }

    JsonNode status(int index) throws Exception {
        return JSON.readTree(admin(index, "/status"));
    }

    /** The usage records of all lives; one that was written again must say the same. */
    Map<String, JsonNode> records() throws Exception {
        var records = new LinkedHashMap<String, JsonNode>();
        for (var proxy : lives) {
            for (var life : proxy) {
                for (var line : life.usageRecords()) {
                    put(records, JSON.readTree(line));
                }
            }
        }
        synchronized (inLogs) {
            for (var record : inLogs.values()) {
                put(records, record);
            }
        }
        return records;
    }

    private static void put(Map<String, JsonNode> records, JsonNode record) {
        var before = records.put(record.get("request_id").textValue(), record);
        if (before != null) {
            assertThat(record).isEqualTo(before);
        }
    }

    /** Until all proxies serve. */
    void awaitReady() {
        await().atMost(SOON)
                .ignoreExceptions()
                .until(
                        () -> {
                            for (int i = 0; i < size(); i++) {
                                if (!status(i).get("ready").asBoolean()) {
                                    return false;
                                }
                            }
                            return true;
                        });
    }

    /** Requests that have reached a proxy and have not ended, by the proxies' own count. */
    int running() throws Exception {
        var running = 0;
        for (int i = 0; i < size(); i++) {
            running += status(i).get("requests_running").asInt();
        }
        return running;
    }

    /** Until all proxies know the fleet, hold a connection to the ledger and have nothing open. */
    void awaitQuiet() {
        await().atMost(SOON)
                .ignoreExceptions()
                .untilAsserted(
                        () -> {
                            for (int i = 0; i < size(); i++) {
                                var status = status(i);
                                var who = "proxy " + i + ": " + status;
                                assertThat(status.get("ready").asBoolean()).as(who).isTrue();
                                assertThat(status.get("live_proxies").asInt())
                                        .as(who)
                                        .isEqualTo(size());
                                assertThat(status.get("requests_running").asInt()).as(who).isZero();
                                assertThat(status.get("drains_running").asInt()).as(who).isZero();
                                for (var budget : status.get("budgets")) {
                                    assertThat(budget.get("ledger_connected").asBoolean())
                                            .as(who)
                                            .isTrue();
                                    assertThat(budget.get("held_usd").asDouble()).as(who).isZero();
                                }
                            }
                        });
    }

    /** The policies and Budgets of a namespace are served by all proxies. */
    void awaitProgrammed(String namespace, String kinds) {
        awaitReady(); // before that the operator may not know of one
        kubectl(
                "",
                "wait",
                "-n",
                namespace,
                "--for=condition=Programmed",
                "--timeout=120s",
                kinds,
                "--all");
    }

    String kubectl(String stdin, String... arguments) {
        var outcome = api.kubectl(stdin, arguments);
        assertThat(outcome.ok()).as(outcome.err() + outcome.out()).isTrue();
        return outcome.out();
    }

    /** The account of a Budget in its only window, as the API server has it. */
    JsonNode account(String namespace, String budget) throws Exception {
        var all = JSON.readTree(kubectl("", "get", "budgetledgers", "-n", platform, "-o", "json"));
        var found = new ArrayList<JsonNode>();
        for (var item : all.get("items")) {
            var key = item.get("spec").get("key");
            if (key.get("namespace").asText().equals(namespace)
                    && key.get("name").asText().equals(budget)) {
                found.add(item.get("spec"));
            }
        }
        assertThat(found).as(all.toString()).hasSize(1);
        return found.getFirst();
    }

    /** SIGTERM to all proxies; each must end well. */
    void stopProxies() throws Exception {
        for (int i = 0; i < size(); i++) {
            proxy(i).terminate();
        }
        for (int i = 0; i < size(); i++) {
            assertThat(proxy(i).awaitExit(SOON)).as("proxy " + i + ": " + proxy(i).tail()).isZero();
        }
    }

    /** What all lives have said, into a folder. */
    void writeLogs(Path into) throws IOException {
        Files.createDirectories(into);
        for (int i = 0; i < size(); i++) {
            for (int life = 0; life < lives.get(i).size(); life++) {
                Files.write(
                        into.resolve("proxy-%d-%d.log".formatted(i, life + 1)),
                        lives.get(i).get(life).err());
            }
        }
        for (int life = 0; life < operators.size(); life++) {
            Files.write(
                    into.resolve("operator-%d.log".formatted(life + 1)), operators.get(life).err());
        }
    }

    /** Ends what a test has left. */
    @Override
    public void close() throws Exception {
        var logs = System.getProperty("torture.logs");
        if (logs != null) {
            writeLogs(Path.of(logs));
        }
        for (int i = 0; i < size(); i++) {
            if (proxy(i).alive()) {
                proxy(i).kill();
            }
        }
        for (var operator : operators) {
            if (operator.alive()) {
                operator.kill();
            }
        }
        http.close();
    }
}
