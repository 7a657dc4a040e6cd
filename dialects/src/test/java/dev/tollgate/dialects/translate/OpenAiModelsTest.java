package dev.tollgate.dialects.translate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.Bridge.Outbound;
import dev.tollgate.dialects.Bridge.RequestTerms;
import dev.tollgate.dialects.Dialect;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What translated requests ask of OpenAI's models: nothing that the model refuses with 400. */
class OpenAiModelsTest {
    private static final Dialect CHAT = Dialect.OPENAI_CHAT;
    private static final Dialect RESPONSES = Dialect.OPENAI_RESPONSES;
    private static final Dialect MESSAGES = Dialect.ANTHROPIC;
    private static final Dialect GEMINI = Dialect.GEMINI;

    private static final String DROPPED =
            "temperature, top_p, penalties, logprobs (the model does not take them while it"
                    + " reasons)";
    private static final List<String> FREE =
            List.of(
                    "temperature",
                    "top_p",
                    "frequency_penalty",
                    "presence_penalty",
                    "logprobs",
                    "top_logprobs");

    private static final String DRAWN =
            """
            {'contents':[{'parts':[{'text':'x'}]}],'generationConfig':{'temperature':0.2,'topP':0.5,'seed':7,
             'frequencyPenalty':0.1,'presencePenalty':0.1,'responseLogprobs':true,'logprobs':2%s}}""";

    /** Gemini's names of: unsaid, off, some. */
    private static final String UNSAID = "";

