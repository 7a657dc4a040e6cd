package dev.tollgate.dialects.translate;

import static dev.tollgate.dialects.translate.Wire.CHAT_END;
import static dev.tollgate.dialects.translate.Wire.answer;
import static dev.tollgate.dialects.translate.Wire.chunk;
import static dev.tollgate.dialects.translate.Wire.events;
import static dev.tollgate.dialects.translate.Wire.stream;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.Dialect;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Sources of an answer reach clients whose dialect has a place for them. */
class SourcesTest {
    private static final Dialect CHAT = Dialect.OPENAI_CHAT;
    private static final Dialect RESPONSES = Dialect.OPENAI_RESPONSES;
    private static final Dialect GEMINI = Dialect.GEMINI;

    /** The segment is "Grün", 5 bytes behind a euro sign of 3 and a space. */
    private static final String GROUNDING =
            "'groundingMetadata':{'groundingChunks':[{'web':{'uri':'https://a','title':'A'}},"
                    + "{'web':{'uri':'https://b'}}],'groundingSupports':[{'segment':{'startIndex':4,'endIndex':9,"
                    + "'text':'Grün'},'groundingChunkIndices':[1]}]}";

    private static final String GROUNDED =
            "{'candidates':[{'content':{'parts':[{'text':'€ Grün.'}]},'finishReason':'STOP',"
                    + GROUNDING
                    + "}]}";

    @Test
    void ofGeminiAreAnnotationsWhosePlacesCountCharacters() {
        var message = answer(CHAT, GEMINI, GROUNDED).path("choices").path(0).path("message");
        assertThat(message.path("annotations"))
                .hasToString(
                        "[{\"type\":\"url_citation\",\"url_citation\":{\"start_index\":2,\"end_index\":6,"
                                + "\"title\":\"https://b\",\"url\":\"https://b\"}}]");
    }

    /** A segment names no part where it is the first, and also where a thought is. */
    @Test
    void ofGeminiAreOfTheAnswerBehindAThought() {
        for (var thought : new String[] {"{'text':'Hm.','thought':true}", "{'functionCall':{}}"}) {
            var body =
                    answer(
                            RESPONSES,
                            GEMINI,
                            GROUNDED.replace("[{'text'", "[" + thought + ",{'text'"));
            assertThat(cited(body)).containsExactly("€ Grün. 2 6");
        }
    }

    @Test
    void ofGeminiAreOfTheTextThatTheyCite() {
        var parts = "[{'text':'Hm.','thought':true},{'text':'€ Blau.'},{'text':'€ Grün.'}]";
        var several = GROUNDED.replace("[{'text':'€ Grün.'}]", parts);
        var seen = answer(Dialect.ANTHROPIC, GEMINI, several).path("content");
        assertThat(seen.findValuesAsText("text")).containsExactly("€ Blau.", "€ Grün.");
        assertThat(seen.findParents("citations"))
                .filteredOn(block -> !block.path("citations").isEmpty())
                .extracting(block -> block.path("text").asText())
                .containsExactly("€ Grün.");
        var none = several.replace("'text':'Grün'", "'text':'Rot'");
        assertThat(answer(Dialect.ANTHROPIC, GEMINI, none).path("content").findParents("citations"))
                .filteredOn(block -> !block.path("citations").isEmpty())
                .extracting(block -> block.path("text").asText())
                .containsExactly("€ Blau.");
        var named = several.replace("'segment':{", "'segment':{'partIndex':1,");
        assertThat(
                        answer(Dialect.ANTHROPIC, GEMINI, named)
                                .path("content")
                                .findParents("citations"))
                .filteredOn(block -> !block.path("citations").isEmpty())
                .extracting(block -> block.path("text").asText())
                .containsExactly("€ Blau.");
    }

    /** Each text of an answer with the places of its sources. */
    private static List<String> cited(JsonNode body) {
        var all = new ArrayList<String>();
        for (var item : body.path("output")) {
            for (var part : item.path("content")) {
                for (var each : part.path("annotations")) {
                    all.add(
                            part.path("text").asText()
                                    + " "
                                    + each.path("start_index").asInt()
                                    + " "
                                    + each.path("end_index").asInt());
                }
            }
        }
        return all;
    }

    @Test
    void ofAGeminiStreamAreAnnotationsOfTheWholeText() {
        var seen =
                stream(
                        RESPONSES,
                        GEMINI,
                        "{'candidates':[{'content':{'parts':[{'text':'€ Gr'}]}}]}",
                        "{'candidates':[{'content':{'parts':[{'text':'ün.'}]},'finishReason':'STOP',"
                                + GROUNDING
                                + "}]}");
        SdkReader.stream(RESPONSES, seen.bytes());
        var annotation =
                Wire.ofType(seen, "response.output_text.annotation.added")
                        .getFirst()
                        .path("annotation");
        assertThat(annotation.path("start_index").asInt()).isEqualTo(2);
        assertThat(annotation.path("end_index").asInt()).isEqualTo(6);
    }

