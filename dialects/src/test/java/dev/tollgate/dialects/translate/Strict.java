package dev.tollgate.dialects.translate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.AnswerStream.End;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Bridge.AnswerRead;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.conversation.FinishReason;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * One answer of a provider, what it says, and a client of every dialect that reads it with its
 * official SDK: text, thoughts, calls, finish and usage must be those of the provider; a client of
 * the provider's own dialect gets the provider's bytes.
 *
 * @param calls name and arguments of each
 */
record Strict(
        Dialect provider,
        String text,
        String thought,
        List<String> calls,
        FinishReason finish,
        long input,
        long output) {

    static Strict of(Dialect provider, String text, FinishReason finish, long in, long out) {
        return new Strict(provider, text, "", List.of(), finish, in, out);
    }

    Strict thinking(String words) {
        return new Strict(provider, text, words, calls, finish, input, output);
    }

    /** Single quotes stand for double ones. */
    Strict calling(String... each) {
        var all = new ArrayList<String>();
        for (var call : each) {
            all.add(call.replace('\'', '"'));
        }
        return new Strict(provider, text, thought, all, finish, input, output);
    }

    void answer(String body) {
        var bytes = Wire.json(body);
        for (var client : Dialect.values()) {
            var bridge = Bridge.between(client, provider, Operation.GENERATE);
            assertThat(bridge).isNotNull();
            var read = bridge.answer(bytes, Exchanges.answerTerms(client, asking(client)));
            assertThat(read).as(client + " reads").isInstanceOf(AnswerRead.Read.class);
            var answer = (AnswerRead.Read) read;
            if (client == provider) {
                assertThat(answer.body()).as("bytes of " + client).isEqualTo(bytes);
                continue;
            }
            var json = text(answer.body());
            assertThat(SdkReader.answer(client, answer.body()).withoutNote())
                    .as(json)
                    .isEqualTo(seen(client));
            assertThat(thoughts(client, List.of(Wire.tree(answer.body()))))
                    .as(json)
                    .isEqualTo(thought);
        }
    }

    /** Each event is one JSON text, or a line that begins with {@code event:} or a colon. */
    void stream(String... events) {
        var wire = new StringBuilder();
        for (var event : events) {
            wire.append(event.startsWith(":") || event.startsWith("event:") ? "" : "data: ");
            wire.append(event).append(event.startsWith("event:") ? "\n" : "\n\n");
        }
        var bytes = Wire.json(wire.toString());
        for (var client : Dialect.values()) {
            var bridge = Bridge.between(client, provider, Operation.GENERATE);
            assertThat(bridge).isNotNull();
            var terms = Exchanges.answerTerms(client, asking(client));
            var streamed = Exchanges.stream(bridge, terms, bytes, 11);
            assertThat(streamed.end()).as(streamed.text()).isInstanceOf(End.Complete.class);
            if (client == provider) {
                assertThat(streamed.text()).as("bytes of " + client).isEqualTo(text(bytes));
                continue;
            }
            if (client == Dialect.GEMINI) {
                asArray(bridge, bytes, Wire.events(streamed));
            }
            assertThat(callIds(client, Wire.events(streamed))).doesNotHaveDuplicates();
            assertThat(SdkReader.stream(client, streamed.bytes()).withoutNote())
                    .as(streamed.text())
                    .isEqualTo(seen(client));
            assertThat(thoughts(client, Wire.events(streamed)))
                    .as(streamed.text())
                    .isEqualTo(thought);
        }
    }

    /** A client of Gemini that asks for no events gets the same chunks as one array. */
    private static void asArray(Bridge bridge, byte[] bytes, List<JsonNode> events) {
        var sse = Exchanges.answerTerms(Dialect.GEMINI, asking(Dialect.GEMINI));
        var terms =
                new Bridge.AnswerTerms(
                        sse.scan(),
                        sse.clientBody(),
                        sse.model(),
                        false,
                        sse.id(),
                        sse.createdSeconds());
        var array = Wire.tree(Exchanges.stream(bridge, terms, bytes, 11).bytes());
        assertThat(array).containsExactlyElementsOf(events);
    }

    /** Each is announced once. */
    private static List<String> callIds(Dialect client, List<JsonNode> events) {
        var ids = new ArrayList<String>();
        for (var event : events) {
            switch (client) {
                case OPENAI_CHAT -> {
                    for (var call : event.findValues("tool_calls")) {
                        call.findValues("id").forEach(id -> ids.add(id.asText()));
                    }
                }
                case ANTHROPIC -> {
                    if (event.path("content_block").path("type").asText().equals("tool_use")) {
                        ids.add(event.path("content_block").path("id").asText());
                    }
                }
                case GEMINI ->
                        event.findValues("functionCall")
                                .forEach(call -> ids.add(call.path("id").asText()));
                case OPENAI_RESPONSES -> {
                    if (event.path("type").asText().equals("response.output_item.added")) {
                        ids.add(event.path("item").path("id").asText());
                    }
                }
            }
        }
        assertThat(ids).doesNotContain("");
        return ids;
    }

    private SdkReader.Seen seen(Dialect client) {
        var word =
                switch (client) {
                    case OPENAI_CHAT ->
                            switch (finish) {
                                case STOP, STOP_SEQUENCE, PAUSE -> "stop";
                                case TOOL_CALLS -> "tool_calls";
                                case LENGTH -> "length";
                                case CONTENT_FILTER -> "content_filter";
                            };
                    case ANTHROPIC ->
                            switch (finish) {
                                case STOP -> "end_turn";
                                case STOP_SEQUENCE -> "stop_sequence";
                                case PAUSE -> "pause_turn";
                                case TOOL_CALLS -> "tool_use";
                                case LENGTH -> "max_tokens";
                                case CONTENT_FILTER -> "refusal";
                            };
                    case GEMINI ->
                            switch (finish) {
                                case STOP, STOP_SEQUENCE, PAUSE, TOOL_CALLS -> "STOP";
                                case LENGTH -> "MAX_TOKENS";
                                case CONTENT_FILTER -> "SAFETY";
                            };
                    case OPENAI_RESPONSES ->
                            switch (finish) {
                                case STOP, STOP_SEQUENCE, PAUSE, TOOL_CALLS -> "completed";
                                case LENGTH, CONTENT_FILTER -> "incomplete";
                            };
                };
        return new SdkReader.Seen(text, calls, word, input, output);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** A request of a client that wants to see thoughts. */
    private static byte[] asking(Dialect client) {
        return Wire.json(
                switch (client) {
                    case OPENAI_CHAT ->
                            "{'model':'m','messages':[{'role':'user','content':'Hello'}]}";
                    case ANTHROPIC ->
                            "{'model':'m','max_tokens':9000,'thinking':{'type':'enabled','budget_tokens':2000},"
                                    + "'messages':[{'role':'user','content':'Hello'}]}";
                    case GEMINI -> "{'contents':[{'role':'user','parts':[{'text':'Hello'}]}]}";
                    case OPENAI_RESPONSES ->
                            "{'model':'m','input':'Hello','include':['reasoning.encrypted_content']}";
                });
    }

    private static String thoughts(Dialect client, List<JsonNode> events) {
        var all = new StringBuilder();
        for (var event : events) {
            switch (client) {
                case OPENAI_CHAT ->
                        event.findValues("reasoning_content").forEach(n -> all.append(n.asText()));
                case ANTHROPIC -> {
                    all.append(event.path("delta").path("thinking").asText(""));
                    event.path("content").forEach(n -> all.append(n.path("thinking").asText("")));
                }
                case GEMINI -> {
                    for (var part :
                            event.path("candidates").path(0).path("content").path("parts")) {
                        all.append(
                                part.path("thought").asBoolean() ? part.path("text").asText() : "");
                    }
                }
                case OPENAI_RESPONSES -> {
                    if (event.path("type")
                            .asText()
                            .equals("response.reasoning_summary_text.delta")) {
                        all.append(event.path("delta").asText());
                    }
                    for (var item : event.path("output")) {
                        item.path("summary").forEach(n -> all.append(n.path("text").asText()));
                    }
                }
            }
        }
        return all.toString();
    }
}
