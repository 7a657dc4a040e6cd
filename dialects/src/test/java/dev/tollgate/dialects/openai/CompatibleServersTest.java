package dev.tollgate.dialects.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Corpus;
import dev.tollgate.dialects.codec.Reading;
import dev.tollgate.dialects.conversation.Answer;
import dev.tollgate.dialects.conversation.AnswerEvent;
import dev.tollgate.dialects.conversation.Citation;
import dev.tollgate.dialects.conversation.FinishReason;
import dev.tollgate.dialects.conversation.Part;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers as servers other than OpenAI's give them. */
class CompatibleServersTest {

    @ParameterizedTest
    @CsvSource({
        "stop,STOP", // all
        "eos,STOP", // Together
        "COMPLETE,STOP", // Cohere
        "length,LENGTH",
        "model_length,LENGTH", // Mistral
        "MAX_TOKENS,LENGTH", // Cohere
        "tool_calls,TOOL_CALLS",
        "function_call,TOOL_CALLS", // Together
        "content_filter,CONTENT_FILTER",
        "ERROR_TOXIC,CONTENT_FILTER", // Cohere
        "SAFETY,CONTENT_FILTER",
        "RECITATION,CONTENT_FILTER",
        "PROHIBITED_CONTENT,CONTENT_FILTER",
        "BLOCKLIST,CONTENT_FILTER",
        "SPII,CONTENT_FILTER",
        "content_filter: RECITATION,CONTENT_FILTER", // Google's compatible endpoint
        "content_filter: ANYTHING,CONTENT_FILTER",
        "function_call_filter: MALFORMED_FUNCTION_CALL,STOP" // behind some text
    })
    void finishReasonsOfAllServersAreKnown(String word, FinishReason reason) throws IOException {
        var answer =
                answer(
                        """
                        {"choices":[{"message":{"content":"a"},"finish_reason":"%s"}]}"""
                                .formatted(word));
        assertEquals(reason, answer.finish());
        assertEquals(word, answer.finishWord());
    }

    /** OpenRouter and Mistral, vLLM, DeepSeek: the text so far is no answer. */
    @ParameterizedTest
    @ValueSource(strings = {"error", "abort", "insufficient_system_resource"})
    void whatTheServerBrokeOffIsNoCleanStop(String word) throws IOException {
        var plain =
                """
                {"choices":[{"message":{"content":"a"},"finish_reason":"%s"}]}"""
                        .formatted(word);
        assertInstanceOf(Reading.Unreadable.class, ChatAnswerReader.read(tree(plain), "seed"));
        var events =
                events(
                        """
                        {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"%s"}]}"""
                                .formatted(word));
        assertInstanceOf(AnswerEvent.Failed.class, events.getLast());
    }

    /** Google's compatible endpoint. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "function_call_filter: MALFORMED_FUNCTION_CALL",
                "function_call_filter: UNEXPECTED_TOOL_CALL",
                "MALFORMED_FUNCTION_CALL"
            })
    void aCallThatTheServerCouldNotReadIsNoEmptyAnswer(String word) throws IOException {
        for (var message : List.of(",\"message\":{\"role\":\"assistant\",\"content\":null}", "")) {
            var plain = "{\"choices\":[{\"finish_reason\":\"%s\"%s}]}".formatted(word, message);
            var read = ChatAnswerReader.read(tree(plain), "seed");
            var why = assertInstanceOf(Reading.Unreadable.class, read).message();
            assertTrue(why.endsWith(word), why);
        }
        var events =
                events(
                        """
                        {"choices":[{"index":0,"delta":{"role":"assistant"},"finish_reason":"%s"}]}"""
                                .formatted(word));
        assertInstanceOf(AnswerEvent.Failed.class, events.getLast());
        var spoken =
                events(
                        """
                        {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"%s"}]}"""
                                .formatted(word));
        assertEquals(new AnswerEvent.Finished(FinishReason.STOP, word, null), spoken.getLast());
    }

    /** Google's compatible endpoint leaves out the message. */
    @Test
    void whatWasFilteredWholeIsAnAnswerThatSaysSo() throws IOException {
        var answer =
                answer(
                        """
                        {"choices":[{"finish_reason":"content_filter: PROHIBITED_CONTENT","index":0}]}""");
        assertEquals(FinishReason.CONTENT_FILTER, answer.finish());
        assertTrue(answer.parts().isEmpty());
        for (var finish : List.of("", ",\"finish_reason\":\"stop\"", ",\"finish_reason\":\"\"")) {
            var nothing = "{\"choices\":[{\"index\":0%s}]}".formatted(finish);
            assertInstanceOf(
                    Reading.Unreadable.class, ChatAnswerReader.read(tree(nothing), "seed"));
        }
    }

