package dev.tollgate.dialects.translate;

import static dev.tollgate.dialects.translate.Wire.answerTo;
import static dev.tollgate.dialects.translate.Wire.ofType;
import static dev.tollgate.dialects.translate.Wire.request;
import static dev.tollgate.dialects.translate.Wire.streamTo;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.Dialect;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Namespaces of tools, as Codex makes one of each server of MCP, in dialects that have none. */
class NamespacesTest {
    private static final Dialect RESPONSES = Dialect.OPENAI_RESPONSES;
    private static final Dialect CHAT = Dialect.OPENAI_CHAT;
    private static final Dialect MESSAGES = Dialect.ANTHROPIC;

    private static final String TOOLS =
            """
            [{'type':'namespace','name':'jira','tools':[{'type':'function','name':'search'},{'type':'function','name':'close'}]},
             {'type':'function','name':'search','description':'own'},
             {'type':'namespace','name':'wiki','tools':[{'type':'function','name':'search'},{'type':'custom','name':'edit'}]}]""";
    private static final String ASKED =
            "{'model':'m','tools':" + TOOLS + ",'input':[{'role':'user','content':'x'}]}";

    /** The same tools, told of within the input. */
    private static final String ADDED =
            "{'model':'m','input':[{'role':'user','content':'x'},{'type':'additional_tools','tools':"
                    + TOOLS
                    + "}]}";

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "OPENAI_RESPONSES")
    void onlyNamesThatAreSharedAreChanged(Dialect provider) {
        for (var asked : List.of(ASKED, ADDED)) {
            assertThat(sent(provider, asked))
                    .containsExactly("jira__search", "close", "search", "wiki__search", "edit");
        }
    }

    @Test
    void aLongNameIsFittedAndStillItsOwn() {
        var space = "a".repeat(60);
        var asked =
                """
                {'model':'m','input':'x','tools':[
                 {'type':'namespace','name':'%s','tools':[{'type':'function','name':'search'}]},
                 {'type':'namespace','name':'%sb','tools':[{'type':'function','name':'search'}]},
                 {'type':'namespace','name':'x','tools':[{'type':'function','name':'y'}]},
                 {'type':'namespace','name':'z','tools':[{'type':'function','name':'y'}]},
                 {'type':'function','name':'x__y'}]}"""
                        .formatted(space, space);
        var names = sent(CHAT, asked);
        assertThat(names).hasSize(5).doesNotHaveDuplicates().contains("x__y", "z__y");
        assertThat(names).allMatch(name -> name.matches("[a-zA-Z0-9_-]{1,64}"));
        for (var name : names) {
            var item = called(asked, name);
            assertThat(item.path("name").asText()).isIn("search", "y", "x__y");
            assertThat(item.has("namespace")).isEqualTo(!name.equals("x__y"));
        }
    }

    @Test
    void aToolThatIsDeclaredAgainIsSentOnceAsItWasDeclaredLast() {
        var asked =
                """
                {'model':'m','tools':[{'type':'namespace','name':'jira','tools':[{'type':'function','name':'search','description':'old'}]}],
                 'input':[{'role':'user','content':'x'},
                  {'type':'additional_tools','tools':[{'type':'namespace','name':'jira','tools':[{'type':'function','name':'search','description':'new'}]}]}]}""";
        var tools = request(RESPONSES, MESSAGES, asked).path("tools");
        assertThat(tools).hasSize(1);
        assertThat(tools.path(0).path("name").asText()).isEqualTo("search");
        assertThat(tools.path(0).path("description").asText()).isEqualTo("new");
    }

    @Test
    void callsOfTheHistoryAndChoicesNameTheToolThatIsMeant() {
        var asked =
                """
                {'model':'m','tools':%s,
                 'tool_choice':{'type':'allowed_tools','mode':'auto','tools':[{'type':'function','name':'search','namespace':'wiki'},{'type':'function','name':'search'}]},
                 'input':[{'role':'user','content':'x'},
                  {'type':'function_call','call_id':'c1','name':'search','namespace':'wiki','arguments':'{}'},
                  {'type':'function_call_output','call_id':'c1','output':'a'},
                  {'type':'function_call','call_id':'c2','name':'search','arguments':'{}'},
                  {'type':'function_call_output','call_id':'c2','output':'b'},
                  {'type':'function_call','call_id':'c3','name':'close','namespace':'jira','arguments':'{}'},
                  {'type':'function_call_output','call_id':'c3','output':'c'},
                  {'type':'function_call','call_id':'c4','name':'search','namespace':'gone','arguments':'{}'},
                  {'type':'function_call_output','call_id':'c4','output':'d'}]}"""
                        .formatted(TOOLS);
        var body = request(RESPONSES, CHAT, asked);
        assertThat(body.findValuesAsText("name"))
                .containsSubsequence("wiki__search", "search", "close", "gone__search");
        assertThat(body.path("tool_choice").findValuesAsText("name"))
                .containsExactly("wiki__search", "search");
        var gemini = request(RESPONSES, Dialect.GEMINI, asked);
        assertThat(gemini.findValues("functionResponse"))
                .extracting(each -> each.path("name").asText())
                .containsExactly("wiki__search", "search", "close", "gone__search");
    }

    @Test
    void anAnswersCallHasItsNamespaceBack() {
        for (var asked : List.of(ASKED, ADDED)) {
            isOf(called(asked, "jira__search"), "jira", "search");
            isOf(called(asked, "wiki__search"), "wiki", "search");
            isOf(called(asked, "close"), "jira", "close");
            isOf(called(asked, "search"), "", "search");
        }
    }

    @Test
    void aStreamsCallHasItsNamespaceBack() {
        for (var asked : List.of(ASKED, ADDED)) {
            var seen =
                    streamTo(
                            RESPONSES,
                            asked,
                            CHAT,
                            Wire.call(0, "c1", "wiki__search", "{}"),
                            Wire.call(1, "c2", "search", "{}"),
                            Wire.call(2, "c3", "edit", "{\\'input\\':\\'y\\'}"),
                            Wire.CHAT_END);
            var items =
                    ofType(seen, "response.output_item.done").stream()
                            .map(event -> event.path("item"))
                            .toList();
            isOf(items.get(0), "wiki", "search");
            isOf(items.get(1), "", "search");
            isOf(items.get(2), "wiki", "edit");
            assertThat(items.get(2).path("type").asText()).isEqualTo("custom_tool_call");
            assertThat(ofType(seen, "response.function_call_arguments.done"))
                    .extracting(event -> event.path("name").asText())
                    .containsExactly("search", "search");
            var added = ofType(seen, "response.output_item.added").getFirst().path("item");
            isOf(added, "wiki", "search");
        }
    }

    private static void isOf(JsonNode item, String namespace, String name) {
        assertThat(item.path("name").asText()).isEqualTo(name);
        assertThat(item.path("namespace").asText()).isEqualTo(namespace);
    }

    private static List<String> sent(Dialect provider, String asked) {
        return request(RESPONSES, provider, asked).path("tools").findValuesAsText("name");
    }

    /** The item of the client's answer when the provider's model calls this tool. */
    private static JsonNode called(String asked, String tool) {
        var answer =
                answerTo(
                        RESPONSES,
                        asked,
                        CHAT,
                        """
                        {'id':'c','model':'m','choices':[{'index':0,'finish_reason':'tool_calls','message':{'role':'assistant','content':null,
                         'tool_calls':[{'id':'c1','type':'function','function':{'name':'%s','arguments':'{}'}}]}}]}"""
                                .formatted(tool));
        return StreamSupport.stream(answer.path("output").spliterator(), false)
                .filter(item -> item.path("type").asText().endsWith("_call"))
                .findFirst()
                .orElseThrow();
    }
}
