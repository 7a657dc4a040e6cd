package dev.tollgate.dialects.deviation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Bridge.Outbound;
import dev.tollgate.dialects.Bridge.RequestTerms;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.codec.CallIds;
import dev.tollgate.dialects.scan.RequestScanner;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a server is known not to take is left out, adapted or refused; every other byte stays. */
class DeviationsTest {
    private static final String MESSAGES = "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]";

    /** One deviation at work. {@code out} is the body, or "refused: " and the message. */
    record Case(Deviation deviation, String model, String in, String out, String dropped) {
        @Override
        public String toString() {
            return deviation + " " + in;
        }
    }

    private static Case field(Deviation deviation, String in, String out, String dropped) {
        return field(deviation, "m", in, out, dropped);
    }

    private static Case field(
            Deviation deviation, String model, String in, String out, String dropped) {
        boolean refused = out.startsWith("refused: ");
        return new Case(
                deviation,
                model,
                "{\"model\":\"m\"," + in + MESSAGES + "}",
                refused ? out : "{\"model\":\"" + model + "\"," + out + MESSAGES + "}",
                dropped);
    }

    private static Case message(Deviation deviation, String in, String out, String dropped) {
        return new Case(
                deviation,
                "m",
                "{\"model\":\"m\",\"messages\":[" + in + "]}",
                out.startsWith("refused: ") ? out : "{\"model\":\"m\",\"messages\":[" + out + "]}",
                dropped);
    }

    static Stream<Case> cases() {
        return Stream.of(fields(), tools(), efforts(), messages()).flatMap(List::stream);
    }

