package dev.tollgate.dialects.translate;

import static dev.tollgate.dialects.translate.Wire.answer;
import static dev.tollgate.dialects.translate.Wire.json;
import static dev.tollgate.dialects.translate.Wire.stream;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dialects.AnswerStream.End;
import dev.tollgate.dialects.Bridge.AnswerRead;
import dev.tollgate.dialects.Bridge.Outbound;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.codec.MadeMedia;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What a model painted is never lost in silence. */
class MadeMediaTest {
    private static final int MEBIBYTE = 1 << 20;

    /** Each pair of a client and a provider whose models may paint. */
    static Stream<Arguments> pairs() {
        return EnumSet.allOf(Dialect.class).stream()
                .flatMap(
                        client ->
                                Stream.of(
                                                Dialect.GEMINI,
                                                Dialect.OPENAI_CHAT,
                                                Dialect.OPENAI_RESPONSES)
                                        .filter(provider -> provider != client)
                                        .map(provider -> Arguments.of(client, provider)));
    }

    private static String painted(Dialect provider, String text) {
        return switch (provider) {
            case GEMINI ->
                    "{'candidates':[{'finishReason':'STOP','content':{'parts':["
                            + (text.isEmpty() ? "" : "{'text':'" + text + "'},")
                            + "{'inlineData':{'mimeType':'image/png','data':'AAAA'}}]}}]}";
            case OPENAI_CHAT ->
                    "{'choices':[{'finish_reason':'stop','message':{'role':'assistant','content':'"
                            + text
                            + "','images':[{'type':'image_url','image_url':{'url':'data:image/png;base64,AAAA'}}]}}]}";
            case OPENAI_RESPONSES ->
                    "{'id':'r','status':'completed','output':["
                            + (text.isEmpty()
                                    ? ""
                                    : "{'type':'message','content':[{'type':'output_text','text':'"
                                            + text
                                            + "'}]},")
                            + "{'type':'image_generation_call','id':'ig','result':'AAAA'}]}";
            case ANTHROPIC -> throw new IllegalArgumentException("paints nothing");
        };
    }

