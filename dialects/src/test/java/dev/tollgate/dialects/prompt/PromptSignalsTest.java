package dev.tollgate.dialects.prompt;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class PromptSignalsTest {

    private static final String ASK = "Explain why it must be exactly two.";

    /** Single quotes stand for double ones. */
    private static PromptSignals signals(String json) {
        return PromptSignals.of(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    private static PromptSignals said(String text) {
        return signals("{'model':'m','messages':[{'role':'user','content':'" + text + "'}]}");
    }

    @Test
    void countsTheSameInEveryDialect() {
        var bodies =
                List.of(
                        "{'messages':[{'role':'system','content':'Never why.'},{'role':'user','content':'%s'}]}",
                        "{'messages':[{'role':'user','content':[{'type':'text','text':'%s'}]}],'system':'Never why.'}",
                        "{'input':'%s','instructions':'Never why.'}",
                        "{'input':[{'role':'developer','content':'Never why.'},{'role':'user','content':[{'type':'input_text','text':'%s'}]}]}",
                        "{'contents':[{'role':'user','parts':[{'text':'%s'}]}],'systemInstruction':{'parts':[{'text':'Never why.'}]}}",
                        "{'contents':{'parts':{'text':'%s'}},'system_instruction':{'parts':[{'text':'Never why.'}]}}");

        assertThat(bodies.stream().map(body -> signals(body.formatted(ASK))))
                .containsOnly(new PromptSignals(ASK.length(), 1, 0, 0, 0, 2, 2));
    }

    @Test
    void countsWhatTheUserSaidSinceTheLastAnswer() {
        var signals =
                signals(
                        "{'messages':["
                                + "{'role':'user','content':'Prove it and compare.'},"
                                + "{'role':'assistant','content':'Why? Always.'},"
                                + "{'content':'Here is the file.','role':'user'},"
                                + "{'role':'user','content':'Why?'},"
                                + "{'role':'tool','content':'must must must'}]}");

        assertThat(signals).isEqualTo(new PromptSignals(21, 5, 0, 0, 0, 0, 1));
    }

    @Test
    void keepsTheAskWhileToolsAreCalled() {
        var signals =
                signals(
                        "{'messages':[{'role':'user','content':'Why?'},"
                                + "{'role':'assistant','content':[{'type':'tool_use','id':'t','name':'n','input':{'text':'why'}}]},"
                                + "{'role':'user','content':[{'type':'tool_result','tool_use_id':'t','content':'why must'}]}]}");

        assertThat(signals).isEqualTo(new PromptSignals(4, 3, 0, 0, 0, 0, 1));
    }

    @Test
    void readsNoMedia() {
        var signals =
                signals(
                        "{'messages':[{'role':'user','content':["
                                + "{'type':'image_url','image_url':{'url':'data:image/png;base64,why why'}},"
                                + "{'type':'text','text':'What is it?'}]}]}");

        assertThat(signals).isEqualTo(new PromptSignals(11, 1, 0, 0, 0, 0, 0));
    }

    @Test
    void countsToolsOfEveryDialect() {
        assertThat(signals("{'messages':[],'tools':[{'type':'function'},{'name':'b'}]}").tools())
                .isEqualTo(2);
        assertThat(
                        signals(
                                        "{'contents':[],'tools':[{'functionDeclarations':[{'name':'a'},{'name':'b'}]},{'google_search':{}}]}")
                                .tools())
                .isEqualTo(3);
        assertThat(signals("{'messages':[],'functions':[{'name':'a'}]}").tools()).isEqualTo(1);
    }

    @Test
    void countsCode() {
        var signals =
                said(
                        "Look:\\n```java\\nclass A {\\n  int a;  \\n}\\n```\\nand\\n```py\\ndef f(x):\\n  return x\\n```");

        assertThat(signals.codeBlocks()).isEqualTo(2);
        assertThat(signals.codeLines()).isEqualTo(4);
    }

    @Test
    void knowsWordsInAnyCaseAndPairs() {
        assertThat(said("WHY, Prove; step-by-step. The root  cause").reasoning()).isEqualTo(4);
        assertThat(said("At most 3, at least 1, do not guess").constraints()).isEqualTo(3);
        assertThat(said("whyever approve planet at. Most muster jsonp").reasoning()).isZero();
        assertThat(said("whyever approve planet at. Most muster jsonp").constraints()).isZero();
    }

    @Test
    void countsTheSameHoweverTheJsonIsEscaped() {
        var plain = said("Erkläre – why? 😀 must;");
        var escaped = said("Erkl\\u00e4re \\u2013 w\\u0068y? \\ud83d\\ude00 m\\u0075st;");

        assertThat(escaped).isEqualTo(plain);
        assertThat(plain.askBytes())
                .isEqualTo("Erkläre – why? 😀 must;".getBytes(StandardCharsets.UTF_8).length);
        assertThat(plain.codeLines()).isEqualTo(1);
    }

    @Test
    void findsNothingWhereNoMessagesAre() {
        assertThat(signals("{'model':'m','prompt':'why'}")).isEqualTo(PromptSignals.NONE);
        assertThat(signals("{'messages':null,'input':[7],'contents':{},'tools':'why'}").reasoning())
                .isZero();
    }
}
