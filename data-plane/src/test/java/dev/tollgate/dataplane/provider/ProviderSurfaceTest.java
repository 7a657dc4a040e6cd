package dev.tollgate.dataplane.provider;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Bridge.Outbound;
import dev.tollgate.dialects.Bridge.RequestTerms;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.scan.RequestScanner;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Rich requests of every client dialect hold, once fitted, only what the servers of strict
 * providers know: the fields of the types of their own SDKs, as {@code Quirks} cites them.
 */
class ProviderSurfaceTest {
    private static final JsonMapper JSON = new JsonMapper();

    /** What a server takes at the top, and in an assistant's message. */
    private record Surface(String model, Set<String> fields, Set<String> ofAssistant) {}

    private static final Set<String> COMMON =
            Set.of(
                    "model",
                    "messages",
                    "stream",
                    "stop",
                    "temperature",
                    "top_p",
                    "tools",
                    "tool_choice",
                    "response_format",
                    "reasoning_effort",
                    "n");

    private static final Map<String, Surface> SURFACES =
            Map.of(
                    "mistral.yaml",
                    new Surface(
                            "mistral-large-latest",
                            with(
                                    "max_tokens",
                                    "random_seed",
                                    "metadata",
                                    "presence_penalty",
                                    "frequency_penalty",
                                    "prediction",
                                    "parallel_tool_calls",
                                    "prompt_cache_key"),
                            Set.of("role", "content", "tool_calls", "prefix")),
                    "groq.yaml",
                    new Surface(
                            "llama-3.3-70b-versatile",
                            with(
                                    "max_completion_tokens",
                                    "max_tokens",
                                    "seed",
                                    "presence_penalty",
                                    "frequency_penalty",
                                    "parallel_tool_calls",
                                    "service_tier",
                                    "stream_options",
                                    "user"),
                            Set.of("role", "content", "tool_calls", "reasoning")),
                    "cerebras.yaml",
                    new Surface(
                            "gpt-oss-120b",
                            with(
                                    "max_completion_tokens",
                                    "max_tokens",
                                    "seed",
                                    "logprobs",
                                    "top_logprobs",
                                    "prediction",
                                    "parallel_tool_calls",
                                    "service_tier",
                                    "stream_options",
                                    "user"),
                            Set.of("role", "content", "tool_calls", "reasoning", "name")),
                    "fireworks.yaml",
                    new Surface(
                            "accounts/fireworks/models/deepseek-v3",
                            with(
                                    "max_tokens",
                                    "seed",
                                    "logprobs",
                                    "top_logprobs",
                                    "logit_bias",
                                    "presence_penalty",
                                    "frequency_penalty",
                                    "metadata",
                                    "prediction",
                                    "parallel_tool_calls",
                                    "prompt_cache_key",
                                    "service_tier",
                                    "user"),
                            Set.of("role", "content", "tool_calls", "reasoning_content")),
                    "cohere.yaml",
                    new Surface(
                            "command-a-03-2025",
                            with(
                                    "max_tokens",
                                    "seed",
                                    "logprobs",
                                    "presence_penalty",
                                    "frequency_penalty",
                                    "stream_options",
                                    "prompt_cache_key",
                                    "user"),
                            Set.of()));

    private static Set<String> with(String... more) {
        var fields = new HashSet<>(COMMON);
        fields.addAll(List.of(more));
        return fields;
    }

