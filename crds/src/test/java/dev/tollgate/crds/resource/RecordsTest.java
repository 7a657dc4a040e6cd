package dev.tollgate.crds.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import dev.tollgate.crds.budget.BudgetStatus;
import dev.tollgate.crds.ledger.LedgerKey;
import dev.tollgate.crds.provider.Capability;
import dev.tollgate.crds.provider.ModelProviderSpec;
import dev.tollgate.crds.provider.ProviderType;
import dev.tollgate.crds.route.RoutingPolicySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RecordsTest {
    /** As strict as a mapper comes: what holds here holds for Fabric8's too. */
    private final ObjectMapper mapper =
            JsonMapper.builder().addModule(new JavaTimeModule()).build();

    @Test
    void anObjectOfANewerSchemaIsStillRead() throws Exception {
        var spec =
                mapper.readValue(
                        """
                        {"type": "Hologram", "telepathy": {"range": 3},
                         "auth": {"type": {"odd": 1}, "apiKey": null},
                         "models": [{"name": "m", "capabilities": ["Chat", "Smell"]}]}
                        """,
                        ModelProviderSpec.class);

        assertThat(spec.type()).isEqualTo(ProviderType.UNKNOWN);
        assertThat(spec.models().getFirst().capabilities())
                .containsExactly(Capability.CHAT, Capability.UNKNOWN);
        assertThat(spec.models().getFirst().aliases()).isEmpty();
        assertThat(spec.endpoint()).isNull();
    }

    @Test
    void writesNamesAsTheSchemaHasThemAndLeavesOutWhatIsAbsent() throws Exception {
        var json =
                """
                {"models":["fast"],"inheritance":"Override","rules":[{"name":"r","selection":\
                {"type":"LeastCost","qualityFloor":{"default":3,"whenUnmet":"Reject"}},\
                "targets":[{"name":"t","providerRef":{"name":"p"},"weight":0}]}]}""";

        var spec = mapper.readValue(json, RoutingPolicySpec.class);

        assertThat(mapper.writeValueAsString(spec)).isEqualTo(json);
    }

    @Test
    void writesEmptyTextAndZeroBecauseTheyAreValues() throws Exception {
        var key = new LedgerKey("a", "b", "", Instant.EPOCH, null);

        assertThat(mapper.writeValueAsString(key))
                .isEqualTo(
                        """
                        {"namespace":"a","name":"b","subject":"","windowStart":"1970-01-01T00:00:00Z"}""");
        var status =
                new BudgetStatus(
                        0, null, null, null, null, null, 0, null, null, List.of(), List.of(), null,
                        null, null, null, List.of());
        assertThat(mapper.writeValueAsString(status))
                .isEqualTo("{\"observedGeneration\":0,\"usedPercent\":0}");
    }

    @Test
    void aSecretValueIsNeitherPrintedNorWritten() {
        var secret =
                new SecretObject(
                        Metadata.of("team-a", "openai"), Map.of("api-key", Bytes.of("sk-1")));

        assertThat(secret.toString()).contains("api-key=[redacted]").doesNotContain("sk-1");
        assertThatThrownBy(() -> mapper.writeValueAsString(secret))
                .hasMessageContaining("never written")
                .hasMessageNotContaining("sk-1");
        assertThat(secret.data().get("api-key").exposeText()).isEqualTo("sk-1");
    }

    @Test
    void durationsAddUpTheirParts() {
        assertThat(DurationText.parse("1h30m")).isEqualTo(Duration.ofMinutes(90));
        assertThat(DurationText.parse("250ms")).isEqualTo(Duration.ofMillis(250));
        assertThat(DurationText.parse("2m1s5ms")).isEqualTo(Duration.ofSeconds(121).plusMillis(5));
        assertThatThrownBy(() -> DurationText.parse("5 minutes"))
                .hasMessageContaining("5 minutes")
                .hasMessageContaining("expected");
    }
}