    @Test
    void ofAChatAnswerAreGroundingWhosePlacesCountBytes() {
        var body =
                answer(
                        GEMINI,
                        CHAT,
                        "{'choices':[{'finish_reason':'stop','message':{'role':'assistant','content':'€ Grün.',"
                                + "'annotations':[{'type':'url_citation','url_citation':{'start_index':2,'end_index':6,"
                                + "'title':'B','url':'https://b'}}]}}]}");
        SdkReader.answer(GEMINI, Exchanges.bytes(body));
        assertThat(body.path("candidates").path(0).path("groundingMetadata"))
                .hasToString(
                        "{\"groundingChunks\":[{\"web\":{\"uri\":\"https://b\",\"title\":\"B\"}}],"
                                + "\"groundingSupports\":[{\"segment\":{\"startIndex\":4,\"endIndex\":9,"
                                + "\"text\":\"Grün\"},\"groundingChunkIndices\":[0]}]}");
    }

    @Test
    void ofAChatStreamAreGroundingOfTheLastChunk() {
        var seen =
                stream(
                        GEMINI,
                        CHAT,
                        chunk("{'content':'€ Grün.'}"),
                        chunk(
                                "{'annotations':[{'type':'url_citation','url_citation':{'start_index':2,"
                                        + "'end_index':6,'title':'B','url':'https://b'}}]}"),
                        CHAT_END);
        SdkReader.stream(GEMINI, seen.bytes());
        var support =
                events(seen)
                        .getLast()
                        .path("candidates")
                        .path(0)
                        .path("groundingMetadata")
                        .path("groundingSupports")
                        .path(0);
        assertThat(support.path("segment").path("startIndex").asInt()).isEqualTo(4);
        assertThat(support.path("segment").path("endIndex").asInt()).isEqualTo(9);
    }

    /** Perplexity names its pages beside the answer. */
    @Test
    void besideAnAnswerAreAnnotationsToo() {
        var body =
                answer(
                        RESPONSES,
                        CHAT,
                        "{'choices':[{'finish_reason':'stop','message':{'role':'assistant','content':'x[1]'}}],"
                                + "'citations':['https://a'],'search_results':[{'url':'https://a','title':'A'}]}");
        SdkReader.answer(RESPONSES, Exchanges.bytes(body));
        assertThat(body.path("output").path(0).path("content").path(0).path("annotations"))
                .hasToString(
                        "[{\"type\":\"url_citation\",\"start_index\":1,\"end_index\":4,"
                                + "\"url\":\"https://a\",\"title\":\"A\"}]");
    }

    private static final String PAGE =
            "[{\"type\":\"web_search_result_location\",\"cited_text\":\"\",\"encrypted_index\":\"\","
                    + "\"title\":null,\"url\":\"https://b\"}]";

    @Test
    void ofGeminiAreCitationsOfAnAnthropicClient() {
        var body = answer(Dialect.ANTHROPIC, GEMINI, GROUNDED);
        SdkReader.answer(Dialect.ANTHROPIC, Exchanges.bytes(body));
        assertThat(body.path("content").path(0).path("citations")).hasToString(PAGE);
    }

    @Test
    void ofAGeminiStreamAreCitationsOfAnAnthropicClient() {
        var seen =
                stream(
                        Dialect.ANTHROPIC,
                        GEMINI,
                        "{'candidates':[{'content':{'parts':[{'text':'€ Gr'}]}}]}",
                        GROUNDED.replace("€ Grün.", "ün."));
        SdkReader.stream(Dialect.ANTHROPIC, seen.bytes());
        assertThat(Wire.ofType(seen, "content_block_delta").getLast().path("delta").toString())
                .isEqualTo(
                        "{\"type\":\"citations_delta\",\"citation\":"
                                + PAGE.substring(1, PAGE.length() - 1)
                                + "}");
    }

    /** One page of a text is one citation, however often it is cited. */
    @Test
    void ofAResponsesAnswerAreCitationsOnce() {
        var annotation =
                "{'type':'url_citation','start_index':0,'end_index':1,'title':'A','url':'https://a'}";
        var body =
                answer(
                        Dialect.ANTHROPIC,
                        RESPONSES,
                        "{'id':'r','model':'m','status':'completed','output':[{'type':'message','content':["
                                + "{'type':'output_text','text':'xy','annotations':["
                                + annotation
                                + ","
                                + annotation.replace("'end_index':1", "'end_index':2")
                                + "]}]}]}");
        SdkReader.answer(Dialect.ANTHROPIC, Exchanges.bytes(body));
        assertThat(body.path("content").path(0).path("citations")).hasSize(1);
        assertThat(body.path("content").path(0).path("citations").path(0).path("title").asText())
                .isEqualTo("A");
    }

    @Test
    void ofTextBehindAToolCallWaitForTheirBlock() {
        var seen =
                stream(
                        Dialect.ANTHROPIC,
                        CHAT,
                        Wire.call(0, "i", "f", ""),
                        chunk("{'content':'x'}"),
                        chunk(
                                "{'annotations':[{'type':'url_citation','url_citation':{'start_index':0,"
                                        + "'end_index':1,'title':'B','url':'https://b'}}]}"),
                        CHAT_END);
        SdkReader.stream(Dialect.ANTHROPIC, seen.bytes());
        var last = Wire.ofType(seen, "content_block_delta").getLast();
        assertThat(last.path("index").asInt()).isEqualTo(1);
        assertThat(last.path("delta").path("citation").path("url").asText()).isEqualTo("https://b");
    }
}
