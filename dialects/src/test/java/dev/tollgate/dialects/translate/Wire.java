package dev.tollgate.dialects.translate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Bridge.AnswerRead;
import dev.tollgate.dialects.Bridge.Outbound;
import dev.tollgate.dialects.Dialect;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Short hand for requests, answers and streams on their way between dialects. */
final class Wire {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Wire() {}

    /** Single quotes stand for double ones. */
    static byte[] json(String text) {
        return text.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    }

    static Bridge bridge(Dialect client, Dialect provider) {
        var bridge = Translations.between(client, provider);
        assertThat(bridge).isNotNull();
        return bridge;
    }

    static Outbound outbound(Dialect client, Dialect provider, String request) {
        var body = json(request);
        return bridge(client, provider)
                .request(
                        Exchanges.scan(client, body, false),
                        body,
                        Exchanges.requestTerms(provider));
    }

    static JsonNode request(Dialect client, Dialect provider, String request) {
        var out = outbound(client, provider, request);
        assertThat(out).isInstanceOf(Outbound.Ready.class);
        return tree(((Outbound.Ready) out).body());
    }

    static JsonNode tree(byte[] json) {
        try {
            return JSON.readTree(json);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** What the client who asked so sees of a stream of these events. */
    static Exchanges.Streamed streamTo(
            Dialect client, String request, Dialect provider, String... events) {
        var all = new StringBuilder();
        for (var event : events) {
            all.append("data: ").append(event).append("\n\n");
        }
        return Exchanges.stream(
                bridge(client, provider),
                Exchanges.answerTerms(client, json(request)),
                json(all.toString()),
                7);
    }

    /** What the client who asked so sees of an answer. */
    static JsonNode answerTo(Dialect client, String request, Dialect provider, String answer) {
        var read =
                bridge(client, provider)
                        .answer(json(answer), Exchanges.answerTerms(client, json(request)));
        assertThat(read).isInstanceOf(AnswerRead.Read.class);
        return tree(((AnswerRead.Read) read).body());
    }

    /** What the client sees of a stream of these events, and how it ended. */
    static Exchanges.Streamed stream(Dialect client, Dialect provider, String... events) {
        var all = new StringBuilder();
        for (var event : events) {
            all.append(event.startsWith(":") || event.startsWith("event:") ? "" : "data: ");
            all.append(event).append("\n\n");
        }
        return Exchanges.stream(
                bridge(client, provider),
                Exchanges.answerTerms(client, Exchanges.hello(client)),
                json(all.toString()),
                7);
    }

    static List<JsonNode> events(Exchanges.Streamed streamed) {
        var events = new ArrayList<JsonNode>();
        for (var line : streamed.text().split("\n")) {
            if (line.startsWith("data: {")) {
                events.add(tree(line.substring(6).getBytes(StandardCharsets.UTF_8)));
            }
        }
        return events;
    }

    static List<JsonNode> ofType(Exchanges.Streamed streamed, String type) {
        return events(streamed).stream()
                .filter(event -> event.path("type").asText().equals(type))
                .toList();
    }

    static JsonNode answer(Dialect client, Dialect provider, String answer) {
        var read =
                bridge(client, provider)
                        .answer(
                                json(answer),
                                Exchanges.answerTerms(client, Exchanges.hello(client)));
        assertThat(read).isInstanceOf(AnswerRead.Read.class);
        return tree(((AnswerRead.Read) read).body());
    }

    static String chunk(String delta) {
        return "{'id':'c','model':'m','choices':[{'index':0,'delta':" + delta + "}]}";
    }

    static String call(int index, String id, String name, String arguments) {
        return chunk(
                "{'tool_calls':[{'index':%d,'id':'%s','type':'function','function':{'name':'%s','arguments':'%s'}}]}"
                        .formatted(index, id, name, arguments));
    }

    static final String CHAT_END =
            "{'id':'c','model':'m','choices':[{'index':0,'delta':{},'finish_reason':'stop'}]}";

    static final String MESSAGE_START =
            "{'type':'message_start','message':{'id':'msg_1','model':'c','content':[],"
                    + "'usage':{'input_tokens':3,'output_tokens':1}}}";

    static final String[] MESSAGES_END = {
        "{'type':'message_delta','delta':{'stop_reason':'end_turn'},'usage':{'output_tokens':5}}",
        "{'type':'message_stop'}"
    };

    static String[] message(String... blocks) {
        var all = new ArrayList<String>();
        all.add(MESSAGE_START);
        all.addAll(List.of(blocks));
        all.addAll(List.of(MESSAGES_END));
        return all.toArray(String[]::new);
    }

    static String block(int index, String type, String delta) {
        return "{'type':'content_block_start','index':%d,'content_block':%s}\n\ndata: {'type':'content_block_delta','index':%d,'delta':%s}\n\ndata: {'type':'content_block_stop','index':%d}"
                .formatted(index, type, index, delta, index);
    }

    static String toolBlock(int index, String id, String name) {
        return block(
                index,
                "{'type':'tool_use','id':'%s','name':'%s','input':{}}".formatted(id, name),
                "{'type':'input_json_delta','partial_json':'{}'}");
    }
}