    private static final Map<Dialect, String> REQUESTS =
            Map.of(
                    Dialect.OPENAI_CHAT,
                    """
                    {"model":"m","max_completion_tokens":50,"seed":1,"logit_bias":{"1":1},"logprobs":true,"top_logprobs":2,
                     "frequency_penalty":0.1,"presence_penalty":0.1,"n":1,"store":false,"metadata":{"a":"b"},"user":"u",
                     "safety_identifier":"s","prompt_cache_key":"k","prompt_cache_retention":"24h","verbosity":"low",
                     "service_tier":"auto","parallel_tool_calls":true,"reasoning_effort":"minimal","modalities":["text"],
                     "prediction":{"type":"content","content":"p"},"stream":true,"stream_options":{"include_usage":true},
                     "response_format":{"type":"json_schema","json_schema":{"name":"o","schema":{"type":"object"}}},
                     "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],"tool_choice":"auto",
                     "messages":[{"role":"developer","content":"d","name":"n"},{"role":"user","content":"u"},
                      {"role":"assistant","content":null,"refusal":null,"annotations":[],"audio":null,"function_call":null,
                       "reasoning_content":"r","name":"n","tool_calls":[{"id":"call_0123456789","type":"function","function":{"name":"f","arguments":"{}"}}]},
                      {"role":"tool","tool_call_id":"call_0123456789","content":"1"},
                      {"role":"user","content":[{"type":"text","text":"t"}]}]}""",
                    Dialect.OPENAI_RESPONSES,
                    """
                    {"model":"m","max_output_tokens":50,"instructions":"i","store":false,"metadata":{"a":"b"},"user":"u",
                     "parallel_tool_calls":false,"reasoning":{"effort":"low"},"stream":true,"temperature":1,
                     "text":{"format":{"type":"json_schema","name":"o","schema":{"type":"object"}}},
                     "tools":[{"type":"function","name":"f","parameters":{"type":"object"}},{"type":"custom","name":"c"}],
                     "input":[{"role":"developer","content":"d"},{"role":"user","content":"u"},
                      {"type":"function_call","call_id":"call_0123456789","name":"f","arguments":"{}"},
                      {"type":"function_call_output","call_id":"call_0123456789","output":"1"}]}""",
                    Dialect.ANTHROPIC,
                    """
                    {"model":"m","max_tokens":5000,"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}],
                     "thinking":{"type":"enabled","budget_tokens":2000},"metadata":{"user_id":"u"},"top_k":5,"stream":true,
                     "tools":[{"name":"f","input_schema":{"type":"object"}}],
                     "tool_choice":{"type":"auto","disable_parallel_tool_use":true},
                     "messages":[{"role":"user","content":"u"},
                      {"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":""},{"type":"tool_use","id":"toolu_0123456789","name":"f","input":{}}]},
                      {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_0123456789","content":"1"}]}]}""",
                    Dialect.GEMINI,
                    """
                    {"systemInstruction":{"parts":[{"text":"s"}]},
                     "generationConfig":{"maxOutputTokens":50,"seed":1,"topK":5,"temperature":1,"frequencyPenalty":0.1,
                      "thinkingConfig":{"thinkingBudget":1000},"responseMimeType":"application/json","responseJsonSchema":{"type":"object"}},
                     "tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"type":"object"}}]}],
                     "contents":[{"role":"user","parts":[{"text":"u"}]},
                      {"role":"model","parts":[{"functionCall":{"name":"f","args":{}}}]},
                      {"role":"user","parts":[{"functionResponse":{"name":"f","response":{"a":1}}}]}]}""");

    static Stream<Arguments> pairs() {
        return SURFACES.keySet().stream()
                .sorted()
                .flatMap(
                        file ->
                                Stream.of(Dialect.values())
                                        .map(client -> Arguments.of(file, client)));
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void knowsAllThatItIsSent(String file, Dialect client) throws IOException {
        var surface = SURFACES.get(file);
        var provider = Examples.provider(Examples.FOLDER.resolve(file));
        var body = REQUESTS.get(client).getBytes(StandardCharsets.UTF_8);
        var ingress = new Ingress(client, Operation.GENERATE, "m", true, false);
        var scan = (RequestScan) RequestScanner.scan(ingress, body);
        var bridge = Bridge.between(client, Dialect.OPENAI_CHAT, Operation.GENERATE);
        var terms =
                new RequestTerms(
                        surface.model,
                        OptionalLong.of(40),
                        OptionalLong.empty(),
                        provider.quirks());
        var outbound = bridge.request(scan, body, terms);
        assertThat(outbound).isInstanceOf(Outbound.Ready.class);
        var sent = JSON.readTree(((Outbound.Ready) outbound).body());
        assertThat(names(sent)).isSubsetOf(surface.fields);
        assertThat(sent.path("max_tokens").asInt(sent.path("max_completion_tokens").asInt()))
                .isEqualTo(40);
        for (var message : sent.path("messages")) {
            var role = message.path("role").asText();
            assertThat(role).isIn(roles(file));
            if (role.equals("assistant") && !surface.ofAssistant.isEmpty()) {
                assertThat(names(message)).isSubsetOf(surface.ofAssistant);
            }
        }
        if (file.equals("mistral.yaml")) {
            assertThat(callIds(sent)).hasSizeGreaterThan(1).allMatch(id -> id.matches("\\w{9}"));
        }
    }

    /** Groq and Cohere take the role of the newest name. */
    private static List<String> roles(String file) {
        var all = new ArrayList<>(List.of("system", "user", "assistant", "tool"));
        if (file.equals("groq.yaml") || file.equals("cohere.yaml")) {
            all.add("developer");
        }
        return all;
    }

    private static List<String> callIds(JsonNode sent) {
        var ids = new ArrayList<String>();
        for (var message : sent.path("messages")) {
            message.path("tool_calls").forEach(call -> ids.add(call.path("id").asText()));
            if (message.has("tool_call_id")) {
                ids.add(message.path("tool_call_id").asText());
            }
        }
        return ids;
    }

    private static Set<String> names(JsonNode node) {
        var names = new HashSet<String>();
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }
}
