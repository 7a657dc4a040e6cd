package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tollgate.crds.loopback.FreePort;
import dev.tollgate.policy.issuer.TestIssuer;
import dev.tollgate.policy.issuer.TestKey;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** People with tokens of an identity provider, on a gateway of one process. */
class OidcE2E {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CHAT = "/v1/chat/completions";
    private static final int MANY = 100;

    @TempDir static Path folder;
    static SimulatedProvider provider;
    static TestIssuer issuer;
    static Standalone gateway;

    @BeforeAll
    static void start() throws Exception {
        issuer = TestIssuer.start(TestKey.rs256("first"));
        provider = SimulatedProvider.start("openai", Resources.PRICES, folder);
        var trusted =
                Files.writeString(
                        folder.resolve("issuers"),
                        """
                        issuers:
                        - issuer: %s
                          namespaces:
                          - {claim: groups, prefix: "llm-"}
                        """
                                .formatted(issuer.name()));
        gateway =
                Standalone.serve(
                        folder,
                        Resources.namespace("team-a")
                                + Resources.secret("team-a", "keys", "sk-simulated")
                                + Resources.provider(
                                        "team-a",
                                        "main",
                                        "OpenAI",
                                        provider.url() + "/v1",
                                        List.of("gpt-4o-mini"))
                                + Resources.budget("team-a", "team", "100")
                                + budgetOf("ann", "0.0002")
                                + budgetOf("carl", "0.0002"),
                        "--oidc-issuers=" + trusted);
    }

    private static String budgetOf(String user, String amount) {
        return """
               ---
               apiVersion: tollgate.dev/v1alpha1
               kind: Budget
               metadata: {name: of-%s, namespace: team-a}
               spec: {amount: "%s", period: {type: Lifetime}, subject: {users: [%s]}}
               """
                .formatted(user, amount, user);
    }

    @AfterAll
    static void stop() throws Exception {
        gateway.close();
        provider.close();
        issuer.close();
    }

    private static String token(String subject) {
        return issuer.token(subject, Map.of("groups", List.of("staff", "llm-team-a")));
    }

    private static HttpResponse<String> ask(String token) throws Exception {
        return gateway.postAs(token, CHAT, Standalone.chatBody("gpt-4o-mini"));
    }

    private static String caller(String subject) {
        return "oidc:" + issuer.name() + "/" + subject;
    }

    @Test
    void endsAUsersBudgetAndNobodyElses() throws Exception {
        var ann = token("ann");
        var bob = token("bob");
        HttpResponse<String> last = ask(ann);
        assertThat(last.statusCode()).as(last.body()).isEqualTo(200);
        for (int i = 0; i < MANY && last.statusCode() == 200; i++) {
            last = ask(ann);
        }
        assertThat(last.statusCode()).isEqualTo(429);
        assertThat(last.body()).contains("team-a/of-ann");
        var refused = gateway.recordOf(last);
        assertThat(refused.get("caller").asText()).isEqualTo(caller("ann"));
        assertThat(refused.get("team").asText()).isEqualTo("team-a");

        var served = ask(bob);
        assertThat(served.statusCode()).as(served.body()).isEqualTo(200);
        var record = gateway.recordOf(served);
        assertThat(record.get("caller").asText()).isEqualTo(caller("bob"));
        assertThat(record.get("budgets"))
                .singleElement()
                .satisfies(name -> assertThat(name.asText()).isEqualTo("team-a/team"));
        assertThat(ask(ann).statusCode()).isEqualTo(429);
        assertThat(gateway.budget("team-a/of-ann").toString()).contains("0.0002");
    }

    @Test
    void chargesAUsersBudgetAndHisTeams() throws Exception {
        var served = ask(token("carl"));
        assertThat(served.statusCode()).as(served.body()).isEqualTo(200);
        assertThat(gateway.recordOf(served).get("budgets"))
                .extracting(name -> name.asText())
                .containsExactly("team-a/of-carl", "team-a/team");
    }

    @ParameterizedTest
    @CsvSource({
        "aud, other, another audience",
        "iss, https://evil.example, not trusted",
        "groups, staff, names no namespace",
        "groups, llm-team-z, names no namespace",
        "sub, '', names no user"
    })
    void refusesATokenThatIsNotOfThisGatewayInTheClientsDialect(
            String claim, String value, String told) throws Exception {
        int sent = provider.requests().size();
        var claims = new HashMap<String, Object>(Map.of("groups", "llm-team-a"));
        claims.put(claim, value);
        var answer = ask(issuer.token("ann", claims));
        assertThat(answer.statusCode()).isEqualTo(401);
        var error = JSON.readTree(answer.body()).get("error");
        assertThat(error.get("message").asText()).contains(told);
        assertThat(answer.headers().firstValue("x-should-retry")).hasValue("false");
        assertThat(provider.requests()).hasSize(sent);
    }

    @Test
    void tellsTheKeysThatItHas() throws Exception {
        assertThat(gateway.metric("tollgate_issuer_keys", "issuer=\"" + issuer.name() + "\""))
                .isEqualTo(1);
    }

    @Test
    void servesWithKeysThatComeLater(@TempDir Path own) throws Exception {
        try (var late = TestIssuer.start(FreePort.next(), TestKey.es256("late"))) {
            int port = late.port();
            var name = late.name();
            late.close();
            var trusted =
                    Files.writeString(
                            own.resolve("issuers"),
                            "issuers: [{issuer: '%s', namespaces: [{claim: team}]}]"
                                    .formatted(name));
            try (var other =
                    Standalone.serve(
                            own,
                            Resources.namespace("team-a")
                                    + Resources.secret("team-a", "keys", "sk-simulated")
                                    + Resources.provider(
                                            "team-a",
                                            "main",
                                            "OpenAI",
                                            provider.url() + "/v1",
                                            List.of("gpt-4o-mini")),
                            "--oidc-issuers=" + trusted)) {
                var body = Standalone.chatBody("gpt-4o-mini");
                var token = late.token("ann", Map.of("team", "team-a"));
                var answer = other.postAs(token, CHAT, body);
                assertThat(answer.statusCode()).isEqualTo(401);
                assertThat(answer.body()).contains("keys of its issuer are not known here yet");
                try (var again = TestIssuer.start(port, TestKey.es256("again"))) {
                    var good = again.token("ann", Map.of("team", "team-a"));
                    await().untilAsserted(
                                    () ->
                                            assertThat(other.postAs(good, CHAT, body).statusCode())
                                                    .isEqualTo(200));
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "issuers: [{issuer: 'https://a.example'}] | issuers[0].namespaces: is no list",
                "issuers: [{issuer: 'http://a.example', namespaces: [{claim: t}]}] | https",
                "trusted: [] | trusted: is unknown"
            })
    void startsNotWithIssuersThatCannotBeMeant(String text, String told, @TempDir Path own)
            throws Exception {
        Files.writeString(own.resolve("a.yaml"), Resources.namespace("team-a"));
        var file = Files.writeString(own.resolve("issuers"), text);
        try (var process =
                TollgateProcess.start(
                        "serve",
                        own.toString(),
                        "--port=0",
                        "--admin-port=0",
                        "--oidc-issuers=" + file)) {
            assertThat(process.awaitExit(Duration.ofSeconds(90))).isEqualTo(2);
            assertThat(process.err())
                    .filteredOn(line -> line.contains("--oidc-issuers"))
                    .singleElement()
                    .satisfies(line -> assertThat(line).contains(told.strip()));
        }
    }
}
