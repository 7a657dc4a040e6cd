package dev.tollgate.policy.snapshot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SnapshotCodecTest {

    @Test
    void readsBackWhatItWrote() {
        var sample = Snapshots.sample();
        var decoded = SnapshotCodec.decode(SnapshotCodec.encode(sample));
        assertThat(decoded).isEqualTo(new Decoded.Readable(sample));
    }

    @Test
    void writesMembersSortedAndLeavesAbsentOnesOut() {
        var text = new String(SnapshotCodec.encode(Snapshots.sample()), UTF_8);
        assertThat(text)
                .startsWith("{\"budgets\":[{\"callers\":[],\"key\":\"team-a/monthly\",")
                .endsWith(
                        "\"schemaVersion\":1,\"settings\":{\"endpointPolicy\":\"PUBLIC\","
                                + "\"namespaces\":[\"team-a\",\"team-b\",\"tollgate-system\"],"
                                + "\"unbudgetedNamespaces\":\"ALLOW\"}}")
                .contains(
                        "\"retryOn\":[\"RATE_LIMITED\",\"SERVER_ERROR\",\"TIMEOUT\","
                                + "\"CONNECT_FAILURE\"]")
                .doesNotContain("null")
                .doesNotContain(" ");
    }

    @Test
    void escapesAsRfc8785Does() {
        var text = "\u20ac$\u000f\nA'B\"\\\\\"/\u007f";
        assertThat(new String(CanonicalJson.write(text), UTF_8))
                .isEqualTo("\"\u20ac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\u007f\"");
    }

    @Test
    void ignoresMembersOfANewerSchema() {
        var text = new String(SnapshotCodec.encode(Snapshots.sample()), UTF_8);
        var newer =
                text.replace(
                                "\"schemaVersion\":1",
                                "\"aNewMember\":{\"x\":[1.5]},\"schemaVersion\":2")
                        .replace("\"mode\":\"HARD\"", "\"mode\":\"HARD\",\"newer\":true");
        assertThat(SnapshotCodec.decode(newer.getBytes(UTF_8)))
                .isInstanceOfSatisfying(
                        Decoded.Readable.class,
                        readable ->
                                assertThat(readable.snapshot().budgets())
                                        .isEqualTo(Snapshots.sample().budgets()));
    }

    @Test
    void tellsEveryErrorWithItsPath() {
        var text = new String(SnapshotCodec.encode(Snapshots.sample()), UTF_8);
        var broken =
                text.replace("\"mode\":\"HARD\"", "\"mode\":\"FIRM\"")
                        .replaceFirst("\"connectMillis\":3000", "\"connectMillis\":\"3s\"")
                        .replaceFirst("\"imageTokens\":8192,", "\"imageTokens\":1.5,");
        assertThat(SnapshotCodec.decode(broken.getBytes(UTF_8)))
                .isInstanceOfSatisfying(
                        Decoded.Unreadable.class,
                        unreadable ->
                                assertThat(unreadable.problems())
                                        .extracting(Decoded.Problem::path)
                                        .containsExactlyInAnyOrder(
                                                "budgets[0].mode",
                                                "providers[0].timeouts.connectMillis",
                                                "providers[0].models[0].imageTokens"));
    }

    @Test
    void refusesWhatIsNoJsonObject() {
        for (var text : new String[] {"", "[]", "{", "{}x", "{\"a\":1,\"a\":2}", "nul"}) {
            assertThat(SnapshotCodec.decode(text.getBytes(UTF_8)))
                    .as(text)
                    .isInstanceOf(Decoded.Unreadable.class);
        }
    }

    @Test
    void digestIsHexSha256() {
        assertThat(SnapshotCodec.digest("abc".getBytes(UTF_8)))
                .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    @Test
    void acceptsASoundSnapshot() {
        assertThat(SnapshotValidator.validate(Snapshots.sample())).isEmpty();
    }
}
