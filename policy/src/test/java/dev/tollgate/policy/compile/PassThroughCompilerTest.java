package dev.tollgate.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.crds.provider.Auth;
import dev.tollgate.crds.provider.Endpoint;
import dev.tollgate.crds.provider.ModelProviderSpec;
import dev.tollgate.crds.provider.PassThrough;
import dev.tollgate.crds.provider.PassThroughModel;
import dev.tollgate.crds.provider.ProviderType;
import dev.tollgate.crds.resource.ConditionType;
import dev.tollgate.crds.resource.Kind;
import dev.tollgate.policy.snapshot.PassThroughEntry;
import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.SnapshotError;
import dev.tollgate.policy.snapshot.SnapshotValidator;
import dev.tollgate.policy.snapshot.Snapshots;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the schema refuses is refused by the compiler too, which may be given older objects. */
class PassThroughCompilerTest {

    private static final String KEY = "tollgate-system/openai";

    private static Compiled compiled(ProviderType type, PassThrough... passThrough) {
        var endpoint = new Endpoint("https://models.example.com/v1", null, null, null, null, null);
        var spec =
                new ModelProviderSpec(
                        type,
                        endpoint,
                        new Auth(Auth.Type.NONE, null, null),
                        List.of(),
                        List.of(passThrough),
                        null,
                        null,
                        null,
                        null,
                        null,
                        null,
                        null);
        return Given.compile(
                Given.resources(List.of(Given.provider(KEY, spec)), List.of(), List.of()));
    }

    private static String refusal(ProviderType type, PassThrough... passThrough) {
        var compiled = compiled(type, passThrough);
        assertThat(compiled.snapshot().providers()).isEmpty();
        return compiled.verdicts()
                .get(Given.key(Kind.MODEL_PROVIDER, KEY))
                .finding(ConditionType.ACCEPTED)
                .orElseThrow()
                .message();
    }

    private static PassThrough at(String path, String price, PassThroughModel... models) {
        return new PassThrough(path, price, List.of(models));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/chat/completions",
                "/responses",
                "/embeddings",
                "/messages",
                "/messages/count_tokens",
                "/models",
                "/models/x",
                "/v1/rerank",
                "/images/../responses",
                "/images//generations",
                "/images/generations/",
                "/Chat/Completions",
                "/chat%2fcompletions",
                "rerank",
                "/"
            })
    void noPathThatIsMeteredOtherwiseOrReadInTwoWaysIsDeclared(String path) {
        assertThat(refusal(ProviderType.OPENAI, at(path, "1")))
                .contains("spec.passThrough[0].path")
                .contains("expected: a path without /v1");
    }

    @Test
    void pricesAndNamesAreCheckedOneByOne() {
        assertThat(
                        refusal(
                                ProviderType.OPENAI,
                                at("/rerank", "cheap"),
                                at("/rerank", "1"),
                                at(
                                        "/moderations",
                                        "1",
                                        new PassThroughModel("m", "-1"),
                                        new PassThroughModel("m", null))))
                .contains("spec.passThrough[0].pricePerRequest: cheap")
                .contains("spec.passThrough[1].path: /rerank (expected: one entry a path)")
                .contains("spec.passThrough[2].models[0].pricePerRequest: -1")
                .contains("spec.passThrough[2].models[1].name: m (expected: one entry a name)");
    }

    @Test
    void aTypeWhosePathsNameTheModelHasNone() {
        assertThat(refusal(ProviderType.GEMINI, at("/rerank", "1"))).contains("spec.passThrough");
    }

    @Test
    void aCompatibleServerMayHaveNothingElse() {
        var entry =
                compiled(
                                ProviderType.OPENAI_COMPATIBLE,
                                at(
                                        "/audio/speech",
                                        "0.02",
                                        new PassThroughModel("tts", null),
                                        new PassThroughModel("tts-hd", "0.04")))
                        .snapshot()
                        .providers()
                        .getFirst();
        var speech = entry.passThrough("/audio/speech");
        assertThat(speech).isNotNull();
        assertThat(speech.microsPerRequest("tts")).isEqualTo(OptionalLong.of(20_000));
        assertThat(speech.microsPerRequest("tts-hd")).isEqualTo(OptionalLong.of(40_000));
        assertThat(speech.microsPerRequest("gpt-4o")).isEmpty();
        assertThat(entry.passThrough("/audio/transcriptions")).isNull();
        assertThat(entry.models()).extracting("name").containsExactly("tts", "tts-hd");
        assertThat(entry.models()).allMatch(model -> model.capabilities().isEmpty());
        assertThat(refusal(ProviderType.OPENAI_COMPATIBLE, at("/rerank", "1")))
                .contains("spec.models");
    }

    @Test
    void aProxyRefusesASnapshotThatOpensAMeteredPath() {
        var sound =
                compiled(
                        ProviderType.OPENAI_COMPATIBLE,
                        at("/rerank", "1", new PassThroughModel("m", null)));
        assertThat(SnapshotValidator.validate(sound.snapshot())).isEmpty();
        var entry = sound.snapshot().providers().getFirst();
        var open =
                new ProviderEntry(
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
                        List.of(new PassThroughEntry("/messages", -1, List.of())),
                        entry.region(),
                        entry.usableBy(),
                        entry.timeouts(),
                        entry.breaker(),
                        entry.billing(),
                        entry.quirks(),
                        entry.limits(),
                        entry.healthCheck());
        var snapshot = Snapshots.of(List.of(open), List.of(), List.of());
        assertThat(SnapshotValidator.validate(snapshot))
                .extracting(SnapshotError::path)
                .containsExactly("passThrough[0].path", "passThrough[0].microsPerRequest");
    }
}