    private static final String OFF = ",'thinkingConfig':{'thinkingBudget':0}";
    private static final String LOW = ",'thinkingConfig':{'thinkingLevel':'low'}";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "o1",
                "o3-mini",
                "o4-mini-2025-04-16",
                "codex-mini-latest",
                "gpt-5",
                "gpt-5-2025-08-07",
                "gpt-5-mini",
                "gpt-5-codex",
                "gpt-5-pro",
                "gpt-5.1-codex-max",
                "gpt-5.2-chat-latest",
                "gpt-5.5",
                "gpt-6-astra",
                "openai/gpt-5-mini",
                "openai/o3:online",
                "GPT-5-mini-eu"
            })
    void aModelThatReasonsUntoldGetsNoSamplingSettingsAndTheClientIsTold(String model) {
        var out = ready(GEMINI, CHAT, model, DRAWN.formatted(UNSAID));
        assertThat(out.dropped()).contains(DROPPED);
        var body = Wire.tree(out.body());
        assertThat(named(body)).isEmpty();
        assertThat(body.path("seed").asInt()).isEqualTo(7);
        var responses = ready(GEMINI, RESPONSES, model, DRAWN.formatted(UNSAID));
        assertThat(responses.dropped()).contains(DROPPED);
        assertThat(named(Wire.tree(responses.body()))).isEmpty();
        assertThat(Wire.tree(responses.body()).path("include").toString())
                .doesNotContain("logprobs");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "gpt-4o",
                "gpt-4.1-mini",
                "gpt-35-turbo",
                "gpt-5-chat-latest",
                "gpt-5.1",
                "gpt-5.2-2025-12-11",
                "gpt-5.4-mini",
                "openai/gpt-4o",
                "gpt-oss-120b",
                "o365-pilot",
                "llama-3.3",
                "my-deployment"
            })
    void otherModelsGetThemAll(String model) {
        var out = ready(GEMINI, CHAT, model, DRAWN.formatted(UNSAID));
        assertThat(out.dropped()).isEmpty();
        assertThat(named(Wire.tree(out.body()))).isEqualTo(FREE);
        var responses = Wire.tree(ready(GEMINI, RESPONSES, model, DRAWN.formatted(UNSAID)).body());
        assertThat(named(responses)).isEqualTo(List.of("temperature", "top_p", "top_logprobs"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt-5.1", "gpt-5.4-nano", "gpt-5.6-sol", "openai/gpt-6-astra"})
    void aModelThatIsToldNotToReasonGetsThemAll(String model) {
        var out = ready(GEMINI, CHAT, model, DRAWN.formatted(OFF));
        assertThat(out.dropped()).isEmpty();
        var body = Wire.tree(out.body());
        // what rests by itself is not told to: gpt-5.4 has refused that beside tools
        boolean rests = model.matches("gpt-5\\.[14].*");
        assertThat(body.path("reasoning_effort").asText()).isEqualTo(rests ? "" : "none");
        assertThat(named(body)).isEqualTo(FREE);
        var responses = Wire.tree(ready(GEMINI, RESPONSES, model, DRAWN.formatted(OFF)).body());
        assertThat(responses.path("reasoning").toString()).isEqualTo("{\"effort\":\"none\"}");
        assertThat(named(responses)).isEqualTo(List.of("temperature", "top_p", "top_logprobs"));
        var reasons = ready(GEMINI, CHAT, model, DRAWN.formatted(LOW));
        assertThat(reasons.dropped()).contains(DROPPED);
        assertThat(named(Wire.tree(reasons.body()))).isEmpty();
    }

    @Test
    void aModelThatCannotRestIsNotToldTo() {
        var out = ready(GEMINI, CHAT, "gpt-5", DRAWN.formatted(OFF));
        assertThat(out.dropped())
                .contains(DROPPED, "reasoning switched off (the model's own default holds)");
        assertThat(Wire.tree(out.body()).has("reasoning_effort")).isFalse();
    }

    /** A server that takes no effort is not told it, so the model's own default holds. */
    @Test
    void whatTheModelIsNotToldDoesNotCount() {
        var quirk = List.of("no_reasoning_effort");
        var newest = outbound(GEMINI, CHAT, "gpt-5.6", quirk, DRAWN.formatted(OFF));
        assertThat(((Outbound.Ready) newest).dropped()).contains(DROPPED);
        var older = outbound(GEMINI, CHAT, "gpt-5.1", quirk, DRAWN.formatted(LOW));
        assertThat(named(Wire.tree(((Outbound.Ready) older).body()))).isEqualTo(FREE);
    }

    /** Such a value says what holds anyway. */
    @Test
    void aDefaultIsLeftOutWithoutAWord() {
        var out =
                ready(
                        MESSAGES,
                        CHAT,
                        "gpt-5",
                        "{'model':'m','max_tokens':9,'temperature':1,'top_p':1,'messages':[{'role':'user','content':'x'}]}");
        assertThat(out.dropped()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "gpt-5, true",
        "o3, true",
        "o4-mini, true",
        "o3-mini, false",
        "o1-2024-12-17, false",
        "openai/gpt-5-mini, true",
        "gpt-5.2-codex, true",
        "gpt-5.1, false",
        "gpt-5.5, false",
        "gpt-5-chat-latest, false",
        "gpt-4o, false"
    })
    void aStopSequenceIsRefusedWhereTheModelCannotStopOnIt(String model, boolean refused) {
        var out =
                outbound(
                        MESSAGES,
                        CHAT,
                        model,
                        List.of(),
                        "{'model':'m','max_tokens':9,'stop_sequences':['###'],'messages':[{'role':'user','content':'x'}]}");
        if (refused) {
            assertThat(out).isInstanceOf(Outbound.Refused.class);
            assertThat(((Outbound.Refused) out).param()).isEqualTo("stop");
        } else {
            var body = Wire.tree(((Outbound.Ready) out).body());
            assertThat(body.path("stop").toString()).isEqualTo("[\"###\"]");
        }
    }

    @ParameterizedTest
    @CsvSource({"gpt-5, minimal", "gpt-5.1, low", "o3, low", "gpt-5-codex, low", "m, minimal"})
    void theLeastEffortIsOneThatTheModelKnows(String model, String effort) {
        var asked =
                """
                {'contents':[{'parts':[{'text':'x'}]}],'generationConfig':{'thinkingConfig':{'thinkingLevel':'minimal'}}}""";
        var chat = Wire.tree(ready(GEMINI, CHAT, model, asked).body());
        assertThat(chat.path("reasoning_effort").asText()).isEqualTo(effort);
        var responses = Wire.tree(ready(GEMINI, RESPONSES, model, asked).body());
        assertThat(responses.path("reasoning").path("effort").asText()).isEqualTo(effort);
    }

    /** OpenAI takes this, as recorded. */
    @Test
    void whatOpenAiTakesOfAModelAtRestIsSentSo() {
        var asked =
                "{'model':'m','input':'x','temperature':0.5,'reasoning':{'effort':'none'},"
                        + "'include':['reasoning.encrypted_content']}";
        var sent = Wire.tree(ready(RESPONSES, CHAT, "gpt-5.6-sol", asked).body());
        assertThat(sent.path("reasoning_effort").asText()).isEqualTo("none");
        assertThat(sent.path("temperature").asDouble()).isEqualTo(0.5);
    }

    private static List<String> named(JsonNode body) {
        return FREE.stream().filter(body::has).toList();
    }

    private static Outbound.Ready ready(
            Dialect client, Dialect provider, String model, String request) {
        return (Outbound.Ready) outbound(client, provider, model, List.of(), request);
    }

    private static Outbound outbound(
            Dialect client, Dialect provider, String model, List<String> quirks, String request) {
        var body = Wire.json(request);
        return Wire.bridge(client, provider)
                .request(
                        Exchanges.scan(client, body, false),
                        body,
                        new RequestTerms(
                                model, OptionalLong.empty(), OptionalLong.empty(), quirks));
    }
}
