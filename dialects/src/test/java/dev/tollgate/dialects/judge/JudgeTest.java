package dev.tollgate.dialects.judge;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dialects.Dialect;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An answer is judged alike in every dialect, whole and as a stream. */
class JudgeTest {

    private static final Judgement GOOD =
            new Judgement(false, false, false, false, false, OptionalInt.empty());

    private static final String SCHEMA =
            "{'type':'object','properties':{'city':{'type':'string'},'people':{'type':'integer'}},"
                    + "'required':['city','people'],'additionalProperties':false}";

    /** How an answer ended. */
    private enum End {
        STOP,
        LENGTH,
        FILTER
    }

    private static byte[] json(String quoted) {
        return quoted.replace('\'', '"').getBytes(UTF_8);
    }

    private static byte[] free(Dialect dialect) {
        return json(
                switch (dialect) {
                    case OPENAI_CHAT -> "{'model':'m','messages':[{'role':'user','content':'q'}]}";
                    case OPENAI_RESPONSES -> "{'model':'m','input':'q'}";
                    case ANTHROPIC ->
                            "{'model':'m','max_tokens':9,'messages':[{'role':'user','content':'q'}]}";
                    case GEMINI -> "{'contents':[{'parts':[{'text':'q'}]}]}";
                });
    }

    private static byte[] wantsSchema(Dialect dialect) {
        var format = "{'type':'json_schema','name':'n','schema':" + SCHEMA + "}";
        return json(
                switch (dialect) {
                    case OPENAI_CHAT ->
                            "{'model':'m','messages':[{'role':'user','content':'q'}],'response_format':"
                                    + "{'type':'json_schema','json_schema':{'name':'n','schema':"
                                    + SCHEMA
                                    + "}}}";
                    case OPENAI_RESPONSES ->
                            "{'model':'m','input':'q','text':{'format':" + format + "}}";
                    case ANTHROPIC ->
                            "{'model':'m','max_tokens':9,'messages':[{'role':'user','content':'q'}],"
                                    + "'output_config':{'format':{'type':'json_schema','schema':"
                                    + SCHEMA
                                    + "}}}";
                    case GEMINI ->
                            "{'contents':[{'parts':[{'text':'q'}]}],'generationConfig':{"
                                    + "'responseMimeType':'application/json','responseJsonSchema':"
                                    + SCHEMA
                                    + "}}";
                });
    }

