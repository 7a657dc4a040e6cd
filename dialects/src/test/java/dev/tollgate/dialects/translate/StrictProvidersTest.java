package dev.tollgate.dialects.translate;

import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.conversation.FinishReason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Answers and streams of all kinds that providers are known to give, more than the recordings hold,
 * each read by the official SDK of every client. The cases are lines of {@code
 * resources/strict/*.txt}: name, text, thoughts, calls, finish, tokens in and out, and what is
 * special in the answer; single quotes stand for double ones, and what all answers of the dialect
 * share is added here.
 */
class StrictProvidersTest {
    private static final String OF_CHAT =
            "'usage':{'prompt_tokens':19,'completion_tokens':10,'total_tokens':29,"
                    + "'prompt_tokens_details':{'cached_tokens':0,'audio_tokens':0},"
                    + "'completion_tokens_details':{'reasoning_tokens':0,'audio_tokens':0}}";

    private static final String OF_MESSAGES =
            "'cache_creation_input_tokens':0,'cache_read_input_tokens':0,'cache_creation':"
                    + "{'ephemeral_5m_input_tokens':0,'ephemeral_1h_input_tokens':0},'service_tier':'standard'";

    private static final String OF_GEMINI =
            "'promptTokenCount':19,'candidatesTokenCount':10,'totalTokenCount':29,"
                    + "'promptTokensDetails':[{'modality':'TEXT','tokenCount':19}]";

    private static final String OF_RESPONSES =
            "'usage':{'input_tokens':19,'input_tokens_details':{'cached_tokens':0},'output_tokens':10,"
                    + "'output_tokens_details':{'reasoning_tokens':0},'total_tokens':29}";

    /** One line. */
    record Row(Dialect provider, String name, Strict said, List<String> special) {
        @Override
        public String toString() {
            return provider.wireName() + ": " + name;
        }
    }

    @ParameterizedTest
    @MethodSource
    void everyAnswerIsAnAnswerToEveryClient(Row row) {
        row.said.answer(answer(row.provider, row.special));
    }

    static Stream<Row> everyAnswerIsAnAnswerToEveryClient() {
        return rows("answers");
    }

    @ParameterizedTest
    @MethodSource
    void everyStreamIsAStreamToEveryClient(Row row) {
        row.said.stream(events(row.provider, row.special).toArray(String[]::new));
    }

    static Stream<Row> everyStreamIsAStreamToEveryClient() {
        return rows("streams");
    }

    private static Stream<Row> rows(String kind) {
        var rows = new ArrayList<Row>();
        for (var provider : Dialect.values()) {
            for (var line : lines(kind + "-" + provider.wireName())) {
                rows.add(row(provider, line.split(" \\| ", 7)));
            }
        }
        return rows.stream();
    }

    private static List<String> lines(String file) {
        var path = "/strict/" + file + ".txt";
        try (var in = StrictProvidersTest.class.getResourceAsStream(path)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Row row(Dialect provider, String[] cells) {
        var tokens = cells[5].split(" ");
        var said =
                Strict.of(
                                provider,
                                cells[1].translateEscapes(),
                                FinishReason.valueOf(cells[4]),
                                Long.parseLong(tokens[0]),
                                Long.parseLong(tokens[1]))
                        .thinking(cells[2].translateEscapes())
                        .calling(cells[3].isEmpty() ? new String[0] : cells[3].split(";"));
        return new Row(provider, cells[0], said, List.of(cells[6].split(" ~~ ", -1)));
    }

    private static String answer(Dialect provider, List<String> special) {
        if (special.getFirst().equals("whole")) {
            return special.get(1);
        }
        int parts = provider == Dialect.ANTHROPIC ? 4 : 3;
        var more = special.get(2);
        var body =
                switch (provider) {
                    case OPENAI_CHAT ->
                            "{'id':'chatcmpl-1','object':'chat.completion','created':1,'model':'gpt-4o',"
                                    + "'choices':[{'index':0,'message':"
                                    + special.get(0)
                                    + ",'logprobs':null,'finish_reason':"
                                    + quoted(special.get(1))
                                    + "}],"
                                    + OF_CHAT
                                    + ",'service_tier':'default'"
                                    + more
                                    + "}";
                    case ANTHROPIC ->
                            "{'id':'msg_01','type':'message','role':'assistant','model':'claude-sonnet-4-5',"
                                    + "'content':["
                                    + special.get(0)
                                    + "],'stop_reason':'"
                                    + special.get(1)
                                    + "','stop_sequence':null,'usage':"
                                    + special.get(3)
                                            .replace(
                                                    "AU",
                                                    "{'input_tokens':19,'output_tokens':10,"
                                                            + OF_MESSAGES
                                                            + "}")
                                    + more
                                    + "}";
                    case GEMINI ->
                            "{'candidates':[{"
                                    + member("content", special.get(0), "")
                                    + member("finishReason", special.get(1), "'")
                                    + "'index':0"
                                    + more
                                    + "}],'usageMetadata':{"
                                    + OF_GEMINI
                                    + "},'modelVersion':'gemini-2.5-flash','responseId':'r1'}";
                    case OPENAI_RESPONSES -> response(special.get(0), special.get(1), more);
                };
        return replaced(body, special.subList(parts, special.size()));
    }

    private static String response(String output, String status, String more) {
        return "{'id':'resp_1','object':'response','created_at':1,'status':'"
                + status
                + "','error':null,'incomplete_details':null,'instructions':null,'max_output_tokens':null,"
                + "'model':'gpt-5','output':["
                + output
                + "],'parallel_tool_calls':true,'previous_response_id':null,"
                + "'reasoning':{'effort':'medium','summary':null},'store':false,'temperature':1.0,"
                + "'text':{'format':{'type':'text'}},'tool_choice':'auto','tools':[],'top_p':1.0,"
                + OF_RESPONSES
                + ",'metadata':{}"
                + more
                + "}";
    }

    private static String quoted(String word) {
        return word.equals("null") ? word : "'" + word + "'";
    }

    private static String member(String name, String value, String quote) {
        return value.isEmpty() || value.equals("-")
                ? ""
                : "'" + name + "':" + quote + value + quote + ",";
    }

    /** Each replacement is written {@code from=>to}; USAGE stands for all of the usage. */
    private static String replaced(String body, List<String> replacements) {
        var text = body;
        for (var each : replacements) {
            var sides = each.split("=>", 2);
            text = text.replace(sides[0].equals("USAGE") ? OF_RESPONSES : sides[0], sides[1]);
        }
        return text;
    }

    private static List<String> events(Dialect provider, List<String> special) {
        var events = new ArrayList<String>();
        switch (provider) {
            case OPENAI_CHAT -> special.forEach(each -> chunk(each, events));
            case GEMINI -> special.forEach(each -> events.add(geminiChunk(each)));
            case ANTHROPIC -> messages(special, events);
            case OPENAI_RESPONSES -> responses(special, events);
        }
        return events;
    }

    private static void chunk(String special, List<String> events) {
        var head =
                "{'id':'chatcmpl-1','object':'chat.completion.chunk','created':1,'model':'gpt-4o',";
        if (special.startsWith(":") || special.equals("[DONE]")) {
            events.add(special);
        } else if (special.startsWith("whole ")) {
            events.add(special.substring("whole ".length()));
        } else if (special.startsWith("END ")) {
            chunk("{} => finish=>" + special.substring("END ".length()), events);
            chunk("USAGE", events);
            events.add("[DONE]");
        } else if (special.equals("USAGE")) {
            events.add(head + "'choices':[]," + OF_CHAT + "}");
        } else if (special.equals("ROLE")) {
            chunk("{'role':'assistant','content':'','refusal':null}", events);
        } else {
            var parts = List.of(special.split(" => "));
            boolean last = parts.size() > 1 && parts.get(1).startsWith("finish=>");
            var finish = last ? quoted(parts.get(1).substring("finish=>".length())) : "null";
            var body =
                    head
                            + "'choices':[{'index':0,'delta':"
                            + parts.getFirst()
                            + ",'logprobs':null,'finish_reason':"
                            + finish
                            + "}],'usage':null}";
            events.add(replaced(body, parts.subList(last ? 2 : 1, parts.size())));
        }
    }

    private static String geminiChunk(String special) {
        var before = "'promptTokenCount':19,'totalTokenCount':19";
        if (special.startsWith("whole ")) {
            return special.substring("whole ".length())
                    .replace("{U1}", "{" + before + "}")
                    .replace("{U2}", "{" + OF_GEMINI + "}");
        }
        var parts = List.of(special.split(" => "));
        var content =
                parts.get(0).equals("-")
                        ? ""
                        : "'content':{"
                                + (parts.get(0).isEmpty() ? "" : "'parts':[" + parts.get(0) + "],")
                                + "'role':'model'},";
        var body =
                "{'candidates':[{"
                        + content
                        + member("finishReason", parts.get(1), "'")
                        + "'index':0}],'usageMetadata':{"
                        + parts.get(2).replaceFirst("^U1$", before).replaceFirst("^U2$", OF_GEMINI)
                        + "},'modelVersion':'gemini-3-pro','responseId':'r1'}";
        return replaced(body, parts.subList(3, parts.size()));
    }

    /** The stop reason (and sequence), the last usage, then the events of the blocks. */
    private static void messages(List<String> special, List<String> events) {
        named(
                "message_start~'message':{'id':'msg_1','type':'message','role':'assistant',"
                        + "'model':'claude','content':[],'stop_reason':null,'stop_sequence':null,"
                        + "'usage':{'input_tokens':19,'output_tokens':1,"
                        + OF_MESSAGES
                        + "}}",
                events);
        events.add("event: ping");
        events.add("{'type': 'ping'}");
        special.subList(2, special.size()).forEach(each -> named(each, events));
        var stop = special.getFirst().split(":");
        named(
                "message_delta~'delta':{'stop_reason':'"
                        + stop[0]
                        + "','stop_sequence':"
                        + (stop.length > 1 ? quoted(stop[1]) : "null")
                        + "},'usage':{"
                        + special.get(1)
                        + "}",
                events);
        named("message_stop", events);
    }

    private static void named(String special, List<String> events) {
        var sides = special.split("~", 2);
        events.add("event: " + sides[0]);
        events.add("{'type':'" + sides[0] + "'" + (sides.length > 1 ? "," + sides[1] : "") + "}");
    }

    /** How it ended, then the events of the items; OUT names the output of the last one. */
    private static void responses(List<String> special, List<String> events) {
        var begun =
                "'response':"
                        + response("", "in_progress", "").replace(OF_RESPONSES, "'usage':null");
        var all = new ArrayList<String>(List.of("response.created~", "response.in_progress~"));
        all.replaceAll(each -> each + begun);
        var output = "";
        for (var each : special.subList(1, special.size())) {
            if (each.startsWith("OUT~")) {
                output = each.substring("OUT~".length());
            } else {
                all.add(each);
            }
        }
        var end = special.getFirst();
        boolean complete = end.equals("completed");
        var status = complete ? "completed" : "incomplete";
        all.add(
                "response."
                        + status
                        + "~'response':"
                        + response(output, status, "")
                                .replace(
                                        "'incomplete_details':null",
                                        complete
                                                ? "'incomplete_details':null"
                                                : "'incomplete_details':{'reason':'" + end + "'}"));
        for (int i = 0; i < all.size(); i++) {
            named(all.get(i).replaceFirst("~", "~'sequence_number':" + i + ","), events);
        }
    }
}
