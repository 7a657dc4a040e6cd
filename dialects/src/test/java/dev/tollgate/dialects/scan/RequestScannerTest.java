package dev.tollgate.dialects.scan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.RequestScan.Feature;
import dev.tollgate.dialects.RequestScan.Span;
import dev.tollgate.dialects.Scanned;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestScannerTest {
    private static final Ingress CHAT = ingress(Dialect.OPENAI_CHAT, Operation.GENERATE);
    private static final Ingress EMBED = ingress(Dialect.OPENAI_CHAT, Operation.EMBED);
    private static final Ingress RESPONSES = ingress(Dialect.OPENAI_RESPONSES, Operation.GENERATE);
    private static final Ingress MESSAGES = ingress(Dialect.ANTHROPIC, Operation.GENERATE);
    private static final Ingress GEMINI =
            new Ingress(Dialect.GEMINI, Operation.GENERATE, "gemini-3", true, true);

    @Test
    void aChatWithMessagesAndInputIsRefusedInEitherOrder() {
        var messages = "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]";
        for (var both : List.of(messages + ",\"input\":\"b\"", "\"input\":\"b\"," + messages)) {
            var refused =
                    assertInstanceOf(
                            Scanned.Malformed.class,
                            RequestScanner.scan(
                                    CHAT,
                                    ("{\"model\":\"m\"," + both + "}")
                                            .getBytes(StandardCharsets.UTF_8)));
            assertTrue(refused.message().contains("`messages` and `input`"), refused.message());
        }
        assertEquals(1, scan(CHAT, "{\"model\":\"m\",\"input\":null," + messages + "}").messages());
    }

    @Test
    void findsEverythingOfAChatRequest() {
        var json =
                """
                { "model" : "fast", "stream":true , "max_tokens": 100,"max_completion_tokens":90,
                  "n":2, "temperature": 0.50, "stream_options": {"include_usage" : false },
                  "messages":[{"role":"system","content":"ä\\n\\u00e4\\ud83d\\ude00"},
                   {"role":"user","content":[{"type":"text","text":"hi"},
                    {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}]}""";
        var scan = scan(CHAT, json);
        assertEquals("fast", scan.model());
        assertTrue(scan.stream());
        assertEquals(OptionalLong.of(100), scan.maxOutputTokens());
        assertEquals(2, scan.choices());
        assertEquals("0.50", scan.temperature());
        assertEquals(false, scan.includeUsage());
        assertEquals(2, scan.messages());
        assertEquals(1, scan.images());
        assertEquals(Set.of(Feature.VISION), scan.features());
        assertEquals(List.of(), scan.unbounded());
        // system, user, the two words of type text; "ä\nä😀" is 2 + 1 + 2 + 4 bytes.
        assertEquals("system".length() + 9 + "user".length() + "hi".length(), scan.textBytes());
        var places = scan.places();
        assertEquals("\"fast\"", at(json, places.model()));
        assertEquals("100", at(json, places.maxOutputTokens().get(0)));
        assertEquals("90", at(json, places.maxOutputTokens().get(1)));
        assertEquals("{\"include_usage\" : false }", at(json, places.streamOptions()));
        assertEquals("false", at(json, places.includeUsage()));
        assertEquals(1, places.bodyStart());
    }

    @Test
    void findsEverythingOfAGeminiRequestInEitherSpelling() {
        var camel =
                """
                {"contents":[{"role":"user","parts":[{"text":"hello"},
                  {"inlineData":{"data":"AAAAAAAA","mimeType":"application/pdf"}}]}],
                 "systemInstruction":{"parts":[{"text":"be brief"}]},
                 "generationConfig":{"maxOutputTokens":7,"candidateCount":3,
                   "thinkingConfig":{"includeThoughts":true},"responseJsonSchema":{}}}""";
        var snake =
                camel.replace("inlineData", "inline_data")
                        .replace("mimeType", "mime_type")
                        .replace("systemInstruction", "system_instruction")
                        .replace("generationConfig", "generation_config")
                        .replace("maxOutputTokens", "max_output_tokens")
                        .replace("candidateCount", "candidate_count")
                        .replace("thinkingConfig", "thinking_config")
                        .replace("responseJsonSchema", "response_json_schema");
        for (var json : List.of(camel, snake)) {
            var scan = scan(GEMINI, json);
            assertTrue(scan.stream());
            assertEquals(OptionalLong.of(7), scan.maxOutputTokens());
            assertEquals(3, scan.choices());
            assertEquals(2, scan.messages());
            assertEquals(6, scan.documentBytes());
            assertEquals(Set.of(Feature.REASONING, Feature.JSON_SCHEMA), scan.features());
            assertEquals("7", at(json, scan.places().maxOutputTokens().get(0)));
            assertTrue(at(json, scan.places().generationConfig()).startsWith("{\"max"));
        }
    }

    @Test
    void findsEverythingOfAnAnthropicRequest() {
        var json =
                """
                {"model":"claude","max_tokens":10,"system":[{"type":"text","text":"sys"}],
                 "thinking":{"type":"enabled","budget_tokens":1024},
                 "tools":[{"name":"f","input_schema":{"type":"object"}}],
                 "messages":[{"role":"user","content":[
                   {"type":"document","source":{"type":"base64","media_type":"application/pdf",
                     "data":"AAAA"}},
                   {"type":"image","source":{"type":"url","url":"https://x/y.png"}},
                   {"type":"tool_result","tool_use_id":"t","content":[{"type":"image",
                     "source":{"data":"AAAA","media_type":"image/png","type":"base64"}}]}]}]}""";
        var scan = scan(MESSAGES, json);
        assertEquals(2, scan.messages());
        assertEquals(2, scan.images());
        assertEquals(3, scan.documentBytes());
        assertEquals(Set.of(Feature.REASONING, Feature.TOOLS, Feature.VISION), scan.features());
        assertEquals(List.of(), scan.unbounded());
    }

    @Test
    void findsEverythingOfAResponsesRequest() {
        var json =
                """
                {"model":"gpt","max_output_tokens":5,"instructions":"be brief","stream":false,
                 "reasoning":{"effort":"low"},"text":{"format":{"type":"json_schema","schema":{}}},
                 "input":[{"role":"user","content":[{"type":"input_text","text":"hi"}]}]}""";
        var scan = scan(RESPONSES, json);
        assertEquals(2, scan.messages());
        assertEquals(OptionalLong.of(5), scan.maxOutputTokens());
        assertEquals(Set.of(Feature.REASONING, Feature.JSON_SCHEMA), scan.features());
        assertEquals(List.of(), scan.unbounded());
    }

    @Test
    void countsEveryInputOfAnEmbedding() {
        assertEquals(2, scan(EMBED, "{\"model\":\"e\",\"input\":[\"ab\",\"c\"]}").messages());
        assertEquals(3, scan(EMBED, "{\"model\":\"e\",\"input\":[\"ab\",\"c\"]}").textBytes());
        assertTrue(scan(EMBED, "{\"model\":\"e\",\"input\":[[1,2],[3]]}").textBytes() >= 3);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "web_search_options|\"web_search_options\":{}",
                "tools[] of type web_search|\"tools\":[{\"type\":\"web_search\"}]",
                "models|\"models\":[\"a\",\"b\"]",
                "messages[].content[].file.file_id"
                        + "|\"x\":0,\"messages\":[{\"content\":[{\"type\":\"file\",\"file\":{\"file_id\":\"f\"}}]}]",
                "messages[].content[] of type video_url"
                        + "|\"x\":0,\"messages\":[{\"content\":[{\"type\":\"video_url\",\"video_url\":{}}]}]"
            })
    void notesWhatNoOneCanBound(String what, String member) {
        var messages = member.contains("messages") ? "" : ",\"messages\":[]";
        var scan = scan(CHAT, "{\"model\":\"m\"" + messages + "," + member + "}");
        assertEquals(List.of(what), scan.unbounded());
    }

    /** Codex puts the tools of a server of MCP into a namespace, and finds tools by itself. */
    @Test
    void aNamespaceIsTextThatTheClientRuns() {
        var tools =
                """
                [{"tools":[{"type":"function","name":"find"},{"name":"sh","type":"custom"}],"type":"namespace","name":"jira"},
                 {"type":"tool_search","execution":"client","parameters":{}}]""";
        var plain = scan(RESPONSES, "{\"model\":\"m\",\"input\":\"x\",\"tools\":[]}");
        var scan = scan(RESPONSES, "{\"model\":\"m\",\"input\":\"x\",\"tools\":" + tools + "}");
        assertEquals(List.of(), scan.unbounded());
        assertEquals(Set.of(Feature.TOOLS), scan.features());
        int between = ",\n ".length() + "[]".length();
        assertEquals(tools.length() - between, scan.textBytes() - plain.textBytes());
        var item =
                """
                {"type":"additional_tools","tools":%s},{"type":"tool_search_call","execution":"client","arguments":{"q":"x"}},
                {"type":"tool_search_output","execution":"client","tools":%s}"""
                        .formatted(tools, tools);
        var history = scan(RESPONSES, "{\"model\":\"m\",\"input\":[" + item + "]}");
        assertEquals(List.of(), history.unbounded());
        assertTrue(history.textBytes() >= 2 * tools.length(), history.textBytes() + " bytes");
    }

    /** A list of what a server of MCP offers, which the provider has read in an earlier turn. */
    @Test
    void aListOfToolsIsText() {
        var item =
                """
                {"type":"mcp_list_tools","id":"l","server_label":"s","tools":[{"name":"find","input_schema":{"type":"object"}}]}""";
        var scan = scan(RESPONSES, "{\"model\":\"m\",\"input\":[" + item + "]}");
        assertEquals(List.of(), scan.unbounded());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "web_search | {'type':'namespace','tools':[{'type':'web_search'}]}",
                "mcp | {'tools':[{'tools':[{'type':'mcp'}],'type':'namespace'}],'type':'namespace'}",
                "tool_search | {'type':'tool_search'}",
                "tool_search | {'execution':'server','type':'tool_search'}",
                "tool_search | {'execution':'server','execution':'client','type':'tool_search'}",
                "function | {'type':'web_search','type':'function','name':'find'}",
                "null | {'name':'find'}"
            })
    void whatTheProviderRunsIsUnboundedAlsoInANamespace(String type, String tool) {
        var json = "[" + tool.replace('\'', '"') + "]";
        var what = List.of("tools[] of type " + type);
        assertEquals(
                what,
                scan(RESPONSES, "{\"model\":\"m\",\"input\":\"x\",\"tools\":" + json + "}")
                        .unbounded());
        assertEquals(
                what,
                scan(
                                RESPONSES,
                                "{\"model\":\"m\",\"input\":[{\"type\":\"additional_tools\",\"tools\":"
                                        + json
                                        + "}]}")
                        .unbounded());
    }

    @Test
    void notesWhatNoOneCanBoundInOtherDialects() {
        assertEquals(
                List.of("previous_response_id", "background"),
                scan(
                                RESPONSES,
                                "{\"model\":\"m\",\"previous_response_id\":\"r\",\"background\":true}")
                        .unbounded());
        assertEquals(
                List.of("tools[] of type web_search_20250305", "messages[].content[].source.url"),
                scan(
                                MESSAGES,
                                """
                                {"model":"m","tools":[{"type":"web_search_20250305"}],"messages":[
                                 {"content":[{"type":"document","source":{"type":"url","url":"u"}}]}]}""")
                        .unbounded());
        assertEquals(
                List.of("tools[].googleSearch", "cachedContent", "contents[].parts[].fileData"),
                scan(
                                GEMINI,
                                """
                                {"tools":[{"googleSearch":{}}],"cachedContent":"c","contents":[
                                 {"parts":[{"file_data":{"file_uri":"u"}}]}]}""")
                        .unbounded());
    }

    /** A request that a dearer tier, speed or place serves, or whose output is no text. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "chat | service_tier | 'service_tier':'priority'",
                "chat | service_tier | 'service_tier':7",
                "chat | service_tier | 'service_tier':{'tier':'default'}",
                "chat | speed | 'speed':'fast'",
                "chat | modalities | 'modalities':['text','image']",
                "chat | image_config | 'image_config':{}",
                "chat | search_parameters | 'search_parameters':{'mode':'auto'}",
                "chat | preset | 'preset':'p'",
                "chat | deferred | 'deferred':true",
                "responses | service_tier | 'service_tier':'priority'",
                "messages | service_tier | 'service_tier':'priority'",
                "messages | speed | 'speed':'fast'",
                "messages | inference_geo | 'inference_geo':'us'",
                "messages | fallbacks | 'fallbacks':[{'model':'claude-opus-4-8'}]",
                "gemini | serviceTier | 'serviceTier':'priority'",
                "gemini | serviceTier | 'service_tier':'priority'",
                "gemini | generationConfig.responseModalities | "
                        + "'generationConfig':{'responseModalities':['TEXT','IMAGE']}",
                "gemini | generationConfig.responseModalities | "
                        + "'generation_config':{'response_modalities':[2]}",
                "gemini | generationConfig.imageConfig | "
                        + "'generationConfig':{'imageConfig':{'imageSize':'4K'}}"
            })
    void notesWhatChangesThePrice(String dialect, String what, String member) {
        assertEquals(List.of(what), scan(dialect, member).unbounded());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "chat | 'service_tier':'default'",
                "chat | 'service_tier':'flex'",
                "chat | 'service_tier':null",
                "chat | 'modalities':['text','audio']",
                "chat | 'deferred':false",
                "responses | 'service_tier':'auto'",
                "messages | 'service_tier':'standard_only','speed':'standard'",
                "messages | 'inference_geo':'global','fallbacks':[]",
                "gemini | 'serviceTier':'flex'",
                "gemini | 'generationConfig':{'responseModalities':['TEXT','AUDIO']}"
            })
    void bindsWhatCostsTheListPriceAtMost(String dialect, String member) {
        assertEquals(List.of(), scan(dialect, member).unbounded());
    }

    private static RequestScan scan(String dialect, String member) {
        var rest = member.replace('\'', '"') + "}";
        return switch (dialect) {
            case "chat" -> scan(CHAT, "{\"model\":\"m\",\"messages\":[]," + rest);
            case "responses" -> scan(RESPONSES, "{\"model\":\"m\",\"input\":\"i\"," + rest);
            case "messages" -> scan(MESSAGES, "{\"model\":\"m\",\"messages\":[]," + rest);
            default -> scan(GEMINI, "{\"contents\":[{\"parts\":[]}]," + rest);
        };
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "\"x\"",
                "{",
                "{}{}",
                "{} x",
                "{\"messages\":[]}",
                "{\"model\":\"m\"}",
                "{\"model\":1,\"messages\":[]}",
                "{\"model\":null,\"messages\":[]}",
                "{\"model\":\"\",\"messages\":[]}",
                "{\"model\":\"m\",\"messages\":{}}",
                "{\"model\":\"m\",\"messages\":[1]}",
                "{\"model\":\"m\",\"messages\":[],\"model\":\"n\"}",
                "{\"model\":\"m\",\"messages\":[],\"mod\\u0065l\":\"n\"}",
                "{\"model\":\"m\",\"messages\":[],\"user\":\"a\",\"user\":\"b\"}",
                "{\"model\":\"m\",\"messages\":[],\"Model\":\"n\"}",
                "{\"model\":\"m\",\"messages\":[],\"MAX_TOKENS\":9}",
                "{\"model\":\"m\",\"messages\":[],\"\u017Ftream\":true}",
                "{\"model\":\"m\",\"messages\":[],\"max_to\u212Aens\":9}",
                "{\"model\":\"m\",\"messages\":[],\"stream\":\"true\"}",
                "{\"model\":\"m\",\"messages\":[],\"stream\":1}",
                "{\"model\":\"m\",\"messages\":[],\"max_tokens\":-1}",
                "{\"model\":\"m\",\"messages\":[],\"max_tokens\":1.0}",
                "{\"model\":\"m\",\"messages\":[],\"max_tokens\":\"9\"}",
                "{\"model\":\"m\",\"messages\":[],\"max_tokens\":99999999999999999999}",
                "{\"model\":\"m\",\"messages\":[],\"n\":0}",
                "{\"model\":\"m\",\"messages\":[],\"n\":100000}",
                "{\"model\":\"m\",\"messages\":[],\"stream_options\":[]}",
                "{\"model\":\"m\",\"messages\":[],\"stream_options\":"
                        + "{\"include_usage\":true,\"include_usage\":false}}",
                "{\"model\":\"m\",\"messages\":[],\"stream_options\":{\"Include_Usage\":true}}",
                "{\"model\":\"m\",\"messages\":[],}",
                "{\"model\":\"m\",\"messages\":[],\"a\":NaN}",
                "{\"model\":\"m\",\"messages\":[],\"a\":01}",
                "{'model':\"m\",\"messages\":[]}",
                "{\"model\":\"m\\x\",\"messages\":[]}"
            })
    void refusesWhatIsNotStrictlyAChatRequest(String json) {
        assertInstanceOf(
                Scanned.Malformed.class,
                RequestScanner.scan(CHAT, json.getBytes(StandardCharsets.UTF_8)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"contents\":[]}",
                "{\"contents\":[{}],\"generationConfig\":{},\"generation_config\":{}}",
                "{\"contents\":[{}],\"GenerationConfig\":{}}",
                "{\"contents\":[{}],\"generationConfig\":{\"maxoutputtokens\":5}}",
                "{\"contents\":[{}],\"generationConfig\":{\"maxOutputTokens\":5,\"max_output_tokens\":6}}",
                "{\"contents\":[{}],\"generationConfig\":{\"maxOutputTokens\":\"5\"}}",
                "{\"contents\":[{}],\"model\":\"models/another\"}"
            })
    void refusesWhatIsNotStrictlyAGeminiRequest(String json) {
        assertInstanceOf(
                Scanned.Malformed.class,
                RequestScanner.scan(GEMINI, json.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void refusesOtherEncodings() {
        var json = "{\"model\":\"m\",\"messages\":[]}";
        for (var charset :
                List.of(
                        StandardCharsets.UTF_16LE,
                        StandardCharsets.UTF_16BE,
                        StandardCharsets.UTF_16,
                        StandardCharsets.UTF_32LE,
                        StandardCharsets.UTF_32BE)) {
            assertInstanceOf(
                    Scanned.Malformed.class, RequestScanner.scan(CHAT, json.getBytes(charset)));
        }
        var overlong = json.replace("m\"", "??\"").getBytes(StandardCharsets.ISO_8859_1);
        overlong[10] = (byte) 0xC0;
        overlong[11] = (byte) 0xAF;
        assertInstanceOf(Scanned.Malformed.class, RequestScanner.scan(CHAT, overlong));
    }

    @Test
    void readsAHundredLevelsAndNoMore() {
        var fits = "[".repeat(99) + "]".repeat(99);
        var exceeds = "[".repeat(100) + "]".repeat(100);
        scan(CHAT, "{\"model\":\"m\",\"messages\":[],\"x\":" + fits + "}");
        var body = "{\"model\":\"m\",\"messages\":[],\"x\":" + exceeds + "}";
        assertInstanceOf(
                Scanned.Malformed.class,
                RequestScanner.scan(CHAT, body.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void saysWhatIsWrongAndWhere() {
        var wrong =
                assertInstanceOf(
                        Scanned.Malformed.class,
                        RequestScanner.scan(
                                CHAT,
                                "{\"model\":\"m\",\"messages\":[],\"max_tokens\":-3}"
                                        .getBytes(StandardCharsets.UTF_8)));
        assertEquals("max_tokens", wrong.param());
        assertEquals("`max_tokens` is -3 (expected: >= 0)", wrong.message());
    }

    private static RequestScan scan(Ingress ingress, String json) {
        var scanned = RequestScanner.scan(ingress, json.getBytes(StandardCharsets.UTF_8));
        return assertInstanceOf(RequestScan.class, scanned, scanned.toString());
    }

    private static String at(String json, @Nullable Span place) {
        var bytes = json.getBytes(StandardCharsets.UTF_8);
        return place == null
                ? "nowhere"
                : new String(
                        bytes, place.from(), place.to() - place.from(), StandardCharsets.UTF_8);
    }

    private static Ingress ingress(Dialect dialect, Operation operation) {
        return new Ingress(dialect, operation, null, false, false);
    }

    @Test
    void saysWhereABodyBreaksOffAndNothingOfTheParser() {
        var malformed =
                assertInstanceOf(
                        Scanned.Malformed.class,
                        RequestScanner.scan(CHAT, "{\"model\":".getBytes(StandardCharsets.UTF_8)));
        assertTrue(malformed.message().contains("at line 1, column 10"), malformed.message());
        assertFalse(malformed.message().contains("Source"), malformed.message());
        assertFalse(malformed.message().contains("Feature"), malformed.message());
    }
}
