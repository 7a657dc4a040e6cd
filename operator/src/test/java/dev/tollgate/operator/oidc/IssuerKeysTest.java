package dev.tollgate.operator.oidc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.loopback.FreePort;
import dev.tollgate.policy.issuer.OidcIssuers;
import dev.tollgate.policy.issuer.TestIssuer;
import dev.tollgate.policy.issuer.TestKey;
import dev.tollgate.policy.snapshot.IssuerEntry;
import dev.tollgate.policy.snapshot.SettingsEntry.EndpointPolicy;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class IssuerKeysTest {

    private static final TestKey ONE = TestKey.rs256("one");
    private static final TestKey TWO = TestKey.es256("two");
    private static final IssuerKeys.Pace QUICK =
            new IssuerKeys.Pace(
                    Duration.ofMillis(20), Duration.ofMillis(20), Duration.ofMillis(20));

    private final AtomicInteger changes = new AtomicInteger();
    private TestIssuer issuer;
    private IssuerKeys keys;

    @BeforeEach
    void start() throws IOException {
        issuer = TestIssuer.start(FreePort.next(), ONE);
    }

    @AfterEach
    void stop() {
        if (keys != null) {
            keys.close();
        }
        issuer.close();
    }

    private void keep(String... more) {
        keep(EndpointPolicy.ANY, more);
    }

    private void keep(EndpointPolicy policy, String... more) {
        var yaml =
                "issuers:\n- {issuer: '"
                        + issuer.name()
                        + "', namespaces: [{claim: team}]}\n"
                        + String.join("\n", more);
        keys =
                new IssuerKeys(
                        OidcIssuers.read(
                                yaml,
                                EndpointPolicy.ANY,
                                name -> {
                                    throw new AssertionError(name);
                                }),
                        policy,
                        changes::incrementAndGet,
                        QUICK);
        keys.start();
    }

    private List<IssuerEntry.Key> known() {
        return keys.issuers().getFirst().keys();
    }

    private IssuerKeys.Figures figures() {
        return keys.figures().getFirst();
    }

    private void assertStaysUnknown() {
        keep();
        await().until(() -> figures().failures() >= 3);
        assertThat(known()).isEmpty();
        assertThat(keys.unread()).hasSize(1);
        assertThat(changes).hasValue(0);
        assertThat(figures().keys()).isZero();
    }

    @Test
    void hasTheKeysOfAnIssuerWhenItHasStarted() {
        keep();
        assertThat(known()).containsExactly(ONE.entry());
        assertThat(keys.issuers().getFirst().claims()).isNotNull();
        assertThat(figures().issuer()).isEqualTo(issuer.name());
        assertThat(figures().keys()).isEqualTo(1);
    }

    @Test
    void followsARotationAndTellsOnlyOfOtherKeys() {
        keep();
        int told = changes.get();
        int reads = issuer.reads();
        await().until(() -> issuer.reads() > reads + 3);
        assertThat(changes).hasValue(told);
        issuer.rotate(TWO, ONE);
        await().untilAsserted(() -> assertThat(known()).containsExactly(ONE.entry(), TWO.entry()));
        issuer.rotate(TWO);
        await().untilAsserted(() -> assertThat(known()).containsExactly(TWO.entry()));
        await().untilAsserted(() -> assertThat(changes).hasValue(told + 2));
    }

    @Test
    void keepsTheLastGoodKeysWhileTheIssuerFails() {
        keep();
        issuer.instead(TestIssuer.JWKS, e -> TestIssuer.answer(e, 500, ""));
        await().until(() -> figures().failures() >= 2);
        assertThat(known()).containsExactly(ONE.entry());
        issuer.instead(TestIssuer.JWKS, e -> TestIssuer.answer(e, 200, "{\"error\":\"later\"}"));
        long failures = figures().failures();
        await().until(() -> figures().failures() >= failures + 2);
        assertThat(known()).containsExactly(ONE.entry());
        issuer.rotate(TWO);
        issuer.mend();
        await().untilAsserted(() -> assertThat(known()).containsExactly(TWO.entry()));
    }

    @Test
    void forgetsTheKeysThatAnIssuerHasTakenBackAlsoIfNoOtherFollows() {
        keep();
        assertThat(keys.unread()).isEmpty();
        issuer.instead(TestIssuer.JWKS, e -> TestIssuer.answer(e, 200, "{\"keys\":[]}"));
        await().untilAsserted(() -> assertThat(known()).isEmpty());
        assertThat(keys.unread()).as("it is known that there are none").isEmpty();
        assertThat(figures().failures()).isZero();
    }

    @Test
    void startsWithoutAnIssuerThatIsDownAndTakesItsKeysLater() throws IOException {
        int port = issuer.port();
        issuer.close();
        assertStaysUnknown();
        issuer = TestIssuer.start(port, ONE);
        await().untilAsserted(() -> assertThat(known()).containsExactly(ONE.entry()));
    }

    @Test
    void servesTheOtherIssuersWhileOneIsDown() throws IOException {
        try (var other = TestIssuer.start(TWO)) {
            issuer.close();
            keep("- {issuer: '" + other.name() + "', namespaces: [{claim: team}]}");
            assertThat(keys.issuers())
                    .filteredOn(entry -> entry.issuer().equals(other.name()))
                    .singleElement()
                    .satisfies(entry -> assertThat(entry.keys()).containsExactly(TWO.entry()));
        }
    }

    @Test
    void refusesTheConfigurationOfAnotherIssuer() {
        issuer.instead(
                TestIssuer.CONFIGURATION,
                e -> TestIssuer.answer(e, 200, issuer.configuration().replaceFirst("127", "128")));
        assertStaysUnknown();
    }

    @Test
    void neverFollowsARedirect() throws IOException {
        try (var other = TestIssuer.start(TWO)) {
            issuer.instead(
                    TestIssuer.JWKS,
                    e -> {
                        e.getResponseHeaders().add("location", other.name() + TestIssuer.JWKS);
                        TestIssuer.answer(e, 302, "");
                    });
            assertStaysUnknown();
            assertThat(other.reads()).isZero();
        }
    }

    @Test
    void refusesPlainHttpThatTheConfigurationLeadsTo() {
        keep(EndpointPolicy.PUBLIC);
        await().until(() -> figures().failures() >= 2);
        assertThat(issuer.reads()).isZero();
    }

    @Test
    void refusesADocumentThatIsTooLongOrNoJson() {
        issuer.instead(
                TestIssuer.JWKS,
                e ->
                        TestIssuer.answer(
                                e, 200, issuer.jwks() + " ".repeat(IssuerFetch.MAX_BODY_BYTES)));
        assertStaysUnknown();
        keys.close();
        issuer.instead(TestIssuer.JWKS, e -> TestIssuer.answer(e, 200, "<html>"));
        assertStaysUnknown();
    }

    /** The head comes, the body never ends. */
    @Test
    void givesUpABodyThatDoesNotEnd() {
        issuer.instead(
                TestIssuer.JWKS,
                e -> {
                    e.sendResponseHeaders(200, 100);
                    e.getResponseBody().write('{');
                    e.getResponseBody().flush();
                });
        keep();
        await().until(() -> figures().failures() >= 1);
        assertThat(known()).isEmpty();
        issuer.mend();
        await().untilAsserted(() -> assertThat(known()).containsExactly(ONE.entry()));
    }
}
