package dev.tollgate.dataplane.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.scan.RequestScanner;
import dev.tollgate.policy.snapshot.PolicyEntry;
import io.vertx.core.MultiMap;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestKeyTest {

    private static final PolicyEntry.Cache ZERO = new PolicyEntry.Cache(1_000, false);
    private static final PolicyEntry.Cache ANY = new PolicyEntry.Cache(1_000, true);
    private static final String CHAT =
            "{\"model\":\"m\",\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\"a b\"}]}";

    private static RequestKey key(
            PolicyEntry.Cache cache,
            Dialect dialect,
            Operation operation,
            String body,
            String namespace,
            String route,
            String path,
            MultiMap headers) {
        var bytes = body.getBytes(StandardCharsets.UTF_8);
        boolean inPath = dialect == Dialect.GEMINI;
        var ingress = new Ingress(dialect, operation, inPath ? "m" : null, false, false);
        var scanned = RequestScanner.scan(ingress, bytes);
        assertThat(scanned).as(body).isInstanceOf(RequestScan.class);
        return RequestKey.of(
                cache,
                new RequestKey.Asked(
                        namespace,
                        route,
                        true,
                        (RequestScan) scanned,
                        false,
                        path,
                        bytes,
                        headers));
    }

    private static RequestKey key(PolicyEntry.Cache cache, Dialect dialect, String body) {
        return key(cache, dialect, Operation.GENERATE, body, "n", "n/p/r", "/", headers());
    }

    private static RequestKey chat(String body) {
        return key(ANY, Dialect.OPENAI_CHAT, body);
    }

    private static MultiMap headers(String... pairs) {
        var headers = MultiMap.caseInsensitiveMultiMap();
        for (int i = 0; i < pairs.length; i += 2) {
            headers.add(pairs[i], pairs[i + 1]);
        }
        return headers;
    }

    @Test
    void spaceBetweenTokensChangesNothing() {
        var wide =
                " {\n\t\"model\" : \"m\" , \"temperature\":\r\n0, \"messages\": [ {\"role\": \"user\","
                        + " \"content\":\"a b\"} ] } ";
        assertThat(chat(wide)).isEqualTo(chat(CHAT)).isInstanceOf(RequestKey.Keyed.class);
    }

    @Test
    void everythingElseOfTheBodyCounts() {
        var keys = new HashSet<RequestKey>();
        var bodies =
                List.of(
                        CHAT,
                        CHAT.replace("a b", "ab"),
                        CHAT.replace("a b", "a  b"),
                        CHAT.replace("a b", "a\\tb"),
                        CHAT.replace("a b", "a\\\"b"),
                        CHAT.replace("\"temperature\":0", "\"temperature\":0.0"),
                        CHAT.replace("\"temperature\":0", "\"temperature\":0,\"seed\":1"),
                        CHAT.replace("\"temperature\":0", "\"temperature\":0,\"seed\":12"),
                        CHAT.replace("\"temperature\":0", "\"temperature\":0,\"user\":\"u\""),
                        CHAT.replace("\"temperature\":0", "\"temperature\":0,\"stream\":true"),
                        CHAT.replace(
                                "\"temperature\":0",
                                "\"temperature\":0,\"stream\":true,"
                                        + "\"stream_options\":{\"include_usage\":true}"),
                        CHAT.replace("\"role\":\"user\"", "\"role\":\"system\""));
        bodies.forEach(body -> keys.add(chat(body)));
        assertThat(keys).hasSameSizeAs(bodies).allMatch(RequestKey.Keyed.class::isInstance);
    }

    @Test
    void callerRoutePathAndHeadersCount() {
        var keys = new HashSet<RequestKey>();
        var none = headers();
        var dialect = Dialect.OPENAI_CHAT;
        var operation = Operation.GENERATE;
        keys.add(key(ANY, dialect, operation, CHAT, "n", "n/p/r", "/v1", none));
        keys.add(key(ANY, dialect, operation, CHAT, "o", "n/p/r", "/v1", none));
        keys.add(key(ANY, dialect, operation, CHAT, "n", "n/p/s", "/v1", none));
        keys.add(key(ANY, dialect, operation, CHAT, "n", "n/p/r", "/v2", none));
        keys.add(key(ANY, dialect, operation, CHAT, "nn", "/p/r", "/v1", none));
        for (var name : List.of("anthropic-beta", "Anthropic-Version", "x-quality-hint")) {
            keys.add(key(ANY, dialect, operation, CHAT, "n", "n/p/r", "/v1", headers(name, "1")));
        }
        assertThat(keys).hasSize(8);
        var other = headers("user-agent", "x", "authorization", "y", "x-request-id", "z");
        assertThat(keys).contains(key(ANY, dialect, operation, CHAT, "n", "n/p/r", "/v1", other));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "0.0", "-0", "0.00e3", "0E-5", "-0.0"})
    void anySpellingOfTemperatureZeroIsZero(String spelling) {
        var body = CHAT.replace("\"temperature\":0", "\"temperature\":" + spelling);
        assertThat(key(ZERO, Dialect.OPENAI_CHAT, body)).isInstanceOf(RequestKey.Keyed.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"temperature\":0.1,",
                "\"temperature\":1,",
                "\"temperature\":0.0001,",
                "\"temperature\":1e0,",
                "\"temperature\":null,",
                ""
            })
    void zeroOnlyLeavesOutWhatSendsNoZero(String member) {
        var body = CHAT.replace("\"temperature\":0,", member);
        assertThat(key(ZERO, Dialect.OPENAI_CHAT, body)).isEqualTo(RequestKey.OFF);
        assertThat(key(ANY, Dialect.OPENAI_CHAT, body)).isInstanceOf(RequestKey.Keyed.class);
    }

    @Test
    void eachDialectSpellsTemperatureInItsOwnPlace() {
        assertThat(
                        key(
                                ZERO,
                                Dialect.GEMINI,
                                "{\"contents\":[{\"parts\":[{\"text\":\"a\"}]}],"
                                        + "\"generationConfig\":{\"temperature\":0}}"))
                .isInstanceOf(RequestKey.Keyed.class);
        assertThat(
                        key(
                                ZERO,
                                Dialect.ANTHROPIC,
                                "{\"model\":\"m\",\"max_tokens\":5,\"temperature\":0.0,"
                                        + "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}"))
                .isInstanceOf(RequestKey.Keyed.class);
        assertThat(
                        key(
                                ZERO,
                                Dialect.OPENAI_RESPONSES,
                                "{\"model\":\"m\",\"store\":false,\"temperature\":0,\"input\":\"a\"}"))
                .isInstanceOf(RequestKey.Keyed.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"model\":\"m\",\"input\":\"a\"}",
                "{\"model\":\"m\",\"input\":\"a\",\"store\":true}",
                "{\"model\":\"m\",\"input\":\"a\",\"store\" : null}",
                "{\"model\":\"m\",\"input\":\"a\",\"store\":false,\"previous_response_id\":\"r\"}",
                "{\"model\":\"m\",\"input\":\"a\",\"store\":false,\"conversation\":\"c\"}"
            })
    void whatAServerRemembersIsNoPartOfTheCache(String body) {
        assertThat(key(ANY, Dialect.OPENAI_RESPONSES, body)).isEqualTo(RequestKey.OFF);
    }

    @Test
    void storeCountsOnlyAsAMemberOfTheRequestItself() {
        assertThat(chat(CHAT.replace("a b", "\\\"store\\\":true")))
                .isInstanceOf(RequestKey.Keyed.class);
        assertThat(
                        chat(
                                CHAT.replace(
                                        "\"temperature\":0",
                                        "\"metadata\":{\"store\":\"true\"},\"user\":\"store\"")))
                .isInstanceOf(RequestKey.Keyed.class);
        assertThat(chat(CHAT.replace("\"temperature\":0", "\"store\":true")))
                .isEqualTo(RequestKey.OFF);
        assertThat(chat(CHAT.replace("\"temperature\":0", "\"stor\\u0065\":true")))
                .isEqualTo(RequestKey.OFF);
    }

    @Test
    void directivesAreObeyedInAnySpelling() {
        var dialect = Dialect.OPENAI_CHAT;
        var operation = Operation.GENERATE;
        var bare = key(ANY, dialect, operation, CHAT, "n", "n/p/r", "/", headers());
        for (var value :
                List.of("no-store", "No-Store", "max-age=0, no-store", "no-cache,no-store")) {
            var told = headers("Cache-Control", value);
            assertThat(key(ANY, dialect, operation, CHAT, "n", "n/p/r", "/", told))
                    .isEqualTo(RequestKey.OFF);
        }
        var told = headers("cache-control", "max-age=0", "cache-control", " NO-CACHE ");
        var refresh = key(ANY, dialect, operation, CHAT, "n", "n/p/r", "/", told);
        assertThat(refresh)
                .isEqualTo(new RequestKey.Keyed(((RequestKey.Keyed) bare).key(), 1_000, false));
    }

    @Test
    void countsOfTokensAndLargeRequestsAreNotLookedUp() {
        assertThat(
                        key(
                                ANY,
                                Dialect.ANTHROPIC,
                                Operation.COUNT_TOKENS,
                                "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}",
                                "n",
                                "n/p/r",
                                "/",
                                headers()))
                .isEqualTo(RequestKey.OFF);
        var large = "x".repeat(RequestKey.MAX_REQUEST_BYTES);
        assertThat(chat(CHAT.replace("a b", large))).isEqualTo(RequestKey.OFF);
        var fits = "x".repeat(RequestKey.MAX_REQUEST_BYTES - CHAT.length());
        assertThat(chat(CHAT.replace("a b", fits))).isInstanceOf(RequestKey.Keyed.class);
    }

    @Test
    void longTextsCountToTheirLastByte() {
        for (int length : new int[] {8_100, 8_192, 8_193, 16_384, 100_000}) {
            var text = "x".repeat(length);
            var body = CHAT.replace("a b", text + "1");
            var other = CHAT.replace("a b", text + "2");
            assertThat(chat(body)).isNotEqualTo(chat(other));
            assertThat(chat(body)).isEqualTo(chat(body.replace(",\"", ", \"")));
        }
    }

    @Test
    void streamsOfGeminiAsEventsAndAsAListAreKeptApart() {
        var body =
                "{\"contents\":[{\"parts\":[{\"text\":\"a\"}]}]}".getBytes(StandardCharsets.UTF_8);
        var keys = new HashSet<RequestKey>();
        for (boolean sse : new boolean[] {true, false}) {
            var ingress = new Ingress(Dialect.GEMINI, Operation.GENERATE, "m", true, sse);
            var scan = (RequestScan) RequestScanner.scan(ingress, body);
            for (boolean requested : new boolean[] {true, false}) {
                keys.add(
                        RequestKey.of(
                                ANY,
                                new RequestKey.Asked(
                                        "n", "n/p/r", requested, scan, sse, "/", body, headers())));
            }
        }
        assertThat(keys).hasSize(4).allMatch(RequestKey.Keyed.class::isInstance);
    }

    @Test
    void withoutACacheInThePolicyThereIsNone() {
        assertThat(key(null, Dialect.OPENAI_CHAT, CHAT)).isEqualTo(RequestKey.OFF);
    }
}
