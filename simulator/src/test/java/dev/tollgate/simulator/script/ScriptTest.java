package dev.tollgate.simulator.script;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A script is taken whole or refused with the place and the reason. */
class ScriptTest {
    @Test
    void yamlAndJsonSayTheSame() {
        var yaml =
                """
                billingStops: true
                prices:
                  m: {inputPer1M: "0.15", outputPer1M: "0.60"}
                rules:
                  - when: {nth: 3, model: m}
                    times: 2
                    do: {error: {status: 429, retryAfter: "2"}}
                """;
        var json =
                """
                {"billingStops":true,"prices":{"m":{"inputPer1M":"0.15","outputPer1M":"0.60"}},
                "rules":[{"when":{"nth":3,"model":"m"},"times":2,
                "do":{"error":{"status":429,"retryAfter":"2"}}}]}""";
        assertThat(Script.parse(json)).isEqualTo(Script.parse(yaml));
        assertThat(Script.parse(yaml).rules().getFirst().behaviour().error().effectiveKind())
                .isEqualTo(ErrorKind.RATE_LIMIT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "   ", "# nothing\n", "{}", "null"})
    void emptyScriptIsThePlainProvider(String text) {
        assertThat(Script.parse(text)).isEqualTo(Script.plain());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "rulez: []                             | rulez: unknown field (known: billingStops,",
                "rules: [{do: {latency: 5}}]           | rules[0].do.latency: unknown field (known:",
                "default: {error: {}}                  | default.error: no status and no kind",
                "default: {error: {status: 99}}        | status: 99 (expected: 300 to 599)",
                "default: {latencyMs: -1}              | latencyMs: -1 (expected: 0 to 3600000)",
                "default: {latencyMs: '5'}             | default.latencyMs",
                "default: {latencyMs: 1.5}             | default.latencyMs",
                "default: {text: 5}                    | default.text",
                "default: {text: a, structured: {}}    | text and structured",
                "default: {headers: {'a b': c}}        | headers: name 'a b' (expected: a token)",
                "default: {hang: {}}                   | at: missing (expected: beforeHeaders",
                "default: {hang: {at: never}}          | default.hang.at",
                "default: {cut: {at: afterHeaders, chunks: 1}} | chunks: only with at: afterChunks",
                "default: {usage: {kind: omit, input: 1}}      | with kind wrong, and only so",
                "default: {sse: {inject: [{afterChunks: 1}]}}  | with kind raw, and only so",
                "default: {toolCalls: [{arguments: {}}]} | default.toolCalls[0]: name: missing",
                "default: {toolCalls: [{name: t, arguments: 3}]} | arguments: 3 (expected: a map)",
                "rules: [{when: {nth: 0}, do: {}}]     | nth: 0 (expected: 1 to",
                "rules: [{when: {nth: 1, every: 2}, do: {}}] | nth with every or after",
                "rules: [{when: {}}]                   | do: missing",
                "prices: {m: {inputPer1M: 0.15, outputPer1M: '1'}} | prices.m.inputPer1M",
                "prices: {m: {inputPer1M: '-1', outputPer1M: '1'}} | inputPer1M: -1 (expected:",
                "prices: {m: {inputPer1M: '1e3', outputPer1M: '1'}} | inputPer1M: 1e3 (expected:",
                "prices: {m: {inputPer1M: '1'}}        | outputPer1M: missing",
                "models: {a: b}                        | models",
                "billingStops: 1                       | billingStops",
                "[1, 2]                                | no map at the top",
                "just words                            | no map at the top",
                "{a: [                                 | script: "
            })
    void refusesWhatHasNoMeaning(String text, String message) {
        assertThatThrownBy(() -> Script.parse(text))
                .isInstanceOf(ScriptException.class)
                .hasMessageContaining(message);
    }

    @Test
    void readmeShowsAScriptThatWorks() throws Exception {
        var readme = Files.readString(Path.of("README.md"));
        var begin = readme.indexOf("```yaml\n") + "```yaml\n".length();
        var script = Script.parse(readme.substring(begin, readme.indexOf("```", begin)));
        assertThat(script.rules()).hasSize(11);
        assertThat(script.defaults().gap()).isEqualTo(5);
    }

    @Test
    void refusesAFieldThatIsToldTwice() {
        assertThatThrownBy(() -> Script.parse("billingStops: true\nbillingStops: false"))
                .isInstanceOf(ScriptException.class)
                .hasMessageContaining("billingStops");
    }

    @Test
    void refusesInterleavingWhereTheDialectCannot() {
        var script = Script.parse("rules: [{do: {interleaveToolCalls: true}}]");
        script.checkFor(Dialect.OPENAI);
        assertThatThrownBy(() -> script.checkFor(Dialect.ANTHROPIC))
                .hasMessageContaining("interleaveToolCalls");
    }

    @Test
    void printsNoKey() throws Exception {
        var script = Script.parse("keys: [very-secret]");
        var json = ScriptReader.MAPPER.writeValueAsString(script);
        assertThat(script.toString() + json).doesNotContain("very-secret").contains("sha256:");
        assertThat(Script.parse(json).admits(KeyHash.ofKey("very-secret"))).isTrue();
    }
}