    /** Some servers number each call 0, or none, and give it no id. */
    @ParameterizedTest
    @ValueSource(strings = {"\"index\":0,", ""})
    void callsWithoutIdsAreToldApartByTheirNames(String index) throws IOException {
        var events =
                events(
                        call(index, "f", "{\\\"a\\\":\\\"}"),
                        call(index, "f", "\\\\\\\"{\\\"}"),
                        call(index, "f", ""),
                        call(index, "f", "{\\\"a\\\":2}"),
                        call(index, "g", "{}"),
                        call(index, "", "\\n"),
                        """
                        {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}""");
        assertEquals(
                List.of("0 f", "1 f", "2 g"),
                events.stream()
                        .filter(AnswerEvent.ToolCallStart.class::isInstance)
                        .map(AnswerEvent.ToolCallStart.class::cast)
                        .map(start -> start.call() + " " + start.name())
                        .toList());
        assertEquals(
                List.of("0 {\"a\":\"}\\\"{\"}", "1 {\"a\":2}", "2 {}"),
                arguments(events).entrySet().stream()
                        .map(each -> each.getKey() + " " + each.getValue().strip())
                        .toList());
        assertEquals(
                List.of(0, 1, 2),
                events.stream()
                        .filter(AnswerEvent.ToolCallEnd.class::isInstance)
                        .map(event -> ((AnswerEvent.ToolCallEnd) event).call())
                        .toList());
    }

    @Test
    void aNameThatComesBehindItsArgumentsBeginsNoOtherCall() throws IOException {
        var events =
                events(
                        call("\"id\":\"c1\",", "", "{\\\"a\\\":1}"),
                        call("", "f", ""),
                        """
                        {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}""");
        assertEquals(
                List.of(new AnswerEvent.ToolCallStart(0, "c1", "f", false, null)),
                events.stream().filter(AnswerEvent.ToolCallStart.class::isInstance).toList());
        assertEquals(Map.of(0, "{\"a\":1}"), arguments(events));
    }

    @Test
    void callsBehindAFinishReasonHaveNumbersAndEndsOfTheirOwn() throws IOException {
        var finish =
                """
                {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}""";
        var events = new ArrayList<AnswerEvent>();
        var reader = new ChatStreamReader("seed");
        for (var chunk : List.of(call("", "f", "{}"), finish, call("", "f", "{}"), finish)) {
            reader.event(null, tree(chunk), events::add);
        }
        reader.end(events::add);
        var starts =
                events.stream()
                        .filter(AnswerEvent.ToolCallStart.class::isInstance)
                        .map(AnswerEvent.ToolCallStart.class::cast)
                        .toList();
        assertEquals(2, starts.size());
        assertEquals(1, starts.get(1).call());
        assertEquals(2, starts.stream().map(AnswerEvent.ToolCallStart::id).distinct().count());
        assertEquals(
                List.of(new AnswerEvent.ToolCallEnd(1), new AnswerEvent.Done()),
                events.subList(events.size() - 2, events.size()));
    }

    private static String call(String index, String name, String arguments) {
        return """
               {"choices":[{"index":0,"delta":{"tool_calls":[{%s"function":{"name":"%s","arguments":"%s"}}]}}]}"""
                .formatted(index, name, arguments);
    }

    private static Map<Integer, String> arguments(List<AnswerEvent> events) {
        var all = new TreeMap<Integer, String>();
        for (var event : events) {
            if (event instanceof AnswerEvent.ToolCallDelta(int call, var piece)) {
                all.merge(call, piece, String::concat);
            }
        }
        return all;
    }