    private static List<Case> fields() {
        return List.of(
                field(
                        Deviation.OUTPUT_DIMENSION,
                        "\"dimensions\":256,",
                        "\"output_dimension\":256,",
                        ""),
                field(
                        Deviation.MAX_TOKENS,
                        "\"max_completion_tokens\":9,",
                        "\"max_completion_tokens\":9,",
                        ""),
                field(
                        Deviation.ONLY_MAX_TOKENS,
                        "\"max_completion_tokens\" : 9,",
                        "\"max_tokens\" : 9,",
                        ""),
                field(
                        Deviation.ONLY_MAX_TOKENS,
                        "\"max_tokens\":7,\"max_completion_tokens\":9,",
                        "\"max_tokens\":9,",
                        ""),
                field(
                        Deviation.ONLY_MAX_TOKENS,
                        "\"max_tokens\":7,\"max_completion_tokens\":null,",
                        "\"max_tokens\":7,",
                        ""),
                field(
                        Deviation.NO_STREAM_OPTIONS,
                        "\"stream\":true,\"stream_options\":{\"include_usage\":true},",
                        "\"stream\":true,",
                        ""),
                field(Deviation.RANDOM_SEED, "\"seed\":5,", "\"random_seed\":5,", ""),
                field(
                        Deviation.NO_PENALTIES,
                        "\"presence_penalty\":0.5,\"frequency_penalty\":null,",
                        "",
                        "presence_penalty"),
                field(Deviation.NO_LOGIT_BIAS, "\"logit_bias\":{\"5\":1},", "", "logit_bias"),
                field(
                        Deviation.NO_LOGPROBS,
                        "\"logprobs\":true,\"top_logprobs\":2,",
                        "",
                        "logprobs,top_logprobs"),
                field(
                        Deviation.NO_TOP_LOGPROBS,
                        "\"logprobs\":true,\"top_logprobs\":2,",
                        "\"logprobs\":true,",
                        "top_logprobs"),
                field(Deviation.ONE_CHOICE, "\"n\":1,", "\"n\":1,", ""),
                field(
                        Deviation.ONE_CHOICE,
                        "\"n\":2,",
                        "refused: n: the provider gives one answer per request",
                        ""),
                field(Deviation.NO_CHOICES, "\"n\":1,", "", ""),
                field(
                        Deviation.NO_CHOICES,
                        "\"n\":2,",
                        "refused: n: the provider gives one answer per request",
                        ""),
                field(
                        Deviation.NO_JSON_OBJECT,
                        "\"response_format\":{\"type\":\"json_object\"},",
                        "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"object\",\"schema\":{\"type\":\"object\"}}},",
                        ""),
                field(
                        Deviation.NO_HINTS,
                        "\"store\":false,\"verbosity\":\"low\",\"safety_identifier\":\"u\",",
                        "",
                        "store,safety_identifier,verbosity"),
                field(Deviation.NO_USER, "\"user\":\"u\",", "", "user"),
                field(Deviation.NO_METADATA, "\"metadata\":{},", "", "metadata"),
                field(
                        Deviation.NO_PROMPT_CACHE_KEY,
                        "\"prompt_cache_key\":\"k\",",
                        "",
                        "prompt_cache_key"),
                field(Deviation.NO_PREDICTION, "\"prediction\":{},", "", "prediction"),
                field(Deviation.NO_SERVICE_TIER, "\"service_tier\":\"auto\",", "", "service_tier"),
                field(
                        Deviation.NO_SERVICE_TIER,
                        "\"service_tier\":\"priority\",",
                        "refused: service_tier: the provider has none but its own",
                        ""),
                field(Deviation.NO_DEFAULT_SERVICE_TIER, "\"service_tier\":\"default\",", "", ""),
                field(
                        Deviation.NO_DEFAULT_SERVICE_TIER,
                        "\"service_tier\":\"flex\",",
                        "\"service_tier\":\"flex\",",
                        ""),
                field(Deviation.NO_MODALITIES, "\"modalities\":[\"text\"],\"audio\":null,", "", ""),
                field(
                        Deviation.NO_MODALITIES,
                        "\"modalities\":[\"text\",\"audio\"],",
                        "refused: modalities: the provider's answers are text",
                        ""),
                field(
                        Deviation.NO_WEB_SEARCH,
                        "\"web_search_options\":{},",
                        "refused: web_search_options: the provider's server has no web search",
                        ""),
                new Case(
                        Deviation.NO_JSON_SCHEMA,
                        "m",
                        "{\"model\":\"m\",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\",\"schema\":{\"type\":\"object\"}}},"
                                + MESSAGES
                                + "}",
                        "{\"model\":\"m\",\"response_format\":{\"type\":\"json_object\"},\"messages\":[{\"role\":\"system\",\"content\":\"Answer with one JSON object and nothing else. It must match this JSON schema: {\\\"type\\\":\\\"object\\\"}\"},{\"role\":\"user\",\"content\":\"hi\"}]}",
                        "response_format (the JSON schema is in the prompt, not enforced)"));
    }

    private static List<Case> tools() {
        var tools = "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],";
        return List.of(
                field(
                        Deviation.NO_TOOLS,
                        tools,
                        "refused: tools: the provider's models call no tools",
                        ""),
                field(Deviation.NO_TOOLS, tools + "\"tool_choice\":\"none\",", "", ""),
                field(Deviation.NO_TOOLS, "\"tools\":[],\"parallel_tool_calls\":true,", "", ""),
                field(Deviation.NO_TOOL_CHOICE, tools + "\"tool_choice\":\"auto\",", tools, ""),
                field(Deviation.NO_TOOL_CHOICE, tools + "\"tool_choice\":\"none\",", "", ""),
                field(
                        Deviation.NO_TOOL_CHOICE,
                        tools + "\"tool_choice\":\"required\",",
                        "refused: tool_choice: the provider's server cannot force a tool call",
                        ""),
                field(
                        Deviation.NO_PARALLEL_TOOL_CALLS,
                        tools + "\"parallel_tool_calls\":false,",
                        tools,
                        "parallel_tool_calls"));
    }

    private static Case effort(Deviation deviation, String model, String in, String out) {
        return field(
                deviation,
                model,
                "\"reasoning_effort\":\"" + in + "\",",
                out.isEmpty() ? "" : "\"reasoning_effort\":\"" + out + "\",",
                out.isEmpty() ? "reasoning_effort" : "");
    }

