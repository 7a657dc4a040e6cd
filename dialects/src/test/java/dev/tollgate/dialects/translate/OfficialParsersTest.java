package dev.tollgate.dialects.translate;

import static dev.tollgate.dialects.translate.Wire.block;
import static dev.tollgate.dialects.translate.Wire.events;
import static dev.tollgate.dialects.translate.Wire.message;
import static dev.tollgate.dialects.translate.Wire.stream;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.Dialect;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the official parsers of other languages than Java make of a translated answer. */
class OfficialParsersTest {
    private static final Dialect CHAT = Dialect.OPENAI_CHAT;
    private static final Dialect MESSAGES = Dialect.ANTHROPIC;

    private static List<JsonNode> deltasWith(Exchanges.Streamed seen, String member) {
        var found = new ArrayList<JsonNode>();
        for (var event : events(seen)) {
            var delta = event.path("choices").path(0).path("delta");
            if (delta.has(member)) {
                found.add(delta.path(member));
            }
        }
        return found;
    }

    /** Python raises on a second delta of a list without index, JavaScript keeps the last one. */
    @Test
    void signedThoughtsComeOnceAndWithTheTextTheyVouchFor() {
        var seen =
                stream(
                        CHAT,
                        MESSAGES,
                        message(
                                "{'type':'content_block_start','index':0,'content_block':"
                                        + "{'type':'thinking','thinking':'','signature':''}}",
                                "{'type':'content_block_delta','index':0,'delta':"
                                        + "{'type':'thinking_delta','thinking':'a'}}",
                                "{'type':'content_block_delta','index':0,'delta':"
                                        + "{'type':'thinking_delta','thinking':'b'}}",
                                "{'type':'content_block_delta','index':0,'delta':"
                                        + "{'type':'signature_delta','signature':'s1'}}",
                                "{'type':'content_block_stop','index':0}",
                                "{'type':'content_block_start','index':1,'content_block':"
                                        + "{'type':'redacted_thinking','data':'r'}}",
                                "{'type':'content_block_stop','index':1}",
                                block(
                                        2,
                                        "{'type':'text','text':''}",
                                        "{'type':'text_delta','text':'hi'}")));
        var blocks = deltasWith(seen, "thinking_blocks");
        assertThat(blocks).hasSize(1);
        assertThat(blocks.getFirst())
                .hasToString(
                        "[{\"type\":\"thinking\",\"thinking\":\"ab\",\"signature\":\"s1\"},"
                                + "{\"type\":\"redacted_thinking\",\"data\":\"r\"}]");
    }

    @Test
    void sourcesComeOnce() {
        var citation =
                "{'type':'citations_delta','citation':{'type':'web_search_result_location',"
                        + "'url':'https://%s','title':'t','cited_text':'c','encrypted_index':'e'}}";
        var text = "{'type':'text','text':''}";
        var seen =
                stream(
                        CHAT,
                        MESSAGES,
                        message(
                                block(0, text, citation.formatted("a")),
                                block(1, text, citation.formatted("b"))));
        assertThat(deltasWith(seen, "annotations")).hasSize(1);
        assertThat(deltasWith(seen, "annotations").getFirst())
                .extracting(each -> each.path("url_citation").path("url").asText())
                .containsExactly("https://a", "https://b");
    }
}