    private static String[] paintedInAStream(Dialect provider, String text) {
        return switch (provider) {
            case GEMINI -> new String[] {painted(provider, text)};
            case OPENAI_CHAT ->
                    new String[] {
                        painted(provider, text)
                                .replace("'message'", "'delta'")
                                .replace("'choices':[{", "'choices':[{'index':0,"),
                        "[DONE]"
                    };
            case OPENAI_RESPONSES ->
                    new String[] {
                        "{'type':'response.completed','response':" + painted(provider, text) + "}"
                    };
            case ANTHROPIC -> throw new IllegalArgumentException("paints nothing");
        };
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void besideTextIsCarriedOrNamed(Dialect client, Dialect provider) {
        var body = answer(client, provider, painted(provider, "Look:"));
        assertThat(SdkReader.answer(client, Exchanges.bytes(body)).text()).startsWith("Look:");
        assertImage(client, body.toString());
        var seen = stream(client, provider, paintedInAStream(provider, "Look:"));
        SdkReader.stream(client, seen.bytes());
        assertThat(seen.end()).isInstanceOf(End.Complete.class);
        assertThat(seen.text()).contains("Look:");
        assertImage(client, seen.text());
    }

    private static void assertImage(Dialect client, String body) {
        if (client == Dialect.ANTHROPIC) {
            assertThat(body).contains("also made a file (image/png)").doesNotContain("AAAA");
        } else {
            assertThat(body).contains("AAAA").doesNotContain("also made a file");
        }
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void aloneIsCarriedOrAnError(Dialect client, Dialect provider) {
        var terms = Exchanges.answerTerms(client, Exchanges.hello(client));
        var read = Wire.bridge(client, provider).answer(json(painted(provider, "")), terms);
        var seen = stream(client, provider, paintedInAStream(provider, ""));
        if (client == Dialect.ANTHROPIC) {
            assertThat(read).isEqualTo(new AnswerRead.Unreadable(MadeMedia.ALONE));
            assertThat(seen.end()).isInstanceOf(End.Broken.class);
            assertThat(seen.text()).contains(MadeMedia.ALONE);
        } else {
            assertThat(read).isInstanceOf(AnswerRead.Read.class);
            SdkReader.answer(client, ((AnswerRead.Read) read).body());
            assertThat(new String(((AnswerRead.Read) read).body(), UTF_8)).contains("AAAA");
            assertThat(seen.end()).isInstanceOf(End.Complete.class);
            SdkReader.stream(client, seen.bytes());
            assertThat(seen.text()).contains("AAAA");
        }
    }

    @Test
    void standsWhereClientsLookForIt() {
        var chat = answer(Dialect.OPENAI_CHAT, Dialect.GEMINI, painted(Dialect.GEMINI, "Look:"));
        assertThat(chat.at("/choices/0/message/images/0/image_url/url").asText())
                .isEqualTo("data:image/png;base64,AAAA");
        var responses =
                answer(Dialect.OPENAI_RESPONSES, Dialect.GEMINI, painted(Dialect.GEMINI, "Look:"));
        assertThat(responses.at("/output/1/type").asText()).isEqualTo("image_generation_call");
        assertThat(responses.at("/output/1/result").asText()).isEqualTo("AAAA");
        assertThat(responses.at("/output/1/output_format").asText()).isEqualTo("png");
        var gemini =
                answer(Dialect.GEMINI, Dialect.OPENAI_CHAT, painted(Dialect.OPENAI_CHAT, "Look:"));
        var data = gemini.at("/candidates/0/content/parts/1/inlineData");
        assertThat(data.path("mimeType").asText()).isEqualTo("image/png");
        assertThat(data.path("data").asText()).isEqualTo("AAAA");
    }

    @Test
    void thatIsNoBase64IsNamedToClientsThatWouldFailOnIt() {
        for (var bad : List.of("AA..AA", "AAA", "A=AA", "AAAA====")) {
            var painted = painted(Dialect.OPENAI_CHAT, "Look:").replace("AAAA", bad);
            assertThat(answer(Dialect.GEMINI, Dialect.OPENAI_CHAT, painted).toString())
                    .contains("also made a file (image/png)");
        }
    }

    @Test
    void whatIsNoImageIsNamedWhereNoFormCarriesIt() {
        var sound = painted(Dialect.GEMINI, "Listen:").replace("image/png", "audio/wav");
        for (var client : new Dialect[] {Dialect.OPENAI_CHAT, Dialect.OPENAI_RESPONSES}) {
            assertThat(answer(client, Dialect.GEMINI, sound).toString())
                    .contains("also made a file (audio/wav)");
        }
    }

    @Test
    void comesBackToAModelThatTakesIt() {
        var image = "{'type':'image_url','image_url':{'url':'data:image/png;base64,AAAA'}}";
        var request =
                "{'model':'m','messages':[{'role':'user','content':'paint'},"
                        + "{'role':'assistant','content':'Look:','images':["
                        + image
                        + "]},{'role':'user','content':'bluer'}]}";
        var sent = Wire.request(Dialect.OPENAI_CHAT, Dialect.GEMINI, request);
        assertThat(sent.at("/contents/1/parts/1/inlineData/data").asText()).isEqualTo("AAAA");
        assertThat(Wire.outbound(Dialect.OPENAI_CHAT, Dialect.ANTHROPIC, request))
                .isInstanceOfSatisfying(
                        Outbound.Refused.class,
                        refused -> assertThat(refused.message()).contains("messages[].images"));
    }

    @Test
    void besideTextThatAProgramReadsIsAnError() {
        var request =
                "{'model':'m','max_tokens':9,'messages':[{'role':'user','content':'paint'}],"
                        + "'output_config':{'format':{'type':'json_schema','schema':{'type':'object'}}}}";
        var terms = Exchanges.answerTerms(Dialect.ANTHROPIC, json(request));
        var answer = json(painted(Dialect.GEMINI, "{}"));
        assertThat(Wire.bridge(Dialect.ANTHROPIC, Dialect.GEMINI).answer(answer, terms))
                .isEqualTo(new AnswerRead.Unreadable(MadeMedia.ALONE));
        var seen =
                Wire.streamTo(
                        Dialect.ANTHROPIC,
                        request,
                        Dialect.GEMINI,
                        paintedInAStream(Dialect.GEMINI, "{}"));
        assertThat(seen.end()).isInstanceOf(End.Broken.class);
    }

    @Test
    void ofAnItemOfAStreamIsAnErrorAtItsEnd() {
        var seen =
                stream(
                        Dialect.ANTHROPIC,
                        Dialect.OPENAI_RESPONSES,
                        "{'type':'response.output_item.done','output_index':0,'item':{'type':'image_generation_call','result':'A'}}",
                        "{'type':'response.completed','response':{'id':'r','status':'completed','output':[]}}");
        assertThat(seen.end()).isInstanceOf(End.Broken.class);
        assertThat(seen.text()).contains(MadeMedia.ALONE);
    }

    @ParameterizedTest
    @EnumSource(names = {"OPENAI_CHAT", "OPENAI_RESPONSES"})
    void beyondSixMebibytesInAStreamIsNamed(Dialect client) {
        var large = "AAAA".repeat(MEBIBYTE);
        var event = painted(Dialect.GEMINI, "Look:").replace("AAAA", large);
        var seen =
                stream(client, Dialect.GEMINI, event.replace("'finishReason':'STOP',", ""), event);
        assertThat(seen.end()).isInstanceOf(End.Complete.class);
        SdkReader.stream(client, seen.bytes());
        assertThat(seen.text().indexOf(large)).as("the first one").isPositive();
        assertThat(seen.text().indexOf("also made a file")).as("the second one").isPositive();
        assertThat(seen.bytes().length).isLessThan(12 * MEBIBYTE);
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void countsAsOutputThatWasSeenWhetherItIsCarriedOrNamed(Dialect client, Dialect provider) {
        var terms = Exchanges.answerTerms(client, Exchanges.hello(client));
        var bridge = Wire.bridge(client, provider);
        int text = "Look:".length();
        assertThat(bridge.answer(json(painted(provider, "Look:")), terms))
                .isInstanceOfSatisfying(
                        AnswerRead.Read.class,
                        read ->
                                assertThat(read.visibleOutputBytes())
                                        .isEqualTo(text + "AAAA".length()));
        var seen = stream(client, provider, paintedInAStream(provider, "Look:"));
        assertThat(seen.stream().visibleOutputBytes()).isEqualTo(text + "AAAA".length());
    }

    @ParameterizedTest
    @EnumSource(names = {"GEMINI", "OPENAI_RESPONSES", "ANTHROPIC"})
    void atAnAddressOfNoKnownFormIsNamedWithoutIt(Dialect client) {
        for (var url : List.of("data:image/svg+xml,%3Csvg%3E", "data:image/png;base64", "blob:1")) {
            var painted =
                    painted(Dialect.OPENAI_CHAT, "Look:")
                            .replace("data:image/png;base64,AAAA", url);
            assertThat(answer(client, Dialect.OPENAI_CHAT, painted).toString())
                    .contains("also made a file (of a form that nobody knows)")
                    .doesNotContain(url);
            var events = paintedInAStream(Dialect.OPENAI_CHAT, "Look:");
            events[0] = events[0].replace("data:image/png;base64,AAAA", url);
            assertThat(stream(client, Dialect.OPENAI_CHAT, events).text())
                    .contains("also made a file (of a form that nobody knows)")
                    .doesNotContain(url);
        }
    }

    /** Gemini draws sketches while it thinks. */
    @Test
    void ofAThoughtIsNone() {
        var body =
                answer(
                        Dialect.OPENAI_CHAT,
                        Dialect.GEMINI,
                        painted(Dialect.GEMINI, "")
                                .replace("{'inlineData'", "{'thought':true,'inlineData'"));
        assertThat(body.at("/choices/0/message/content").asText()).isEmpty();
    }
}