    private static List<Case> efforts() {
        var stop = "\"stop\":[\"x\"],";
        return List.of(
                effort(Deviation.NO_REASONING_EFFORT, "m", "low", ""),
                effort(Deviation.XAI_EFFORT, "grok-4-0709", "low", ""),
                effort(Deviation.XAI_EFFORT, "grok-3", "low", ""),
                effort(Deviation.XAI_EFFORT, "grok-4-1-fast-reasoning", "low", ""),
                effort(Deviation.XAI_EFFORT, "grok-3-mini", "low", "low"),
                effort(Deviation.XAI_EFFORT, "grok-4.3", "high", "high"),
                effort(Deviation.XAI_EFFORT, "grok-4.20-multi-agent-0309", "high", "high"),
                effort(Deviation.GROQ_EFFORT, "openai/gpt-oss-120b", "minimal", "low"),
                effort(Deviation.GROQ_EFFORT, "openai/gpt-oss-120b", "medium", "medium"),
                effort(Deviation.GROQ_EFFORT, "qwen/qwen3-32b", "high", "default"),
                effort(Deviation.GROQ_EFFORT, "qwen/qwen3-32b", "none", "none"),
                effort(Deviation.GROQ_EFFORT, "llama-3.3-70b-versatile", "low", ""),
                effort(Deviation.MISTRAL_EFFORT, "mistral-small-latest", "low", "high"),
                effort(Deviation.MISTRAL_EFFORT, "mistral-large-latest", "low", ""),
                effort(Deviation.EFFORT_NONE_OR_HIGH, "command-a", "minimal", "none"),
                effort(Deviation.EFFORT_NONE_OR_HIGH, "command-a", "medium", "high"),
                field(
                        Deviation.XAI_STOP,
                        "grok-4",
                        stop,
                        "refused: stop: the model reasons and cannot stop on a string",
                        ""),
                field(Deviation.XAI_STOP, "grok-4.20-0309-non-reasoning", stop, stop, ""),
                field(Deviation.XAI_STOP, "grok-3", stop, stop, ""));
    }