    private static String quote(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    private static byte[] answer(Dialect dialect, String text, End end) {
        var said = quote(text);
        return switch (dialect) {
            case OPENAI_CHAT ->
                    (new String(
                                            json(
                                                    "{'id':'c','model':'m','choices':[{'index':0,'finish_reason':'"
                                                            + chatEnd(end)
                                                            + "','message':{'role':'assistant','content':"),
                                            UTF_8)
                                    + said
                                    + "}}]}")
                            .getBytes(UTF_8);
            case OPENAI_RESPONSES -> response(said, end).getBytes(UTF_8);
            case ANTHROPIC ->
                    ("{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[{\"type\":\"text\",\"text\":"
                                    + said
                                    + "}],\"stop_reason\":\""
                                    + messagesEnd(end)
                                    + "\",\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}")
                            .getBytes(UTF_8);
            case GEMINI -> candidate(said, end).getBytes(UTF_8);
        };
    }

    private static String response(String said, End end) {
        return "{\"id\":\"r\",\"model\":\"m\",\"status\":\""
                + (end == End.STOP
                        ? "completed\""
                        : "incomplete\",\"incomplete_details\":{\"reason\":\""
                                + (end == End.LENGTH ? "max_output_tokens" : "content_filter")
                                + "\"}")
                + ",\"output\":[{\"type\":\"message\",\"id\":\"i\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"annotations\":[],\"text\":"
                + said
                + "}]}]}";
    }

    private static String candidate(String said, End end) {
        return "{\"candidates\":[{\"index\":0,\"content\":{\"role\":\"model\",\"parts\":[{\"text\":"
                + said
                + "}]},\"finishReason\":\""
                + switch (end) {
                    case STOP -> "STOP";
                    case LENGTH -> "MAX_TOKENS";
                    case FILTER -> "SAFETY";
                }
                + "\"}]}";
    }

    private static String chatEnd(End end) {
        return switch (end) {
            case STOP -> "stop";
            case LENGTH -> "length";
            case FILTER -> "content_filter";
        };
    }

    private static String messagesEnd(End end) {
        return switch (end) {
            case STOP -> "end_turn";
            case LENGTH -> "max_tokens";
            case FILTER -> "refusal";
        };
    }

    private static String event(String data) {
        return "data: " + data + "\n\n";
    }

    private static String typed(String type, String members) {
        return "event: "
                + type
                + "\n"
                + event(new String(json("{'type':'" + type + "'"), UTF_8) + members + "}");
    }

    /** The same in two pieces. */
    private static byte[] stream(Dialect dialect, String text, End end) {
        var first = quote(text.substring(0, text.length() / 2));
        var second = quote(text.substring(text.length() / 2));
        var events =
                switch (dialect) {
                    case OPENAI_CHAT ->
                            event(
                                            "{\"choices\":[{\"index\":0,\"delta\":{\"content\":"
                                                    + first
                                                    + "}}]}")
                                    + event(
                                            "{\"choices\":[{\"index\":0,\"delta\":{\"content\":"
                                                    + second
                                                    + "}}]}")
                                    + event(
                                            "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\""
                                                    + chatEnd(end)
                                                    + "\"}]}")
                                    + event("[DONE]");
                    case OPENAI_RESPONSES ->
                            typed(
                                            "response.created",
                                            ",\"response\":{\"id\":\"r\",\"model\":\"m\"}")
                                    + typed(
                                            "response.output_text.delta",
                                            ",\"output_index\":0,\"delta\":" + first)
                                    + typed(
                                            "response.output_text.delta",
                                            ",\"output_index\":0,\"delta\":" + second)
                                    + typed(
                                            end == End.STOP
                                                    ? "response.completed"
                                                    : "response.incomplete",
                                            ",\"response\":" + response(quote(text), end));
                    case ANTHROPIC ->
                            typed(
                                            "message_start",
                                            ",\"message\":{\"id\":\"m\",\"model\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}")
                                    + typed(
                                            "content_block_start",
                                            ",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}")
                                    + typed(
                                            "content_block_delta",
                                            ",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":"
                                                    + first
                                                    + "}")
                                    + typed(
                                            "content_block_delta",
                                            ",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":"
                                                    + second
                                                    + "}")
                                    + typed("content_block_stop", ",\"index\":0")
                                    + typed(
                                            "message_delta",
                                            ",\"delta\":{\"stop_reason\":\""
                                                    + messagesEnd(end)
                                                    + "\"},\"usage\":{\"output_tokens\":5}")
                                    + typed("message_stop", "");
                    case GEMINI ->
                            event(
                                            "{\"candidates\":[{\"index\":0,\"content\":{\"role\":\"model\",\"parts\":[{\"text\":"
                                                    + first
                                                    + "}]}}]}")
                                    + event(candidate(second, end));
                };
        return events.getBytes(UTF_8);
    }

    /** Whole and as a stream, which must come to the same. */
    private static Judgement judged(Dialect dialect, byte[] request, String text, End end) {
        var judge = Judge.of(dialect, request, true);
        var whole = judge.answer(answer(dialect, text, end));
        assertThat(judge.stream(stream(dialect, text, end))).isEqualTo(whole);
        return whole;
    }

    @ParameterizedTest
    @EnumSource(Dialect.class)
    void findsNothingInAGoodAnswer(Dialect dialect) {
        assertThat(judged(dialect, free(dialect), "Paris is the capital of France.", End.STOP))
                .isEqualTo(GOOD);
    }

    @ParameterizedTest
    @EnumSource(Dialect.class)
    void findsAnAnswerThatIsEmpty(Dialect dialect) {
        assertThat(judged(dialect, free(dialect), " \n", End.STOP).empty()).isTrue();
    }

    @Test
    void findsThatAnImageIsAnAnswer() {
        var body =
                "{'candidates':[{'finishReason':'STOP','content':{'parts':["
                        + "{'inlineData':{'mimeType':'image/png','data':'AAAA'}}]}}]}";
        var judge = Judge.of(Dialect.GEMINI, free(Dialect.GEMINI), true);
        assertThat(judge.answer(json(body)).empty()).isFalse();
        assertThat(judge.stream(json("data: " + body + "\n\n")).empty()).isFalse();
    }

    @ParameterizedTest
    @EnumSource(Dialect.class)
    void findsAnAnswerThatIsCutOff(Dialect dialect) {
        var judged = judged(dialect, free(dialect), "Once upon a", End.LENGTH);
        assertThat(judged.truncated()).isTrue();
        assertThat(judged.refused()).isFalse();
    }

    @ParameterizedTest
    @EnumSource(Dialect.class)
    void findsAnAnswerThatAFilterStopped(Dialect dialect) {
        assertThat(judged(dialect, free(dialect), "Well", End.FILTER).refused()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(Dialect.class)
    void findsAKnownPhraseOfRefusal(Dialect dialect) {
        var text = "I\u2019m sorry, but I can\u2019t help with that.";
        assertThat(judged(dialect, free(dialect), text, End.STOP).refused()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(Dialect.class)
    void findsAKnownPhraseOfDoubt(Dialect dialect) {
        var judged = judged(dialect, free(dialect), "I am not sure, maybe 12.", End.STOP);
        assertThat(judged.doubtful()).isTrue();
        assertThat(judged.refused()).isFalse();
    }

    @ParameterizedTest
    @EnumSource(Dialect.class)
    void findsJsonThatFailsItsSchema(Dialect dialect) {
        var wanted = wantsSchema(dialect);
        var good = "{\"city\":\"Rome\",\"people\":3}";
        assertThat(judged(dialect, wanted, good, End.STOP)).isEqualTo(GOOD);
        for (var bad :
                new String[] {
                    "{\"city\":\"Rome\"}",
                    "{\"city\":\"Rome\",\"people\":\"3\"}",
                    "{\"city\":\"Rome\",\"people\":3,\"more\":1}",
                    "Rome has three people",
                    "```json\n" + good + "\n```".replace("\n", " "),
                    good + good,
                }) {
            var text = bad.replace("\n", " ");
            assertThat(judged(dialect, wanted, text, End.STOP).invalidJson()).as(text).isTrue();
        }
    }

    @Test
    void asksForAnObjectWhereOnlyJsonIsAskedFor() {
        var request =
                json(
                        "{'model':'m','messages':[{'role':'user','content':'json'}],'response_format':{'type':'json_object'}}");
        assertThat(judged(Dialect.OPENAI_CHAT, request, "[1]", End.STOP).invalidJson()).isTrue();
        assertThat(judged(Dialect.OPENAI_CHAT, request, "{}", End.STOP).invalidJson()).isFalse();
    }

    @Test
    void takesACallOfAToolForAnAnswer() {
        var judge = Judge.of(Dialect.OPENAI_CHAT, wantsSchema(Dialect.OPENAI_CHAT), true);
        var call =
                "{'choices':[{'index':0,'finish_reason':'tool_calls','message':{'role':'assistant','content':null,"
                        + "'tool_calls':[{'id':'t','type':'function','function':{'name':'f','arguments':'%s'}}]}}]}";
        assertThat(judge.answer(json(call.formatted("{}")))).isEqualTo(GOOD);
        assertThat(judge.answer(json(call.formatted("{oops"))).invalidJson()).isTrue();
    }

    @Test
    void readsARefusalOfItsOwnKind() {
        var judge = Judge.of(Dialect.OPENAI_CHAT, wantsSchema(Dialect.OPENAI_CHAT), true);
        var refused =
                judge.answer(
                        json(
                                "{'choices':[{'index':0,'finish_reason':'stop','message':{'role':'assistant','content':null,'refusal':'No.'}}]}"));
        assertThat(refused.refused()).isTrue();
        assertThat(refused.empty()).isFalse();
        assertThat(refused.invalidJson()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "OPENAI_CHAT, true",
        "OPENAI_CHAT, false",
        "OPENAI_RESPONSES, false",
        "GEMINI, false"
    })
    void readsTheGeometricMeanOfTheTokensProbabilities(Dialect dialect, boolean stream) {
        // ln 0.9 and ln 0.4: the mean is the root of 0.36
        var tokens =
                "[{'token':'a','logprob':-0.1053605156578263},{'token':'b','logprob':-0.916290731874155}]";
        var judge = Judge.of(dialect, free(dialect), true);
        var body =
                switch (dialect) {
                    case OPENAI_CHAT ->
                            stream
                                    ? "data: {'choices':[{'index':0,'delta':{'content':'ab'},'logprobs':{'content':"
                                            + tokens
                                            + "}}]}\n\n"
                                    : "{'choices':[{'index':0,'finish_reason':'stop','message':{'content':'ab'},'logprobs':{'content':"
                                            + tokens
                                            + "}}]}";
                    case OPENAI_RESPONSES ->
                            "{'status':'completed','output':[{'type':'message','content':[{'type':'output_text','text':'ab','logprobs':"
                                    + tokens
                                    + "}]}]}";
                    case GEMINI ->
                            "{'candidates':[{'content':{'parts':[{'text':'ab'}]},'finishReason':'STOP','logprobsResult':{'chosenCandidates':"
                                    + tokens.replace("logprob", "logProbability")
                                    + "}}]}";
                    case ANTHROPIC -> throw new IllegalArgumentException("it has none");
                };
        var judged = stream ? judge.stream(json(body)) : judge.answer(json(body));
        assertThat(judged.confidencePercent()).hasValue(60);
    }

    @Test
    void countsTheBestOfSeveralChoices() {
        var judge = Judge.of(Dialect.OPENAI_CHAT, free(Dialect.OPENAI_CHAT), true);
        var both =
                "{'choices':[{'index':0,'finish_reason':'length','message':{'content':'a'}},"
                        + "{'index':1,'finish_reason':'%s','message':{'content':'b'}}]}";
        assertThat(judge.answer(json(both.formatted("stop"))).truncated()).isFalse();
        assertThat(judge.answer(json(both.formatted("length"))).truncated()).isTrue();
    }

    @Test
    void readsGeminisStreamWithoutEvents() {
        var judge = Judge.of(Dialect.GEMINI, free(Dialect.GEMINI), false);
        var stream =
                "["
                        + candidate("\"Hel\"", End.STOP)
                        + ",\n"
                        + candidate("\"lo\"", End.LENGTH)
                        + "]";
        var judged = judge.stream(stream.getBytes(UTF_8));
        assertThat(judged.empty()).isFalse();
        assertThat(judged.truncated()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "no json", "{}", "[]", "{\"error\":{\"message\":\"x\"}}"})
    void takesWhatItCannotReadForEmpty(String body) {
        for (var dialect : Dialect.values()) {
            var judge = Judge.of(dialect, free(dialect), true);
            assertThat(judge.answer(body.getBytes(UTF_8)).empty()).as(dialect.name()).isTrue();
            assertThat(judge.stream(body.getBytes(UTF_8)).empty()).as(dialect.name()).isTrue();
        }
    }
}
