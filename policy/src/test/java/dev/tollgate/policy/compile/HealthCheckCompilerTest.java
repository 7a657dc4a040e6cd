package dev.tollgate.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.crds.provider.Auth;
import dev.tollgate.crds.provider.HealthCheck;
import dev.tollgate.crds.provider.ModelProviderSpec;
import dev.tollgate.crds.provider.ProviderType;
import dev.tollgate.crds.resource.ConditionType;
import dev.tollgate.crds.resource.Kind;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.HealthCheckEntry;
import dev.tollgate.policy.snapshot.LimitsEntry;
import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.SnapshotError;
import dev.tollgate.policy.snapshot.SnapshotValidator;
import dev.tollgate.policy.snapshot.Snapshots;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the schema refuses is refused by the compiler too, which may be given older objects. */
class HealthCheckCompilerTest {

    private static final String KEY = "tollgate-system/openai";

    private static Compiled compiled(HealthCheck check) {
        var spec =
                new ModelProviderSpec(
                        ProviderType.OPENAI,
                        null,
                        new Auth(Auth.Type.NONE, null, null),
                        List.of(),
                        List.of(),
                        null,
                        null,
                        null,
                        null,
                        null,
                        null,
                        check);
        return Given.compile(
                Given.resources(List.of(Given.provider(KEY, spec)), List.of(), List.of()));
    }

    private static String refusal(HealthCheck check) {
        var compiled = compiled(check);
        assertThat(compiled.snapshot().providers()).isEmpty();
        return compiled.verdicts()
                .get(Given.key(Kind.MODEL_PROVIDER, KEY))
                .finding(ConditionType.ACCEPTED)
                .orElseThrow()
                .message();
    }

    private static HealthCheck check(HealthCheck.Mode mode, String model, Integer times) {
        return new HealthCheck(mode, model, null, null, times, times);
    }

    @Test
    void refusesAModelWithoutAModeThatAsksItAndTheOtherWayRound() {
        assertThat(refusal(check(HealthCheck.Mode.COMPLETION, null, null)))
                .contains("spec.healthCheck.model: absent (expected: with mode Completion)");
        assertThat(refusal(check(HealthCheck.Mode.LIST_MODELS, "gpt-4o", null)))
                .contains("spec.healthCheck.model: present");
        assertThat(refusal(check(HealthCheck.Mode.DISABLED, "gpt-4o", null)))
                .contains("spec.healthCheck.model: present");
        assertThat(refusal(check(HealthCheck.Mode.UNKNOWN, null, null)))
                .contains("spec.healthCheck.mode: a value of a newer version");
    }

    @Test
    void refusesTimesAndDurationsThatCannotBe() {
        assertThat(refusal(check(HealthCheck.Mode.LIST_MODELS, null, 0)))
                .contains("spec.healthCheck.unhealthyAfter: 0 (expected: at least 1)")
                .contains("spec.healthCheck.healthyAfter: 0 (expected: at least 1)");
        var never = new HealthCheck(HealthCheck.Mode.LIST_MODELS, null, "0s", "soon", null, null);
        assertThat(refusal(never))
                .contains("spec.healthCheck.interval: 0s (expected: more than 0)")
                .contains("spec.healthCheck.timeout: soon (expected: a duration");
    }

    @Test
    void aProxyRefusesChecksAndLimitsThatCannotBe() {
        var sound = compiled(check(HealthCheck.Mode.COMPLETION, "gpt-4o", null));
        assertThat(SnapshotValidator.validate(sound.snapshot())).isEmpty();
        var entry = sound.snapshot().providers().getFirst();
        assertThat(
                        errors(
                                guarded(
                                        entry,
                                        new LimitsEntry(0L, -1L, 0, 101),
                                        new HealthCheckEntry("gone", 0, -5, 0, 0))))
                .containsExactly(
                        "limits.requestsPerMinute",
                        "limits.tokensPerMinute",
                        "limits.maxConcurrent",
                        "limits.skipAbovePercent",
                        "healthCheck.intervalMillis",
                        "healthCheck.timeoutMillis",
                        "healthCheck.unhealthyAfter",
                        "healthCheck.healthyAfter",
                        "healthCheck.model");
        var none = new LimitsEntry(null, null, null, 0);
        assertThat(errors(guarded(entry, none, null))).containsExactly("limits.skipAbovePercent");
    }

    @Test
    void aProxyRefusesALimitOfATeamThatCannotBe() {
        var budget =
                BudgetBuilder.budget("team-a/rate")
                        .limits(new LimitsEntry(0L, null, null, 100))
                        .build();
        var snapshot = Snapshots.of(List.of(), List.of(), List.of(budget));
        assertThat(SnapshotValidator.validate(snapshot))
                .extracting(SnapshotError::path)
                .containsExactly("limits.requestsPerMinute");
    }

    private static List<String> errors(ProviderEntry entry) {
        return SnapshotValidator.validate(Snapshots.of(List.of(entry), List.of(), List.of()))
                .stream()
                .map(SnapshotError::path)
                .toList();
    }

    private static ProviderEntry guarded(
            ProviderEntry entry, LimitsEntry limits, HealthCheckEntry check) {
        return new ProviderEntry(
                entry.key(),
                entry.type(),
                entry.dialect(),
                entry.telemetryName(),
                entry.url(),
                entry.inCluster(),
                entry.caCertificates(),
                entry.apiVersion(),
                entry.auth(),
                entry.models(),
                entry.passThrough(),
                entry.region(),
                entry.usableBy(),
                entry.timeouts(),
                entry.breaker(),
                entry.billing(),
                entry.quirks(),
                limits,
                check);
    }
}
