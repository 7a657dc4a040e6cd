package dev.tollgate.dialects.translate;

import static dev.tollgate.dialects.translate.Wire.answer;
import static dev.tollgate.dialects.translate.Wire.json;
import static dev.tollgate.dialects.translate.Wire.stream;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dialects.AnswerStream.End;
import dev.tollgate.dialects.Bridge.AnswerRead;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.codec.MadeMedia;
import java.util.EnumSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a model painted is never lost in silence. */
class MadeMediaTest {
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
    void besideTextIsLeftOut(Dialect client, Dialect provider) {
        var body = answer(client, provider, painted(provider, "Look:"));
        SdkReader.answer(client, Exchanges.bytes(body));
        assertThat(body.toString()).contains("Look:").doesNotContain("AAAA");
        var seen = stream(client, provider, paintedInAStream(provider, "Look:"));
        SdkReader.stream(client, seen.bytes());
        assertThat(seen.end()).isInstanceOf(End.Complete.class);
        assertThat(seen.text()).contains("Look:").doesNotContain("AAAA");
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void aloneIsAnError(Dialect client, Dialect provider) {
        var terms = Exchanges.answerTerms(client, Exchanges.hello(client));
        assertThat(Wire.bridge(client, provider).answer(json(painted(provider, "")), terms))
                .isEqualTo(new AnswerRead.Unreadable(MadeMedia.ALONE));
        var seen = stream(client, provider, paintedInAStream(provider, ""));
        assertThat(seen.end()).isInstanceOf(End.Broken.class);
        assertThat(seen.text()).contains(MadeMedia.ALONE);
    }

    @Test
    void ofAnItemOfAStreamIsAnErrorAtItsEnd() {
        var seen =
                stream(
                        Dialect.OPENAI_CHAT,
                        Dialect.OPENAI_RESPONSES,
                        "{'type':'response.output_item.done','output_index':0,'item':{'type':'image_generation_call','result':'A'}}",
                        "{'type':'response.completed','response':{'id':'r','status':'completed','output':[]}}");
        assertThat(seen.end()).isInstanceOf(End.Broken.class);
        assertThat(seen.text()).contains(MadeMedia.ALONE);
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
