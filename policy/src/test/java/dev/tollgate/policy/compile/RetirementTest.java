package dev.tollgate.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.crds.provider.Deprecation;
import dev.tollgate.crds.provider.ProviderModel;
import dev.tollgate.crds.provider.ProviderType;
import dev.tollgate.crds.resource.Condition;
import dev.tollgate.crds.resource.ConditionType;
import dev.tollgate.crds.resource.Kind;
import dev.tollgate.crds.resource.NamespaceScope;
import java.time.LocalDate;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Models that their provider will retire (api.md, C6). It is 21 November 2026. */
class RetirementTest {

    private static final String KEY = "tollgate-system/openai";

    private static ProviderModel retiring(String name, String date, String... aliases) {
        return new ProviderModel(
                name,
                List.of(aliases),
                null,
                null,
                null,
                null,
                List.of(),
                null,
                null,
                new Deprecation(LocalDate.parse(date), null));
    }

    @Test
    void tellsEveryDateOfUsedModelsButWarnsOfNearOnesAlone() {
        var provider =
                Given.provider(
                        KEY,
                        Given.providerSpec(
                                ProviderType.OPENAI,
                                null,
                                NamespaceScope.From.ALL,
                                retiring("gpt-4o", "2030-01-31"),
                                retiring("gpt-4o-mini", "2026-12-01", "small"),
                                retiring("gpt-4.1", "2026-12-01")));
        var policy =
                Given.policy(
                        "team-a/chat",
                        null,
                        Given.policySpec(
                                List.of("fast"),
                                null,
                                null,
                                Given.rule("r", null, Given.target("t", KEY, "gpt-4o", 0))));
        var compiled =
                Given.compile(Given.resources(List.of(provider), List.of(policy), List.of()));
        assertThat(compiled.retirements())
                .containsExactly(
                        new Retirement(KEY, "gpt-4o", LocalDate.parse("2030-01-31")),
                        new Retirement(KEY, "gpt-4o-mini", LocalDate.parse("2026-12-01")));
        var told =
                compiled.verdicts()
                        .get(Given.key(Kind.MODEL_PROVIDER, KEY))
                        .finding(ConditionType.MODEL_DEPRECATED)
                        .orElseThrow();
        assertThat(told.status()).isEqualTo(Condition.Status.TRUE);
        assertThat(told.message()).contains("gpt-4o-mini").doesNotContain("2030", "gpt-4.1");
        var policys =
                compiled.verdicts()
                        .get(Given.key(Kind.ROUTING_POLICY, "team-a/chat"))
                        .finding(ConditionType.MODEL_DEPRECATED)
                        .orElseThrow();
        assertThat(policys.status()).isEqualTo(Condition.Status.FALSE);
    }
}