    private static List<Case> messages() {
        var told = "{\"role\":\"assistant\",\"content\":\"c\"";
        return List.of(
                message(
                        Deviation.NO_DEVELOPER_ROLE,
                        "{\"role\": \"developer\",\"content\":\"d\"}",
                        "{\"role\": \"system\",\"content\":\"d\"}",
                        ""),
                message(
                        Deviation.HISTORY_WITHOUT_REASONING,
                        told + ",\"reasoning_content\":\"r\",\"reasoning\":null}",
                        told + "}",
                        "messages[].reasoning_content"),
                message(
                        Deviation.HISTORY_WITHOUT_REASONING_CONTENT,
                        told + ",\"reasoning_content\":\"r\",\"reasoning\":\"r\"}",
                        told + ",\"reasoning\":\"r\"}",
                        "messages[].reasoning_content"),
                message(
                        Deviation.HISTORY_AS_REASONING,
                        told + ",\"reasoning_content\":\"r\"}",
                        told + ",\"reasoning\":\"r\"}",
                        ""),
                message(
                        Deviation.HISTORY_AS_REASONING_CONTENT,
                        told + ",\"reasoning\":\"r\",\"reasoning_details\":[]}",
                        told + ",\"reasoning_content\":\"r\"}",
                        ""),
                message(
                        Deviation.REASONING_CONTENT,
                        told + ",\"reasoning_content\":\"r\"}",
                        told + ",\"reasoning_content\":\"r\"}",
                        ""),
                message(
                        Deviation.REASONING_DETAILS,
                        told + ",\"reasoning_details\":[{\"type\":\"reasoning.text\"}]}",
                        told + ",\"reasoning_details\":[{\"type\":\"reasoning.text\"}]}",
                        ""),
                message(
                        Deviation.CLOSED_MESSAGES,
                        told + ",\"refusal\":null,\"annotations\":[],\"audio\":null}",
                        told + "}",
                        ""),
                message(
                        Deviation.CLOSED_MESSAGES,
                        "{\"role\":\"assistant\",\"content\":null,\"refusal\":\"no\"}",
                        "{\"role\":\"assistant\",\"content\":\"no\"}",
                        ""),
                message(
                        Deviation.CLOSED_MESSAGES,
                        told + ",\"audio\":{\"id\":\"a\"}}",
                        "refused: messages[].audio: the provider's server does not take it",
                        ""),
                message(
                        Deviation.NO_MESSAGE_NAMES,
                        "{\"name\":\"n\",\"role\":\"user\",\"content\":\"c\"},{\"role\":\"tool\",\"name\":\"f\",\"tool_call_id\":\"i\",\"content\":\"c\"}",
                        "{\"role\":\"user\",\"content\":\"c\"},{\"role\":\"tool\",\"name\":\"f\",\"tool_call_id\":\"i\",\"content\":\"c\"}",
                        "messages[].name"),
                message(
                        Deviation.CALL_IDS_OF_9,
                        "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"call_1\",\"type\":\"function\"},{\"id\":\"abcDEF123\"}]},{\"role\":\"tool\",\"tool_call_id\":\"call_1\",\"content\":\"c\"}",
                        "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"74196fe72\",\"type\":\"function\"},{\"id\":\"abcDEF123\"}]},{\"role\":\"tool\",\"tool_call_id\":\"74196fe72\",\"content\":\"c\"}",
                        ""));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void isDoneAsTheTableSays(Case each) {
        var outbound = sent(each.in, each.model, each.deviation);
        if (each.out.startsWith("refused: ")) {
            var refused = assertInstanceOf(Outbound.Refused.class, outbound);
            assertEquals(each.out, "refused: " + refused.message());
            return;
        }
        var ready = assertInstanceOf(Outbound.Ready.class, outbound);
        var limit = "\"max_tokens\":9,\"model\"";
        var body = new String(ready.body(), StandardCharsets.UTF_8);
        assertEquals(
                each.deviation == Deviation.MAX_TOKENS
                        ? each.out.replace("\"model\"", limit)
                        : each.out,
                body);
        assertEquals(each.dropped, String.join(",", ready.dropped()));
    }

    @Test
    void eachHasACase() {
        var tested = EnumSet.noneOf(Deviation.class);
        cases().forEach(each -> tested.add(each.deviation));
        assertEquals(EnumSet.allOf(Deviation.class), tested);
    }

    @Test
    void aRequestWithoutThemKeepsEveryByte() {
        var json =
                """
                { "messages" : [ {"role":"system","content":"s"}, {"content": "h\\u00e9\\n", "role":"user"},
                 {"role":"assistant","content":null,"tool_calls":[{"id":"abcdef123","type":"function","function":{"name":"f","arguments":"{}"}}]},
                 {"role":"tool","tool_call_id":"abcdef123","content":"1"}],
                 "model":"m", "temperature":1.0, "top_p" :0.90, "max_tokens":5}""";
        var body = json.getBytes(StandardCharsets.UTF_8);
        var all = Arrays.stream(Deviation.values()).toArray(Deviation[]::new);
        var ready = assertInstanceOf(Outbound.Ready.class, sent(json, "m", all));
        assertEquals(json, new String(ready.body(), StandardCharsets.UTF_8));
        assertTrue(ready.dropped().isEmpty());
        var same = assertInstanceOf(Outbound.Ready.class, request(body, terms("m")));
        assertSame(body, same.body());
    }

    /** A field left out by one deviation does not disturb another's edits. */
    @Test
    void theyWorkTogether() {
        var ready =
                assertInstanceOf(
                        Outbound.Ready.class,
                        sent(
                                "{\"user\":\"u\",\"model\":\"m\",\"messages\":[{\"name\":\"n\","
                                        + "\"role\":\"developer\",\"content\":\"c\"}],\"seed\":1,"
                                        + "\"store\":true,\"max_completion_tokens\":5,\"n\":1}",
                                "x",
                                Deviation.NO_USER,
                                Deviation.NO_HINTS,
                                Deviation.RANDOM_SEED,
                                Deviation.ONLY_MAX_TOKENS,
                                Deviation.NO_CHOICES,
                                Deviation.NO_MESSAGE_NAMES,
                                Deviation.NO_DEVELOPER_ROLE));
        assertEquals(
                "{\"model\":\"x\",\"messages\":[{\"role\":\"system\",\"content\":\"c\"}],"
                        + "\"random_seed\":1,\"max_tokens\":5}",
                new String(ready.body(), StandardCharsets.UTF_8));
        assertEquals(List.of("store", "user", "messages[].name"), ready.dropped());
    }

    /** Whatever the dialect of the client: an Anthropic client's limit, tools and thinking. */
    @Test
    void translatedRequestsAreFittedToo() {
        var json =
                """
                {"model":"m","max_tokens":99,"system":"s","stream":true,
                 "thinking":{"type":"enabled","budget_tokens":2000},
                 "messages":[{"role":"user","content":"hi"},
                  {"role":"assistant","content":[{"type":"tool_use","id":"toolu_01","name":"f","input":{}}]},
                  {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_01","content":"1"}]}],
                 "tools":[{"name":"f","input_schema":{"type":"object"}}]}""";
        var bridge = Bridge.between(Dialect.ANTHROPIC, Dialect.OPENAI_CHAT, Operation.GENERATE);
        var scan =
                (RequestScan)
                        RequestScanner.scan(
                                new Ingress(
                                        Dialect.ANTHROPIC, Operation.GENERATE, null, false, false),
                                json.getBytes(StandardCharsets.UTF_8));
        var ready =
                assertInstanceOf(
                        Outbound.Ready.class,
                        bridge.request(
                                scan,
                                json.getBytes(StandardCharsets.UTF_8),
                                terms(
                                        "mistral-large-latest",
                                        Deviation.ONLY_MAX_TOKENS,
                                        Deviation.NO_STREAM_OPTIONS,
                                        Deviation.MISTRAL_EFFORT,
                                        Deviation.CALL_IDS_OF_9)));
        var id = CallIds.hashed("toolu_01", 9);
        assertEquals(
                "{\"model\":\"mistral-large-latest\",\"messages\":[{\"role\":\"system\",\"content\":\"s\"},"
                        + "{\"role\":\"user\",\"content\":\"hi\"},{\"role\":\"assistant\",\"content\":null,"
                        + "\"tool_calls\":[{\"id\":\""
                        + id
                        + "\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},"
                        + "{\"role\":\"tool\",\"tool_call_id\":\""
                        + id
                        + "\",\"content\":\"1\"}],\"max_tokens\":99,\"tools\":[{\"type\":\"function\","
                        + "\"function\":{\"name\":\"f\",\"parameters\":{\"type\":\"object\"}}}],\"stream\":true}",
                new String(ready.body(), StandardCharsets.UTF_8));
        assertTrue(ready.dropped().contains("reasoning_effort"), ready.dropped().toString());
    }

    private static Outbound sent(String json, String model, Deviation... deviations) {
        return request(json.getBytes(StandardCharsets.UTF_8), terms(model, deviations));
    }

    private static Outbound request(byte[] body, RequestTerms terms) {
        var ingress = new Ingress(Dialect.OPENAI_CHAT, Operation.GENERATE, null, false, false);
        var scan = assertInstanceOf(RequestScan.class, RequestScanner.scan(ingress, body));
        var bridge = Bridge.between(Dialect.OPENAI_CHAT, Dialect.OPENAI_CHAT, Operation.GENERATE);
        return bridge.request(scan, body, terms);
    }

    private static RequestTerms terms(String model, Deviation... deviations) {
        return new RequestTerms(
                model,
                OptionalLong.empty(),
                OptionalLong.empty(),
                Arrays.stream(deviations).map(Deviation::wireName).toList());
    }
}
