package dev.tollgate.dialects.translate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Bridge.Outbound;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.scan.RequestScanner;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The requests of coding agents and libraries (protocols.md, section 12) reach every provider. */
class AgentRequestsTest {

    /** Who sends it, and in which dialect. */
    private enum Agent {
        CLAUDE_CODE("claude-code", Dialect.ANTHROPIC),
        CODEX("codex", Dialect.OPENAI_RESPONSES),
        GEMINI_CLI("gemini-cli", Dialect.GEMINI),
        AIDER("aider", Dialect.OPENAI_CHAT),
        LANGCHAIN_OPENAI("langchain-openai", Dialect.OPENAI_CHAT),
        LANGCHAIN_ANTHROPIC("langchain-anthropic", Dialect.ANTHROPIC),
        AI_SDK_OPENAI("ai-sdk-openai", Dialect.OPENAI_RESPONSES),
        AI_SDK_GOOGLE("ai-sdk-google", Dialect.GEMINI),
        GOOGLE_GENAI_PYTHON("google-genai-python", Dialect.GEMINI);

        private final String file;
        private final Dialect dialect;

        Agent(String file, Dialect dialect) {
            this.file = file;
            this.dialect = dialect;
        }

        byte[] body() {
            try (var in =
                    AgentRequestsTest.class.getResourceAsStream("/agents/" + file + ".json")) {
                return in.readAllBytes();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
    }

    static List<Arguments> ways() {
        var ways = new ArrayList<Arguments>();
        for (var agent : Agent.values()) {
            for (var provider : Dialect.values()) {
                if (provider != agent.dialect) {
                    ways.add(Arguments.of(agent, provider));
                }
            }
        }
        return ways;
    }

    private static RequestScan scan(Agent agent) {
        boolean gemini = agent.dialect == Dialect.GEMINI;
        var ingress =
                new Ingress(
                        agent.dialect, Operation.GENERATE, gemini ? "gemini" : null, gemini, true);
        var scanned = RequestScanner.scan(ingress, agent.body());
        assertThat(scanned).isInstanceOf(RequestScan.class);
        return (RequestScan) scanned;
    }

    private static Outbound outbound(Agent agent, Dialect provider, byte[] body) {
        return Bridge.between(agent.dialect, provider, Operation.GENERATE)
                .request(scan(agent), body, Exchanges.requestTerms(provider));
    }

    private static JsonNode sent(Agent agent, Dialect provider) {
        var out = outbound(agent, provider, agent.body());
        assertThat(out).as("%s to %s: %s", agent, provider, out).isInstanceOf(Outbound.Ready.class);
        return Wire.tree(((Outbound.Ready) out).body());
    }

    @ParameterizedTest
    @MethodSource("ways")
    void isARequestOfTheProvidersOwn(Agent agent, Dialect provider) {
        SdkReader.request(provider, Exchanges.bytes(sent(agent, provider)));
    }

    /** What was signed by one provider is nothing to another. */
    @ParameterizedTest
    @MethodSource("ways")
    void takesNoSignatureToAnotherProvider(Agent agent, Dialect provider) {
        assertThat(sent(agent, provider).toString())
                .doesNotContain("EqQBCkYIBxgC", "EtgBCkYIBxgC", "gAAAAABo", "Q2l3QnFW", "Q2l3QnFX");
    }

    @Test
    void claudeCodeReachesAChatModel() {
        var body = sent(Agent.CLAUDE_CODE, Dialect.OPENAI_CHAT);
        var messages = body.path("messages");
        assertThat(messages)
                .extracting(each -> each.path("role").asText())
                .containsExactly("system", "user", "assistant", "tool", "tool", "user");
        assertThat(messages.path(2).path("tool_calls")).hasSize(2);
        assertThat(messages.path(4).path("content").asText()).isEqualTo("Error: command not found");
        assertThat(messages.path(5).path("content"))
                .extracting(each -> each.path("type").asText())
                .containsExactly("text", "image_url", "text");
        assertThat(body.path("reasoning_effort").asText()).isEqualTo("high");
        for (var tool : body.path("tools")) {
            assertThat(tool.path("function").path("name").asText().length())
                    .isLessThanOrEqualTo(64);
        }
    }

    @Test
    void codexReachesClaude() {
        var body = sent(Agent.CODEX, Dialect.ANTHROPIC);
        assertThat(body.path("system"))
                .extracting(each -> each.path("text").asText())
                .containsExactly("You are a coding agent.", "Sandbox: workspace-write");
        assertThat(body.path("messages"))
                .extracting(each -> each.path("role").asText())
                .containsExactly("user", "assistant", "user", "assistant", "user");
        var results = body.path("messages").path(2).path("content");
        assertThat(results)
                .extracting(each -> each.path("tool_use_id").asText())
                .containsExactly("call_1", "call_2");
        assertThat(results.path(1).path("content").path(0).path("type").asText())
                .isEqualTo("image");
    }

    @Test
    void theFreeTextToolOfCodexIsAFunctionOfOneArgumentToOthers() {
        var body = sent(Agent.CODEX, Dialect.OPENAI_CHAT);
        var tool = body.path("tools").path(2).path("function");
        assertThat(tool.path("parameters").path("properties").has("input")).isTrue();
        assertThat(tool.path("description").asText()).contains("start: begin_patch");
        assertThat(body.path("messages").toString())
                .contains("{\\\"input\\\":\\\"*** Begin Patch\\\\n*** End Patch\\\"}");
    }

    /** The search that Codex asks for by default is switched off in its own settings. */
    @Test
    void theProvidersOwnSearchOfCodexIsRefusedByName() {
        var text = new String(Agent.CODEX.body(), StandardCharsets.UTF_8);
        var body =
                text.replace(
                                "\"tools\":[",
                                "\"tools\":[{\"type\":\"web_search\",\"external_web_access\":false},")
                        .getBytes(StandardCharsets.UTF_8);
        var out = outbound(Agent.CODEX, Dialect.ANTHROPIC, body);
        assertThat(((Outbound.Refused) out).message()).contains("tools[0].type=web_search");
    }

    @Test
    void resultsOfGeminiCliFindTheirCalls() {
        var messages = sent(Agent.GEMINI_CLI, Dialect.OPENAI_CHAT).path("messages");
        var calls = messages.path(2).path("tool_calls");
        assertThat(messages.path(3).path("tool_call_id")).isEqualTo(calls.path(0).path("id"));
        assertThat(messages.path(4).path("tool_call_id")).isEqualTo(calls.path(1).path("id"));
        assertThat(messages.path(4).path("content").asText()).isEqualTo("Error: no path");
    }

    @Test
    void aGeminiRequestInSnakeCaseMeansTheSame() {
        var body = sent(Agent.GOOGLE_GENAI_PYTHON, Dialect.ANTHROPIC);
        assertThat(body.path("system").asText()).isEqualTo("Be brief.");
        assertThat(body.path("tool_choice").path("name").asText()).isEqualTo("weather");
        assertThat(body.path("messages").path(1).path("content").path(0).path("input"))
                .hasToString("{\"city_name\":\"Ulm\"}");
        assertThat(body.path("messages").path(2).path("content").path(0).path("content").asText())
                .isEqualTo("{\"the_temperature\":9}");
        assertThat(body.path("max_tokens").asInt()).isEqualTo(500);
    }

    @Test
    void theSerialCallsAndTheSchemaOfLangChainReachClaude() {
        var body = sent(Agent.LANGCHAIN_OPENAI, Dialect.ANTHROPIC);
        assertThat(body.path("tool_choice").path("disable_parallel_tool_use").asBoolean()).isTrue();
        assertThat(body.path("output_config").path("format").path("type").asText())
                .isEqualTo("json_schema");
        assertThat(body.path("messages").path(1).path("content").path(1).path("input"))
                .hasToString("{}");
    }

    @Test
    void aBegunAnswerOfAiderIsTheLastTurn() {
        var messages = sent(Agent.AIDER, Dialect.ANTHROPIC).path("messages");
        assertThat(messages.path(messages.size() - 1).path("role").asText()).isEqualTo("assistant");
    }
}
