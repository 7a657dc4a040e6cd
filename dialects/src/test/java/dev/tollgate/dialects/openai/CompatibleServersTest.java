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
        "ERROR_TOXIC,CONTENT_FILTER" // Cohere
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
