package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What users get wrong: each a clear error where they look for it, in their own dialect, and
 * nothing else affected.
 */
class BadInputE2E {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CHAT = "/v1/chat/completions";
    private static final int MIB = 1024 * 1024;

    @TempDir static Path folder;
    static SimulatedProvider provider;
    static Standalone gateway;

    @BeforeAll
    static void start() throws Exception {
        provider = SimulatedProvider.start("openai", Resources.PRICES, folder);
        gateway =
                Standalone.serve(
                        folder,
                        Resources.namespace("team-a")
                                + Resources.secret("team-a", "keys", "sk-simulated")
                                + Resources.clientKey("team-a", Standalone.KEY)
                                + Resources.provider(
                                        "team-a",
                                        "main",
                                        "OpenAI",
                                        provider.url() + "/v1",
                                        List.of("gpt-4o-mini")));
    }

    @AfterAll
    static void stop() throws Exception {
        gateway.close();
        provider.close();
    }

    private static void assertNothingElseIsAffected() throws Exception {
        assertThat(gateway.chat("gpt-4o-mini").statusCode()).isEqualTo(200);
        assertThat(gateway.process().alive()).isTrue();
    }

    /** Refused with this status in OpenAI's shape, recorded, and never sent on. */
    private static String assertRefused(int status, String body, String... headers)
            throws Exception {
        int sent = provider.requests().size();
        var answer = gateway.post(CHAT, body, headers);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        var error = JSON.readTree(answer.body()).get("error");
        assertThat(error.get("message").asText()).isNotBlank();
        assertThat(error.get("type").asText()).isEqualTo("invalid_request_error");
        assertThat(answer.headers().firstValue("x-should-retry")).hasValue("false");
        var record = gateway.recordOf(answer);
        assertThat(record.get("status").asInt()).isEqualTo(status);
        assertThat(record.get("cost_usd").asText()).isEqualTo("0");
        assertThat(provider.requests()).hasSize(sent);
        return error.get("message").asText();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "hello",
                "[]",
                "null",
                "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]",
                "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]} x",
                "{'model':'gpt-4o-mini'}",
                "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],}"
            })
    void refusesABodyThatIsNoJsonObject(String body) throws Exception {
        assertThat(assertRefused(400, body)).containsIgnoringCase("json");
        assertNothingElseIsAffected();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"model\":\"gpt-4o-mini\",\"model\":\"gpt-17\",\"messages\":[]}",
                "{\"model\":\"gpt-4o-mini\",\"max_tokens\":1,\"max_tokens\":9,\"messages\":[]}",
                "{\"model\":\"gpt-4o-mini\",\"m\\u006fdel\":\"gpt-17\",\"messages\":[]}"
            })
    void refusesDuplicateKeys(String body) throws Exception {
        assertThat(assertRefused(400, body)).containsAnyOf("twice", "duplicate", "more than once");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"model\":\"gpt-4o-mini\",\"Model\":\"gpt-17\",\"messages\":[]}",
                "{\"model\":\"gpt-4o-mini\",\"max_tokens\":1,\"MAX_TOKENS\":99999,\"messages\":[]}"
            })
    void refusesKeysThatDifferInCaseAlone(String body) throws Exception {
        assertRefused(400, body);
    }

    @Test
    void refusesAMissingModelNamingIt() throws Exception {
        assertThat(assertRefused(400, "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"))
                .contains("model");
        assertThat(
                        assertRefused(
                                400,
                                "{\"model\":7,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"))
                .contains("model");
    }

    @Test
    void refusesMessagesAndInputInOneChat() throws Exception {
        var both = Standalone.chatBody("gpt-4o-mini").replaceFirst("\\{", "{\"input\":\"hi\",");
        assertThat(assertRefused(400, both)).contains("messages").contains("input");
        assertNothingElseIsAffected();
    }

    @Test
    void refusesCompressedBodies() throws Exception {
        assertThat(
                        assertRefused(
                                400,
                                Standalone.chatBody("gpt-4o-mini"),
                                "content-encoding",
                                "gzip"))
                .containsIgnoringCase("content-encoding");
        assertNothingElseIsAffected();
    }

    @Test
    void refusesAnAnnouncedBodyOf100MebibytesFromItsHeadAlone() throws Exception {
        try (var raw = Raw.connect(gateway.process().port())) {
            raw.send(Raw.head("POST", CHAT, 100L * MIB));
            var head = raw.readHead();
            assertThat(Raw.status(head)).isEqualTo(413);
            assertThat(raw.readBody(head)).contains("\"error\"");
            assertThat(head).contains("connection: close");
        }
        assertNothingElseIsAffected();
    }

    @Test
    void keepsItsMemoryFlatUnderBodiesOf100Mebibytes() throws Exception {
        var before = residentKib();
        for (int i = 0; i < 6; i++) {
            assertThat(floodChunked()).isEqualTo(413);
            assertThat(floodAnnounced()).isEqualTo(413);
        }
        assertNothingElseIsAffected();
        // the serial collector lets the old generation grow to -Xmx before it looks there: what six
        // bodies without a length have left when they met their limit of 10 MiB is still there, as
        // garbage, and no more than that; the rest is the young generation, code and classes
        var garbage = 6 * 10;
        var rest = 48;
        assertThat(residentKib() - before).as("KiB of growth").isLessThan((garbage + rest) * 1024);
    }

    /** Without a length the limit is met on the way; the answer may come before all is sent. */
    private static int floodChunked() throws Exception {
        try (var raw = Raw.connect(gateway.process().port())) {
            raw.send(Raw.head("POST", CHAT, -1, "transfer-encoding: chunked"));
            var chunk =
                    ("10000\r\n" + "a".repeat(0x10000) + "\r\n")
                            .getBytes(StandardCharsets.US_ASCII);
            try {
                for (int i = 0; i < 1600; i++) {
                    raw.out().write(chunk);
                }
            } catch (IOException closedByTheGateway) {
                // the answer lies in our buffer, unless the reset has thrown it away
            }
            return statusOr413IfReset(raw);
        }
    }

    private static int floodAnnounced() throws Exception {
        try (var raw = Raw.connect(gateway.process().port())) {
            raw.send(Raw.head("POST", CHAT, 100L * MIB));
            var piece = new byte[MIB];
            try {
                for (int i = 0; i < 100; i++) {
                    raw.out().write(piece);
                }
            } catch (IOException closedByTheGateway) {
                // as above
            }
            return statusOr413IfReset(raw);
        }
    }

    private static int statusOr413IfReset(Raw raw) {
        try {
            return Raw.status(raw.readHead());
        } catch (IOException reset) {
            return 413;
        }
    }

    private static long residentKib() throws IOException {
        for (var line :
                Files.readAllLines(Path.of("/proc", gateway.process().pid() + "", "status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        throw new IOException("no VmRSS");
    }

    @ParameterizedTest
    @CsvSource({
        "/v1/completions, openai",
        "/v1/chat/complete, openai",
        "/openai/v1/nothing, openai",
        "/v1/messages/batches, anthropic",
        "/anthropic/v1/nothing, anthropic",
        "/v1beta/models/gemini-2.5-flash:dance, gemini",
        "/gemini/v1beta/nothing, gemini",
        "/, openai",
        "/v1/chat/completions/../../../etc/passwd, openai"
    })
    void answersUnknownEndpointsInTheNearestDialect(String path, String dialect) throws Exception {
        try (var raw = Raw.connect(gateway.process().port())) {
            raw.send(Raw.head("POST", path, 2) + "{}");
            var head = raw.readHead();
            assertThat(Raw.status(head)).isEqualTo(404);
            assertShape(dialect, JSON.readTree(raw.readBody(head)), 404);
        }
    }

    private static void assertShape(String dialect, JsonNode body, int status) {
        var error = body.get("error");
        assertThat(error.get("message").asText()).isNotBlank();
        switch (dialect) {
            case "openai" -> assertThat(error.has("type") && error.has("code")).isTrue();
            case "anthropic" -> {
                assertThat(body.get("type").asText()).isEqualTo("error");
                assertThat(error.get("type").asText()).isNotBlank();
            }
            case "gemini" -> {
                assertThat(error.get("code").asInt()).isEqualTo(status);
                assertThat(error.get("status").asText()).isNotBlank();
            }
            default -> throw new IllegalArgumentException(dialect);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /v1/chat/completions, openai",
        "DELETE, /v1/chat/completions, openai",
        "PUT, /v1/messages, anthropic",
        "GET, /v1beta/models/gemini-2.5-flash:generateContent, gemini",
        "POST, /v1/models, openai"
    })
    void refusesWrongMethodsInTheDialect(String method, String path, String dialect)
            throws Exception {
        try (var raw = Raw.connect(gateway.process().port())) {
            raw.send(Raw.head(method, path, 0));
            var head = raw.readHead();
            assertThat(Raw.status(head)).isIn(404, 405);
            assertShape(dialect, JSON.readTree(raw.readBody(head)), Raw.status(head));
        }
    }

    @Test
    void refusesForeignExpiredAndForgedTokensSayingWhatToSend() throws Exception {
        var now = Instant.now().getEpochSecond();
        var claims =
                """
                {"iss":"https://foreign.example","sub":"system:serviceaccount:team-a:default","aud":["tollgate"],"exp":%d,"nbf":%d}""";
        var foreign = jwt("RS256", claims.formatted(now + 3600, now - 10));
        var expired = jwt("RS256", claims.formatted(now - 3600, now - 7200));
        var unsigned = jwt("none", claims.formatted(now + 3600, now - 10));
        for (var token : List.of(foreign, expired, unsigned, foreign + "x", "eyJ.eyJ.x")) {
            var openai = gateway.postAs(token, CHAT, Standalone.chatBody("gpt-4o-mini"));
            assertUnauthorized(openai, "openai", token);
        }
        assertUnauthorized(gateway.postAs(foreign, "/v1/messages", "{}"), "anthropic", foreign);
        assertUnauthorized(
                gateway.postAs(foreign, "/v1beta/models/gemini-2.5-flash:generateContent", "{}"),
                "gemini",
                foreign);
        assertThat(provider.requests()).noneMatch(r -> r.toString().contains(foreign));
        assertThat(String.join("\n", gateway.process().err())).doesNotContain(foreign);
    }

    private static void assertUnauthorized(
            HttpResponse<String> answer, String dialect, String token) throws Exception {
        assertThat(answer.statusCode()).isEqualTo(401);
        assertShape(dialect, JSON.readTree(answer.body()), 401);
        assertThat(answer.body()).contains("token").doesNotContain(token);
        assertThat(gateway.recordOf(answer).get("outcome").asText()).isEqualTo("unauthenticated");
    }

    private static String jwt(String algorithm, String claims) throws Exception {
        var encoder = Base64.getUrlEncoder().withoutPadding();
        var header = "{\"alg\":\"%s\",\"kid\":\"k1\",\"typ\":\"JWT\"}".formatted(algorithm);
        var signed =
                encoder.encodeToString(header.getBytes(StandardCharsets.UTF_8))
                        + "."
                        + encoder.encodeToString(claims.getBytes(StandardCharsets.UTF_8));
        var keys = KeyPairGenerator.getInstance("RSA");
        keys.initialize(2048);
        var signature = Signature.getInstance("SHA256withRSA");
        signature.initSign(keys.generateKeyPair().getPrivate());
        signature.update(signed.getBytes(StandardCharsets.US_ASCII));
        return signed + "." + encoder.encodeToString(signature.sign());
    }

    @Test
    void survivesRequestsThatAreNoHttp() throws Exception {
        for (var garbage :
                List.of(
                        "\u0016\u0003\u0001\u0002\u0000\u0001\u0000",
                        "GET\r\n\r\n",
                        "POST / HTTP/9.9\r\n\r\n",
                        "POST /v1/chat/completions HTTP/1.1\r\ncontent-length: -5\r\n\r\n",
                        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
                        "GET /" + "a".repeat(10_000) + " HTTP/1.1\r\nhost: a\r\n\r\n",
                        "GET / HTTP/1.1\r\nhost: a\r\nx: " + "a".repeat(30_000) + "\r\n\r\n")) {
            int sent = provider.requests().size();
            try (var raw = Raw.connect(gateway.process().port())) {
                raw.send(garbage);
                try {
                    assertThat(Raw.status(raw.readHead())).isBetween(400, 505);
                } catch (IOException closed) {
                    // as good an answer
                }
            }
            assertThat(provider.requests()).hasSize(sent);
        }
        assertNothingElseIsAffected();
    }

    @Test
    void lintsACleanFolderWithZeroAndAnUnusableOneWithTwo(@TempDir Path files) throws Exception {
        Files.writeString(
                files.resolve("good.yaml"),
                Resources.secret("team-a", "keys", "x")
                        + Resources.provider(
                                "team-a",
                                "main",
                                "OpenAI",
                                "https://api.openai.com/v1",
                                List.of("gpt-4o-mini")));
        try (var lint = TollgateProcess.start("lint", files.toString())) {
            assertThat(lint.awaitExit(Duration.ofSeconds(90)))
                    .as(lint.tail() + lint.out())
                    .isZero();
        }
        try (var lint = TollgateProcess.start("lint", files.resolve("absent").toString())) {
            assertThat(lint.awaitExit(Duration.ofSeconds(90))).isEqualTo(2);
            assertThat(lint.tail()).contains("absent");
        }
        try (var lint = TollgateProcess.start("lint", files.toString(), "--output", "xml")) {
            assertThat(lint.awaitExit(Duration.ofSeconds(90))).isEqualTo(2);
        }
    }

    @Test
    void lintTellsEveryProblemWithFileLinePathAndHint(@TempDir Path files) throws Exception {
        write(
                files,
                "unknown-field.yaml",
                """
                apiVersion: tollgate.dev/v1alpha1
                kind: Budget
                metadata: {name: a, namespace: team-a}
                spec:
                  amonut: "5.00"
                  period: {type: Day}
                """);
        write(
                files,
                "unknown-kind.yaml",
                """
                apiVersion: tollgate.dev/v1alpha1
                kind: Budgett
                metadata: {name: b, namespace: team-a}
                """);
        write(
                files,
                "wrong-money.yaml",
                """
                apiVersion: tollgate.dev/v1alpha1
                kind: Budget
                metadata: {name: c, namespace: team-a}
                spec:
                  amount: "1e3"
                  period: {type: Day}
                """);
        write(
                files,
                "bare-money.yaml",
                """
                apiVersion: tollgate.dev/v1alpha1
                kind: Budget
                metadata: {name: d, namespace: team-a}
                spec:
                  period: {type: Day}
                  amount: 500
                """);
        write(
                files,
                "missing-secret.yaml",
                """
                apiVersion: tollgate.dev/v1alpha1
                kind: ModelProvider
                metadata: {name: main, namespace: team-a}
                spec:
                  type: OpenAI
                  auth: {type: APIKey, apiKey: {secretRef: {name: nowhere}}}
                  models: [{name: gpt-4o-mini}]
                """);
        write(
                files,
                "sound.yaml",
                Resources.secret("team-a", "keys", "sk-1")
                        + Resources.provider(
                                "team-a",
                                "sound",
                                "OpenAI",
                                "https://api.openai.com/v1",
                                List.of("gpt-4o-mini")));
        write(
                files,
                "unknown-model.yaml",
                """
                apiVersion: tollgate.dev/v1alpha1
                kind: RoutingPolicy
                metadata: {name: chat, namespace: team-a}
                spec:
                  models: [chat]
                  rules:
                  - name: default
                    targets:
                    - {name: main, providerRef: {name: sound}, model: gpt-99}
                """);
        write(
                files,
                "duplicate-key.yaml",
                """
                apiVersion: tollgate.dev/v1alpha1
                kind: Budget
                metadata: {name: e, namespace: team-a}
                spec:
                  amount: "5.00"
                  amount: "9.00"
                  period: {type: Day}
                """);
        write(files, "broken.yaml", "apiVersion: v1\nkind: [\n");
        try (var lint = TollgateProcess.start("lint", files.toString(), "--output", "json")) {
            assertThat(lint.awaitExit(Duration.ofSeconds(90))).isEqualTo(1);
            var problems = new ArrayList<JsonNode>();
            JSON.readTree(String.join("\n", lint.out())).forEach(problems::add);
            assertProblem(problems, "unknown-field.yaml", 5, "spec.amonut", "amount");
            assertProblem(problems, "unknown-kind.yaml", 2, "kind", "Budget");
            assertProblem(problems, "wrong-money.yaml", 5, "spec.amount", "1e3");
            assertProblem(problems, "bare-money.yaml", 6, "spec.amount", "string");
            assertProblem(
                    problems, "missing-secret.yaml", 6, "spec.auth.apiKey.secretRef", "nowhere");
            assertProblem(
                    problems, "unknown-model.yaml", 9, "spec.rules[0].targets[0].model", "gpt-99");
            assertProblem(problems, "duplicate-key.yaml", 6, "spec.amount", "");
            assertProblem(problems, "broken.yaml", 0, "", "");
        }
        try (var lint = TollgateProcess.start("lint", files.toString())) {
            assertThat(lint.awaitExit(Duration.ofSeconds(90))).isEqualTo(1);
            assertThat(lint.out())
                    .anyMatch(
                            line ->
                                    line.contains("unknown-field.yaml:5:")
                                            && line.contains("spec.amonut")
                                            && line.contains("did you mean `amount`?"));
        }
    }

    private static void write(Path files, String name, String yaml) throws IOException {
        Files.writeString(files.resolve(name), yaml);
    }

    /** Line 0: any. */
    private static void assertProblem(
            List<JsonNode> problems, String file, int line, String path, String told) {
        var here = problems.stream().filter(p -> p.get("file").asText().endsWith(file)).toList();
        assertThat(here).as(file + " among " + problems).isNotEmpty();
        assertThat(here)
                .as(file)
                .anySatisfy(
                        problem -> {
                            if (line > 0) {
                                assertThat(problem.get("line").asInt()).isEqualTo(line);
                            } else {
                                assertThat(problem.get("line").asInt()).isPositive();
                            }
                            assertThat(problem.get("path").asText()).startsWith(path);
                            assertThat(problem.toString()).contains(told);
                        });
    }
}