    /** GenieX never writes another finish reason. */
    @Test
    void anEndMarkBehindAnAnswerWhoseFinishReasonsAreAllEmptyIsItsEnd() throws IOException {
        var said =
                """
                {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":""}]}""";
        var events = new ArrayList<AnswerEvent>();
        var reader = new ChatStreamReader("seed");
        reader.event(null, tree(said), events::add);
        reader.endMark(events::add);
        assertEquals(
                List.of(
                        new AnswerEvent.Finished(FinishReason.STOP, "stop", null),
                        new AnswerEvent.Done()),
                events.subList(2, 4));
        var cut = new ArrayList<AnswerEvent>();
        var broken = new ChatStreamReader("seed");
        broken.event(null, tree(said), cut::add);
        broken.end(cut::add);
        assertEquals(2, cut.size(), cut.toString());
        var silent = new ArrayList<AnswerEvent>();
        var empty = new ChatStreamReader("seed");
        empty.event(null, tree(said.replace("\"x\"", "\"\"")), silent::add);
        empty.endMark(silent::add);
        assertEquals(1, silent.size(), silent.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"reasoning_content", "reasoning"})
    void reasoningIsFoundUnderEitherName(String name) throws IOException {
        var answer =
                answer(
                        """
                        {"choices":[{"message":{"%s":"hm","content":"a"},"finish_reason":"stop"}]}"""
                                .formatted(name));
        assertEquals(new Part.Reasoning("hm", null, false), answer.parts().getFirst());
        var events =
                events(
                        """
                        {"choices":[{"index":0,"delta":{"%s":"hm"}}]}"""
                                .formatted(name));
        assertTrue(events.contains(new AnswerEvent.ReasoningDelta("hm")));
    }

    @Test
    void marksInTheTextBecomeCitationsOfTheSearchResults() throws IOException {
        var answer =
                answer(
                        """
                        {"search_results":[{"title":"One","url":"https://one.example"},{"title":"Two","url":"https://two.example"}],
                         "choices":[{"message":{"content":"So[2] it is[1][9] [x] [3"},"finish_reason":"stop"}]}""");
        var text = (Part.Text) answer.parts().getFirst();
        assertEquals(
                List.of(
                        new Citation("https://two.example", "Two", 2, 5),
                        new Citation("https://one.example", "One", 11, 14)),
                text.citations());
    }

    @Test
    void marksWithoutAListAreText() throws IOException {
        var answer =
                answer(
                        """
                        {"choices":[{"message":{"content":"a[1]"},"finish_reason":"stop"}]}""");
        assertTrue(((Part.Text) answer.parts().getFirst()).citations().isEmpty());
    }

    @Test
    void aStreamsMarksAreCitedBeforeItsEndWhereverItIsCut() throws IOException {
        var events =
                events(
                        """
                        {"citations":["https://one.example"],"choices":[{"index":0,"delta":{"content":"So ["}}]}""",
                        """
                        {"citations":["https://one.example"],"choices":[{"index":0,"delta":{"content":"1"}}]}""",
                        """
                        {"citations":["https://one.example"],"choices":[{"index":0,"delta":{"content":"]."},"finish_reason":"stop"}]}""");
        var cited = new AnswerEvent.Cited(new Citation("https://one.example", null, 3, 6));
        assertTrue(events.contains(cited));
        assertTrue(
                events.indexOf(cited)
                        < events.indexOf(
                                new AnswerEvent.Finished(FinishReason.STOP, "stop", null)));
    }

    @Test
    void annotationsOfAStreamAreCitations() throws IOException {
        var events =
                events(
                        """
                        {"choices":[{"index":0,"delta":{"content":"a","annotations":[{"type":"url_citation","url_citation":{"url":"https://one.example","title":"One","start_index":0,"end_index":1}}]}}]}""");
        assertTrue(
                events.contains(
                        new AnswerEvent.Cited(new Citation("https://one.example", "One", 0, 1))));
    }

    private static Answer answer(String json) throws IOException {
        return assertInstanceOf(Reading.Read.class, ChatAnswerReader.read(tree(json), "seed"))
                .answer();
    }

    private static List<AnswerEvent> events(String... chunks) throws IOException {
        var events = new ArrayList<AnswerEvent>();
        var reader = new ChatStreamReader("seed");
        for (var chunk : chunks) {
            reader.event(null, tree(chunk), events::add);
        }
        return events;
    }

    private static ObjectNode tree(String json) throws IOException {
        return (ObjectNode) Corpus.JSON.readTree(json);
    }
}
